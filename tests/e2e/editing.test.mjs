/** A mistake while typing: seen, explained, fixed, silenced. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inCode, until } from "./vscode.mjs";

const RATE = "16:57";

test("a mistake is underlined, explained, listed, and fixed", inCode("editing", {}, async (code) => {
  const { page } = code;
  await code.open("train.py", RATE);
  await code.squiggles("warning").first().waitFor({ state: "attached" });

  await page.locator(".monaco-editor .view-line span", { hasText: "1e10" }).last().hover();
  await page.locator(".monaco-hover", { hasText: "learning rate is 1e10" }).first().waitFor();
  await code.picture("hover");
  await page.keyboard.press("Escape");

  await code.command("Problems: Focus on Problems View");
  const problem = code.problem("learning rate is 1e10");
  await problem.waitFor();
  assert.match((await problem.innerText()).replace(/\s+/g, " "), /scram.*SCR101.*Ln 16, Col 52/);
  await code.problem("SCR405").first().waitFor();
  await code.picture("problems");

  await problem.dblclick();
  await page.locator(".monaco-editor.focused").waitFor();
  await code.quickFix("Set the learning rate to 0.001", "quick-fix");
  await problem.waitFor({ state: "detached" });
  await page.keyboard.press("Control+s");
  await until("the fix on disk", () => readFileSync(code.path("train.py"), "utf8").includes("learning_rate=0.001"));
}));

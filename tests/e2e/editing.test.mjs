/** A mistake while typing: seen, explained, listed, fixed, silenced, and in other folders and themes. */

import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { inCode, until } from "./vscode.mjs";

const ON_THE_RATE = "16:53";
const RATE_MESSAGE = "learning rate is 1e10";

test("a mistake is underlined, explained, listed and fixed", inCode("editing", {}, async (code) => {
  const { page } = code;
  await code.open("train.py", ON_THE_RATE);
  await until("two errors", async () => (await code.squiggles("error").count()) === 2);

  await page.locator(".monaco-editor .view-line span", { hasText: "1e10" }).last().hover();
  await page.locator(".monaco-hover", { hasText: RATE_MESSAGE }).first().waitFor();
  await page.locator(".monaco-hover a", { hasText: "SCR101" }).first().waitFor();
  await code.picture("hover");
  await page.keyboard.press("Escape");

  await code.command("Problems: Focus on Problems View");
  const problem = code.problem(RATE_MESSAGE);
  await problem.waitFor();
  assert.match((await problem.innerText()).replace(/\s+/g, " "), /scram SCR101 \[Ln 16, Col 51\]/);
  await code.problem("Softmax over one unit").waitFor();
  await code.picture("problems");

  await problem.dblclick();
  await page.locator(".monaco-editor.focused").waitFor();
  await code.quickFix("Set the learning rate to 0.001", "quick-fix");
  await problem.waitFor({ state: "detached" });
  await page.keyboard.press("Control+s");
  await until("the fix on disk", () => readFileSync(code.path("train.py"), "utf8").includes("learning_rate=0.001"));

  await code.goTo(12, 40);
  await code.quickFix("on this line");
  await until("no error", async () => (await code.squiggles("error").count()) === 0);
  await page.keyboard.press("Control+s");
  await until("the suppression on disk", () => readFileSync(code.path("train.py"), "utf8").includes("# scram: ignore[SCR405]"));

  await code.goTo(20, 49);
  await page.keyboard.press("Enter");
  await page.keyboard.type("model.compile(optimizer=keras.optimizers.SGD(-1), loss='mse')");
  await code.squiggles("error").first().waitFor({ state: "attached" });
  await code.picture("typed");
}));

test("settings of the project count at once", inCode("settings", {}, async (code) => {
  await code.open("train.py", ON_THE_RATE);
  await until("two errors", async () => (await code.squiggles("error").count()) === 2);
  writeFileSync(code.path("scram.toml"), 'ignore = ["learning-rate-too-high"]\n');
  await until("one error", async () => (await code.squiggles("error").count()) === 1);
  await code.picture("ignored");
}));

test("a light theme and a narrow window show the same", inCode(
  "light",
  { settings: { "workbench.colorTheme": "Default Light Modern" }, size: { width: 800, height: 700 } },
  async (code) => {
    await code.open("train.py", ON_THE_RATE);
    await until("two errors", async () => (await code.squiggles("error").count()) === 2);
    await code.page.keyboard.press("Control+b");
    await code.command("Problems: Focus on Problems View");
    await code.problem(RATE_MESSAGE).waitFor();
    await code.picture("light");
  },
));

test("a second folder has its own settings", inCode("folders", {}, async (code) => {
  const other = `${code.home}/other`;
  cpSync(code.folder, other, { recursive: true });
  writeFileSync(`${other}/scram.toml`, 'ignore = ["learning-rate-too-high"]\n');
  writeFileSync(`${code.home}/both.code-workspace`, JSON.stringify({ folders: [{ path: code.folder }, { path: other }] }));
  await code.openWorkspace(`${code.home}/both.code-workspace`, `${other}/train.py`);
  await until("one error in the other folder", async () => (await code.squiggles("error").count()) === 1);
  await code.picture("folders");
}));

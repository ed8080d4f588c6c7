/** A notebook: each cell has its own findings, with what the cells above it say. */

import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inCode, until } from "./vscode.mjs";

test("a cell is underlined and fixed", inCode("notebook", {}, async (code) => {
  const { page } = code;
  await page.goto(`${code.origin}/?folder=${encodeURIComponent(code.folder)}`);
  const file = page.locator(".explorer-folders-view .monaco-list-row", { hasText: "notebook.ipynb" });
  // Opened too early, a notebook is shown as JSON: its type is known only when the extensions are read.
  await until("the notebook", async () => {
    await file.dblclick();
    await page.locator(".notebook-editor, .editor-instance .monaco-editor").first().waitFor();
    if (await page.locator(".notebook-editor").count()) return true;
    await code.command("View: Close All Editors");
    return false;
  });
  const cells = page.locator(".notebook-editor .cell-editor-container");
  const compile = cells.filter({ hasText: "compile" });
  await compile.locator(".squiggly-error").first().waitFor({ state: "attached" });
  await code.picture("cell");
  await compile.locator(".view-line span", { hasText: "1e10" }).last().click();
  await compile.locator(".monaco-editor.focused").waitFor();
  await code.quickFix("Set the learning rate to 0.001", "quick-fix");
  await compile.locator(".squiggly-error").waitFor({ state: "detached" });
  await page.keyboard.press("Control+s");
  const source = () => JSON.parse(readFileSync(code.path("notebook.ipynb"), "utf8")).cells[2].source.join("");
  await until("the fix on disk", () => source().includes("Adam(0.001)"));
}));

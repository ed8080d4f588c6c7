/** A mistake while typing: seen, explained, listed, fixed, silenced, and in other folders and themes. */

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { inCode, until } from "./vscode.mjs";

const ON_THE_RATE = "16:53";
const RATE_MESSAGE = "learning rate is 1e10";

test("a mistake is underlined, explained, listed, fixed and silenced", inCode("editing", {}, async (code) => {
  const { page } = code;
  await code.open("train.py", ON_THE_RATE);
  await code.squiggled("error", 2);

  // By force: the text cursor may stand there, in front of the text.
  await page.locator(".monaco-editor .view-line span", { hasText: "1e10" }).last().hover({ force: true });
  await page.locator(".monaco-hover", { hasText: RATE_MESSAGE }).first().waitFor();
  await page.locator(".monaco-hover a", { hasText: "SCR101" }).first().waitFor();
  await page.locator(".monaco-hover", { hasText: "Why it matters" }).first().waitFor();
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
  await code.quickFix("Explain SCR405");
  await page.locator(".tab.active", { hasText: "Preview softmax-single-unit.md" }).waitFor();
  await code.pageInTab().locator("h1", { hasText: "softmax-single-unit" }).waitFor();
  await code.picture("explained");
  await page.locator('.tab[data-resource-name="train.py"]').click();
  await code.goTo(12, 40);
  await code.quickFix("Suppress SCR405 on this statement");
  await code.squiggled("error", 0);
  await page.keyboard.press("Control+s");
  await until("the suppression on disk", () => readFileSync(code.path("train.py"), "utf8").includes("# scram: ignore[SCR405]"));

  await code.goTo(20, 49);
  await page.keyboard.press("Enter");
  await page.keyboard.type("model.compile(optimizer=keras.optimizers.SGD(-1), loss='mse')");
  await code.squiggles("error").first().waitFor({ state: "attached" });
  await code.picture("typed");
}));

test("settings of the project and of the editor count at once", inCode("settings", {}, async (code) => {
  const { page } = code;
  // There from the start: a file written the moment its folder is made can escape VS Code's watcher.
  mkdirSync(code.path(".vscode"));
  writeFileSync(code.path(".vscode/settings.json"), "{}");
  await code.open("train.py", ON_THE_RATE);
  await code.squiggled("error", 2);
  writeFileSync(code.path("scram.toml"), 'ignore = ["learning-rate-too-high"]\n');
  await code.squiggled("error", 1);
  await code.picture("ignored");
  writeFileSync(code.path("scram.toml"), 'ignroe = ["learning-rate-too-high"]\n');
  const fault = code.notification("unknown key 'ignroe'; did you mean 'ignore'?");
  await fault.waitFor();
  await code.picture("fault");
  await fault.locator("a", { hasText: "Open File" }).click();
  await page.locator('.tab[data-resource-name="scram.toml"].active').waitFor();
  writeFileSync(code.path("scram.toml"), 'ignore = ["learning-rate-too-high"]\n');

  const safe = ["import keras", "", "model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])"];
  safe.push('model.compile(optimizer=keras.optimizers.Adam(lr=0.001), loss="mse")', "");
  writeFileSync(code.path("safe.py"), safe.join("\n"));
  await code.open("safe.py", "5:1");
  const hint = page.locator(".monaco-editor .view-line", { hasText: "9 weights" });
  await hint.waitFor();
  await code.picture("hints");
  const settings = { "scram.inlayHints": false, "editor.codeActionsOnSave": { "source.fixAll.scram": "explicit" } };
  writeFileSync(code.path(".vscode/settings.json"), JSON.stringify(settings));
  await hint.waitFor({ state: "detached" });

  await page.keyboard.type("# saved");
  await page.keyboard.press("Control+s");
  const onDisk = () => readFileSync(code.path("safe.py"), "utf8");
  await until("the fix on disk", () => onDisk().includes("Adam(learning_rate=0.001)") && onDisk().includes("# saved"));
}));

test("the keyboard alone is enough, in a light theme and a narrow window", inCode(
  "light",
  { settings: { "workbench.colorTheme": "Default Light Modern" }, size: { width: 800, height: 700 } },
  async (code) => {
    const { page } = code;
    await code.open("train.py");
    await code.squiggled("error", 2);
    await page.keyboard.press("Control+b");
    await page.locator(".part.sidebar").waitFor({ state: "hidden" });
    await page.keyboard.press("F8");
    await page.locator(".zone-widget", { hasText: "Softmax over one unit" }).waitFor();
    await code.picture("next-problem");
    await page.keyboard.press("Escape");
    await page.locator(".monaco-editor.focused").waitFor();
    const fix = await code.quickFixes("sigmoid");
    await code.picture("menu");
    await page.keyboard.press("Enter");
    await fix.waitFor({ state: "hidden" });
    await code.squiggled("error", 1);

    await page.keyboard.press("Control+Shift+M");
    const problem = code.problem(RATE_MESSAGE);
    await problem.waitFor();
    await until("the problem in focus", async () => {
      await page.keyboard.press("ArrowDown");
      return (await problem.getAttribute("class")).includes("focused");
    });
    await code.picture("problems");
    await page.keyboard.press("Enter");
    await page.locator(".monaco-editor.focused").waitFor();
    await code.quickFixes("Set the learning rate to 0.001");
    await page.keyboard.press("Enter");
    await code.squiggled("error", 0);
    await page.keyboard.press("Control+s");
    const onDisk = () => readFileSync(code.path("train.py"), "utf8");
    await until("both fixes on disk", () => onDisk().includes("sigmoid") && onDisk().includes("learning_rate=0.001"));
  },
));

test("the example has mistakes to see, without a file", inCode("example", {}, async (code) => {
  await code.page.goto(`${code.origin}/?folder=${encodeURIComponent(code.folder)}`);
  await code.command("SCRAM: Open an Example");
  await code.squiggled("error", 2);
  await code.picture("example");
}));

test("a second folder has its own settings", inCode("folders", {}, async (code) => {
  const other = `${code.home}/other`;
  cpSync(code.folder, other, { recursive: true });
  writeFileSync(`${other}/scram.toml`, 'ignore = ["learning-rate-too-high"]\n');
  writeFileSync(`${code.home}/both.code-workspace`, JSON.stringify({ folders: [{ path: code.folder }, { path: other }] }));
  await code.openWorkspace(`${code.home}/both.code-workspace`, `${other}/train.py`);
  await code.squiggled("error", 1);
  await code.picture("folders");
}));

/** A training run, watched from the editor: its findings, edits meanwhile, the Runs view, curves, a second run. */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { LIVE, UNTIL } from "./programs.mjs";
import { inCode, until } from "./vscode.mjs";

const TRAINING_MS = 300_000;

/** The same model and optimizer, written otherwise: what the finding speaks of is gone. */
const SOUND = `model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Dense(units=1)])
model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
`;

/** How much the run could find out about the NaN, and so the words and the place, is a matter of the machine. */
const NAN = /NaN or infinite/;

test("a run is watched: found, edited, listed, drawn, mended, compared, deleted", inCode("live", {}, async (code) => {
  const { page } = code;
  rmSync(code.path("notebook.ipynb"));
  rmSync(code.path("train.py"));
  writeFileSync(code.path("until.py"), UNTIL);
  writeFileSync(code.path("live.py"), LIVE);
  await code.open("live.py");
  await code.command("SCRAM: Run this File");
  await code.squiggled("error", 1, TRAINING_MS);

  await message(code);
  const line = await whileItTrains(code);
  writeFileSync(code.path("enough"), "");
  await page.locator('.statusbar-item[id$="scram.run"]').waitFor({ state: "hidden" });
  await curves(code);
  await byKeyboard(code, line);
  await mended(code);
  await compared(code);
  await deleted(code);
}));

/** What ruins the run is told once, and leads to its line. */
async function message(code) {
  const told = code.notification(NAN);
  await told.waitFor();
  assert.equal(await told.count(), 1);
  await told.locator("a", { hasText: "Mute" }).waitFor();
  await code.picture("finding");
  await told.locator("a", { hasText: "Show" }).click();
  await told.waitFor({ state: "detached" });
  await code.page.locator(".statusbar-item", { hasText: /Ln 1[05], Col/ }).waitFor();
}

/** The line that the Problems view gives for the finding. */
async function lineOfFinding(code) {
  const [, line] = /\[Ln (\d+),/.exec((await code.problem(NAN).innerText()).replace(/\s+/g, " "));
  return Number(line);
}

/** A line typed above moves the finding, to the line given back; the view and the status bar follow the run. */
async function whileItTrains(code) {
  const { page } = code;
  await code.command("Problems: Focus on Problems View");
  await code.problem(NAN).waitFor();
  const line = await lineOfFinding(code);
  await code.goTo(1, 1);
  await page.keyboard.type("# a line typed while it trains");
  await page.keyboard.press("Enter");
  await until("the finding one line lower", async () => (await lineOfFinding(code)) === line + 1);
  await code.command("SCRAM: Focus on Runs View");
  await code.runRow(/live\.py: epoch \d+\/900/).waitFor();
  await code.runRow(NAN).waitFor();
  await page.locator('.statusbar-item[id$="scram.run"]', { hasText: /live\.py: \d+ findings?/ }).waitFor();
  await page.locator(".statusbar-item", { hasText: /Training live\.py: epoch \d+\/900/ }).waitFor();
  await code.picture("runs");
  return line + 1;
}

async function curves(code) {
  await code.page.locator(".codelens-decoration a", { hasText: "Last run" }).click();
  await code.page.locator(".tab", { hasText: "Run of live.py" }).waitFor();
  const page = code.pageInTab();
  await page.locator("figcaption", { hasText: "loss, logarithmic scale" }).waitFor();
  await page.locator(".finding.error", { hasText: "SCR601" }).first().waitFor();
  await code.command("View: Hide Panel");
  await code.picture("curves");
  await page.locator("li", { hasText: "SCR601" }).locator("a").first().click();
  await code.page.locator('.tab[data-resource-name="live.py"].active').waitFor();
}

/** The Runs view by keyboard: the row in focus is seen, and Enter goes to the line where the finding is now. */
async function byKeyboard(code, line) {
  const { page } = code;
  await code.goTo(1, 1);
  await code.command("SCRAM: Focus on Runs View");
  const row = code.runRow(NAN);
  await until("the finding's row in focus", async () => {
    await page.keyboard.press("ArrowDown");
    return (await row.getAttribute("class")).includes("focused");
  });
  await code.picture("focus");
  await page.keyboard.press("Enter");
  await page.locator(".statusbar-item", { hasText: new RegExp(`Ln ${line}, Col`) }).waitFor();
}

/** Changing what the finding stands on takes it away; the next run, sound, does not bring it back. */
async function mended(code) {
  const { page } = code;
  await code.goTo(16, 19);
  for (const key of ["Delete", "Delete"]) await page.keyboard.press(key);
  await page.keyboard.type("0.9");
  await code.goTo(11, 1);
  for (const key of ["ArrowDown", "ArrowDown"]) await page.keyboard.press(`Shift+${key}`);
  await page.keyboard.insertText(SOUND);
  await code.squiggled("error", 0);
  await code.command("SCRAM: Run this File");
  await until("the second run", async () => (await runs(code).count()) === 2, TRAINING_MS);
  const live = page.locator(".part.sidebar .monaco-list-row .codicon-pulse");
  await until("its end", async () => (await live.count()) === 0, TRAINING_MS);
  await code.squiggled("error", 0);
  await page.locator(".codelens-decoration", { hasText: /Last run .*: finished, no findings/ }).waitFor();
  await code.picture("mended");
}

/** The rows of the list of runs that a command shows. VS Code closes it when anything else takes the focus. */
function listed(code) {
  return code.page.locator(".quick-input-widget .monaco-list-row:visible", { hasText: "live.py" });
}

async function compared(code) {
  const rows = listed(code);
  await until("both runs to be chosen", async () => {
    await code.command("SCRAM: Compare Two Runs");
    await until("two runs to choose from", async () => (await rows.count()) === 2, 10_000);
    await rows.first().click({ timeout: 5000 });
    await until("the other run", async () => (await rows.count()) === 1, 10_000);
    await rows.first().click({ timeout: 5000 });
    return true;
  });
  await code.page.locator(".tab", { hasText: "Compare runs" }).waitFor();
  await code.pageInTab().locator(".legend", { hasText: "second run" }).first().waitFor();
  await code.command("View: Hide Panel");
  await code.picture("compared");
}

async function deleted(code) {
  const { page } = code;
  await until("the run to be chosen", async () => {
    await code.command("SCRAM: Delete a Run");
    await listed(code).last().click({ timeout: 10_000 });
    return true;
  });
  const dialog = page.locator(".monaco-dialog-box", { hasText: "Delete the run of live.py" });
  await dialog.waitFor();
  await code.picture("delete");
  await dialog.locator(".monaco-button", { hasText: "Delete" }).click();
  await until("one run", async () => (await runs(code).count()) === 1);
}

/** The rows of runs, without those of their findings. */
function runs(code) {
  return code.page.locator('.part.sidebar .pane-body .monaco-list-row[aria-level="1"]', { hasText: "live.py" });
}

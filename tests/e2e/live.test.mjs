/** A training run, watched from the editor: its findings, edits meanwhile, the Runs view, curves, a second run. */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { LIVE, PAUSE } from "./programs.mjs";
import { inCode, until } from "./vscode.mjs";

const TRAINING_MS = 300_000;
const NAN = "Weights became NaN";

test("a run is watched: found, edited, listed, drawn, mended, compared, deleted", inCode("live", {}, async (code) => {
  const { page } = code;
  rmSync(code.path("notebook.ipynb"));
  rmSync(code.path("train.py"));
  writeFileSync(code.path("pause.py"), PAUSE);
  writeFileSync(code.path("live.py"), LIVE);
  await code.open("live.py");
  await code.command("SCRAM: Run this File");
  await code.squiggled("error", 1, TRAINING_MS);

  await message(code);
  await whileItTrains(code);
  writeFileSync(code.path("go"), "");
  await page.locator(".statusbar-item", { hasText: "epoch" }).waitFor({ state: "detached" });
  await curves(code);
  await byKeyboard(code);
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
  await code.page.locator(".statusbar-item", { hasText: "Ln 11, Col 50" }).waitFor();
}

/** A line typed above moves the finding; the view and the status bar follow the run. */
async function whileItTrains(code) {
  const { page } = code;
  await code.goTo(1, 1);
  await page.keyboard.type("# a line typed while it trains");
  await page.keyboard.press("Enter");
  await code.command("Problems: Focus on Problems View");
  await until("the finding one line lower", async () => (await code.problem(NAN).innerText()).includes("Ln 12, Col 46"));
  await code.command("SCRAM: Focus on Runs View");
  await code.runRow("live.py: epoch 6/7").waitFor();
  await code.runRow(NAN).waitFor();
  await page.locator(".statusbar-item", { hasText: "live.py: epoch 6/7" }).waitFor();
  await code.picture("runs");
}

async function curves(code) {
  await code.command("SCRAM: Show Curves of a Run");
  await code.page.locator(".tab", { hasText: "Run of live.py" }).waitFor();
  const page = pageInTab(code);
  await page.locator("figcaption", { hasText: "loss, logarithmic scale" }).waitFor();
  await page.locator(".finding.error", { hasText: "SCR601" }).first().waitFor();
  await code.command("View: Hide Panel");
  await code.picture("curves");
  await code.page.locator('.tab[data-resource-name="live.py"]').click();
}

/** The Runs view by keyboard: the row in focus is seen, and Enter goes to its line. */
async function byKeyboard(code) {
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
  await page.locator(".statusbar-item", { hasText: "Ln 12, Col" }).waitFor();
}

/** Changing what the finding stands on takes it away; the next run, sound, does not bring it back. */
async function mended(code) {
  const { page } = code;
  await code.goTo(12, 46);
  await page.keyboard.press("Control+Delete");
  await page.keyboard.press("Control+Delete");
  await page.keyboard.press("Control+Delete");
  await page.keyboard.type("0.05");
  await code.squiggled("error", 0);
  await code.goTo(16, 19);
  await page.keyboard.press("Delete");
  await page.keyboard.press("Delete");
  await page.keyboard.type("0.9");
  await code.command("SCRAM: Run this File");
  await until("the second run", async () => (await code.runRow(/live\.py/).count()) === 2, TRAINING_MS);
  await page.locator(".statusbar-item", { hasText: "epoch" }).waitFor({ timeout: TRAINING_MS });
  await page.locator(".statusbar-item", { hasText: "epoch" }).waitFor({ state: "detached" });
  await code.squiggled("error", 0);
  await code.picture("mended");
}

async function compared(code) {
  await code.command("SCRAM: Compare Two Runs");
  const rows = code.page.locator(".quick-input-widget .monaco-list-row", { hasText: "live.py" });
  await until("two runs to choose from", async () => (await rows.count()) === 2);
  await rows.first().click();
  await until("the other run", async () => (await rows.count()) === 1);
  await rows.first().click();
  await code.page.locator(".tab", { hasText: "Compare runs" }).waitFor();
  await pageInTab(code).locator(".legend", { hasText: "second run" }).first().waitFor();
  await code.command("View: Hide Panel");
  await code.picture("compared");
}

async function deleted(code) {
  const { page } = code;
  await code.command("SCRAM: Delete a Run");
  await page.locator(".quick-input-widget .monaco-list-row", { hasText: "live.py" }).last().click();
  const dialog = page.locator(".monaco-dialog-box", { hasText: "Delete the run of live.py" });
  await dialog.waitFor();
  await code.picture("delete");
  await dialog.locator(".monaco-button", { hasText: "Delete" }).click();
  await until("one run", async () => (await code.runRow(/live\.py/).count()) === 1);
}

/** The newest page of curves: a frame in a frame. */
function pageInTab(code) {
  return code.page.frameLocator("iframe.webview").last().frameLocator("#active-frame");
}

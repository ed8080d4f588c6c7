/**
 * How long it takes from the extension's start to the first squiggle, in a VS Code that starts with the script open,
 * and in one that has settled: TIMES=3 node --test start.mjs. E2E_VSIX and E2E_PYTHON name what is measured.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inCode, until } from "./vscode.mjs";

/** Put around the extension, these note on disk when it starts a process, and when it is started itself. */
const NOTES = `{
  const note = (what) => require("node:fs").appendFileSync(process.env.HOME + "/notes", Date.now() + " " + what + "\\n");
  const processes = require("node:child_process");
  for (const name of ["spawn", "execFile"]) {
    const start = processes[name];
    const noted = (...all) => { note(name); return start(...all); };
    processes[name] = Object.defineProperties(noted, Object.getOwnPropertyDescriptors(start));
  }
}
`;

const AFTER = `
{
  const { activate } = module.exports;
  const noted = (context) => {
    require("node:fs").appendFileSync(process.env.HOME + "/notes", Date.now() + " activate\\n");
    return activate(context);
  };
  Object.defineProperty(module, "exports", { value: { ...module.exports, activate: noted } });
}
`;

/** The installed copy of the extension notes its start. */
function noteTimes(code) {
  const [installed] = readdirSync(code.extensions).filter((name) => name.startsWith("scram-lsp"));
  const file = join(code.extensions, installed, "out/extension.js");
  const text = readFileSync(file, "utf8");
  if (!text.startsWith(NOTES)) writeFileSync(file, NOTES + text + AFTER);
}

/** Note in the page when something first matches. */
const watch = (selector) => {
  globalThis.seen = undefined;
  const look = () => {
    if (globalThis.seen === undefined && document.querySelector(selector)) globalThis.seen = Date.now();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
};
const SQUIGGLE = ".monaco-editor .view-overlays .squiggly-error";

async function measured(code, act) {
  const notes = join(code.home, "notes");
  noteTimes(code);
  await act();
  const seen = await until("the squiggle", () => code.page.evaluate(() => globalThis.seen));
  const noted = readFileSync(notes, "utf8").trim().split("\n").map((line) => line.split(" "));
  const began = Number(noted.find(([, what]) => what === "activate")[0]);
  const processes = noted.filter(([, what]) => what !== "activate").map(([time]) => Number(time) - began);
  return { processes, squiggle: seen - began };
}

const starting = (found) => inCode("start", {}, async (code) => {
  await code.page.addInitScript(watch, SQUIGGLE);
  found.push(await measured(code, () => code.open("train.py")));
});

const settled = (found) => inCode("start", {}, async (code) => {
  writeFileSync(code.path("notes.txt"), "nothing of Keras\n");
  await code.page.addInitScript(watch, SQUIGGLE);
  await code.open("notes.txt");
  await new Promise((wake) => setTimeout(wake, 8000)); // it goes on loading for a while, and does not say until when
  found.push(await measured(code, async () => {
    await code.page.keyboard.press("Control+p");
    await code.page.locator(".quick-input-widget input").first().fill("train.py");
    await code.page.locator(".quick-input-widget .monaco-list-row", { hasText: "train.py" }).first().click();
  }));
});

function told(name, found) {
  const times = found.map((each) => each.squiggle).sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  const processes = found.map((each) => `[${each.processes.join(" ")}]`).join(" ");
  console.log(`${name}: median ${median} ms of ${times.join(" ")}; processes after ${processes}`);
}

const TIMES = Number(process.env.TIMES ?? 3);
const [first, second] = [[], []];
test("from the extension's start to the first squiggle", async () => {
  for (let time = 0; time < TIMES; time++) {
    await starting(first)();
    await settled(second)();
  }
  told("starting", first);
  told("settled", second);
});

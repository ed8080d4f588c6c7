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

/** Put before the server's script, this notes when that is started, and when it first tells what it has found. */
const SERVER_NOTES = `
import os, time
def note(what):
    with open(os.path.expanduser("~/notes"), "a") as notes:
        notes.write("%d %s\\n" % (time.time() * 1000, what))
def noted(descriptor, data, write=os.write):
    if b'"severity"' in bytes(data):
        note("found")
    return write(descriptor, data)
note("server")
os.write = noted
`;

/** The installed copy of the extension, and of what starts its server, note their starts. */
function noteTimes(code) {
  const [installed] = readdirSync(code.extensions).filter((name) => name.startsWith("scram-lsp"));
  const [file, script] = ["out/extension.js", "python/serve.py"].map((name) => join(code.extensions, installed, name));
  const text = readFileSync(file, "utf8");
  if (text.startsWith(NOTES)) return;
  writeFileSync(file, NOTES + text + AFTER);
  writeFileSync(script, SERVER_NOTES + readFileSync(script, "utf8"));
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
  const after = (kinds) => noted.filter(([, what]) => kinds.includes(what)).map(([time]) => Number(time) - began);
  return { processes: after(["spawn", "execFile"]), server: after(["server"])[0], found: after(["found"])[0], squiggle: seen - began };
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

function told(name, all) {
  const times = all.map((each) => each.squiggle).sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  console.log(`${name}: median ${median} ms of ${times.join(" ")}`);
  for (const { processes, server, found, squiggle } of all) {
    console.log(`  processes ${processes.join(" ")}; server up ${server}, found ${found}, seen ${squiggle}`);
  }
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

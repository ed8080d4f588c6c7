/** The server behind the editor: which Python runs it, what happens when there is none or when it dies. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inCode, PYTHON, until } from "./vscode.mjs";

const notification = (code, text) => code.page.locator(".notification-list-item", { hasText: text });

function serversOf(code) {
  const lines = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes("scram_lsp.cli.serve") && inHome(code, Number.parseInt(line, 10)));
}

function inHome(code, pid) {
  try {
    return execFileSync("readlink", [`/proc/${pid}/cwd`], { encoding: "utf8" }).startsWith(code.home);
  } catch {
    return false; // it has ended since
  }
}

test("a server that is killed is back at once", inCode("killed", {}, async (code) => {
  await code.open("train.py");
  await until("two errors", async () => (await code.squiggles("error").count()) === 2);
  const [server] = serversOf(code);
  assert.ok(server);
  process.kill(Number.parseInt(server, 10), "SIGKILL");
  await until("another server", () => serversOf(code).some((line) => line !== server));
  await code.goTo(21, 1);
  await code.page.keyboard.type("model.compile(optimizer=keras.optimizers.SGD(-1), loss='mse')");
  await until("three errors", async () => (await code.squiggles("error").count()) === 3);
}));

test("an interpreter that is not there is named once, and a good one is taken up", inCode(
  "no-interpreter",
  { machine: { "scram.interpreter": "/no/such/python" } },
  async (code) => {
    await code.open("train.py");
    await notification(code, "/no/such/python (the setting scram.interpreter) did not start").first().waitFor();
    await code.picture("message");
    assert.equal(await notification(code, "/no/such/python").count(), 1);
    await notification(code, "/no/such/python").locator("a", { hasText: "Set Interpreter" }).waitFor();
    code.write("Machine", { "scram.interpreter": PYTHON });
    await until("two errors", async () => (await code.squiggles("error").count()) === 2);
  },
));

test("without scram-lsp in the interpreter the extension brings its own", inCode(
  "bundled",
  { machine: { "scram.interpreter": process.env.E2E_BARE_PYTHON ?? "/usr/bin/python3" } },
  async (code) => {
    await code.open("train.py");
    await until("two errors", async () => (await code.squiggles("error").count()) === 2);
    const storage = join(code.data, "User/globalStorage/scram-lsp.scram-lsp");
    assert.ok(existsSync(storage));
    assert.ok(readdirSync(storage).some((name) => /^scram-.*-py3\.\d+$/.test(name)));
    await code.picture("bundled");
  },
));

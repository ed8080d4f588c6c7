/** The server behind the editor: which Python runs it, what is said when none can, what happens when it dies. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { BARE_PYTHON, inCode, PYTHON, until } from "./vscode.mjs";

/** A program that passes for an interpreter; `answer` is what it says of itself, `rest` what it does then. */
function program(file, answer, rest = "exit 0") {
  writeFileSync(file, `#!/bin/sh\necho 'scram-interpreter ${JSON.stringify(answer)}' >&2\n${rest}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** One message, with this button, and no other. */
async function saidOnce(code, text, button) {
  const said = code.notification(text);
  await said.first().waitFor();
  await said.locator("a", { hasText: button }).waitFor();
  assert.equal(await code.notification("").count(), 1);
  await code.picture(button === "Show Log" ? "crash" : text.replace(/\W+/g, "-"));
  await said.locator(".codicon-notifications-clear").click();
  await said.waitFor({ state: "detached" });
}

test("an interpreter that won't do is named once, with a button, and a good one is taken up", inCode(
  "interpreters",
  { machine: { "scram.interpreter": "/no/such/python" } },
  async (code) => {
    await code.open("train.py");
    await saidOnce(code, "/no/such/python (the setting scram.interpreter) did not start: there is no such file", "Set Interpreter");
    const old = program(join(code.home, "old"), { path: "/old", version: [3, 8], scram: null });
    code.write("Machine", { "scram.interpreter": old });
    await saidOnce(code, "is Python 3.8, and scram-lsp needs 3.10 or newer", "Set Interpreter");
    const crashing = join(code.home, "crashing");
    program(crashing, { path: crashing, version: [3, 11], scram: "0.1.0" }, "echo 'ImportError: libcst' >&2; exit 1");
    code.write("Machine", { "scram.interpreter": crashing });
    await saidOnce(code, "The language server did not start: ImportError: libcst", "Show Log");
    code.write("Machine", { "scram.interpreter": PYTHON });
    await code.squiggled("error", 2);
    assert.equal(await code.notification("").count(), 0);
  },
));

test("a server that is killed is back at once; a run of another protocol is named once", inCode("killed", {}, async (code) => {
  await code.open("train.py");
  await code.squiggled("error", 2);
  const [server] = code.servers();
  assert.ok(server);
  process.kill(Number.parseInt(server, 10), "SIGKILL");
  await until("another server", () => code.servers().some((line) => line !== server));
  await code.goTo(21, 1);
  await code.page.keyboard.type("model.compile(optimizer=keras.optimizers.SGD(-1), loss='mse')");
  await code.squiggled("error", 3);

  await greet(code, 2);
  await greet(code, 2);
  const told = code.notification("A run can't be shown while it trains: its scram-lsp is newer than the language server's.");
  await told.locator("a", { hasText: "Update scram-lsp" }).waitFor();
  await code.picture("protocol");
  assert.equal(await told.count(), 1);
}));

/** Introduce a run that speaks this version of the protocol on the socket, as a callback would. */
async function greet(code, protocol) {
  const folder = join(code.home, "runtime/scram-lsp/servers");
  const { port, token } = await until("the server's file", () => {
    const files = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
    return files.find(({ pid }) => code.servers().some((line) => Number.parseInt(line, 10) === pid));
  });
  const hello = { type: "hello", token, run: "r", script: code.path("train.py"), started: "2026-11-21T14:02:33+00:00", pid: process.pid, protocol };
  const socket = connect(port, "127.0.0.1");
  socket.write(`${JSON.stringify(hello)}\n`);
  let answer = "";
  for await (const part of socket) answer += part;
  assert.match(answer, /"refused"/);
}

test("of an untrusted folder nothing is run; without scram-lsp the extension brings its own", inCode(
  "untrusted",
  {
    settings: { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never" },
    machine: { "scram.interpreter": BARE_PYTHON },
  },
  async (code) => {
    const ran = join(code.home, "ran");
    const own = code.path(".venv/bin/python");
    mkdirSync(code.path(".venv/bin"), { recursive: true });
    writeFileSync(own, `#!/bin/sh\ntouch ${ran}\nexec ${PYTHON} "$@"\n`);
    chmodSync(own, 0o755);
    mkdirSync(code.path(".vscode"));
    writeFileSync(code.path(".vscode/settings.json"), JSON.stringify({ "scram.interpreter": own }));

    await code.open("train.py");
    await code.squiggled("error", 2);
    const storage = join(code.data, "User/globalStorage/scram-lsp.scram-lsp");
    assert.ok(readdirSync(storage).some((name) => /^scram-.*-py3\.\d+$/.test(name)));
    await code.command("SCRAM: Run this File");
    await code.notification("Nothing of an untrusted workspace is run").locator("a", { hasText: "Manage Trust" }).waitFor();
    await code.picture("untrusted");
    assert.ok(!existsSync(ran));
  },
));

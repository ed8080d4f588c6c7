import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { mentionsKeras } from "../src/keras";
import { Notices } from "../src/notices";
import { isInterpreter } from "../src/python/inspect";
import { ServerProcess } from "../src/server/process";
import { SettingsFaults } from "../src/settingsFaults";
import { isForeground, quoted, runArguments } from "../src/shell";
import { messages } from "./mocks/vscode";

describe("starting only where Keras is", () => {
  it("looks for its names", () => {
    assert.ok(mentionsKeras("import tensorflow as tf"));
    assert.ok(mentionsKeras("from keras import layers"));
    assert.ok(!mentionsKeras("import torch"));
  });
});

describe("a command line for a terminal", () => {
  it("quotes what a POSIX shell would split", () => {
    const line = quoted(runArguments("/env/bin/python", "/my files/it's.py"), "linux");
    assert.equal(line, `/env/bin/python -m scram_lsp run '/my files/it'\\''s.py'`);
  });

  it("quotes for PowerShell", () => {
    assert.equal(quoted(["C:\\Program Files\\py.exe", "-m", "x"], "win32"), "& 'C:\\Program Files\\py.exe' -m x");
  });

  it("waits for no script that runs in a terminal", () => {
    assert.ok(isForeground(" 4711  4711\n"));
    assert.ok(!isForeground(" 4711  4815\n"));
    assert.ok(!isForeground(""));
  });
});

describe("what is wrong with the settings", () => {
  const fault = "/my project/pyproject.toml [tool.scram]: unknown key 'ignor'; did you mean 'ignore'?";
  const shown: (readonly string[])[] = [];
  const faults = (): SettingsFaults => new SettingsFaults({ settings: (each) => void shown.push(each) }, new Notices(), 5);

  beforeEach(() => void (shown.length = messages.shown.length = 0));

  it("is in the status at once, and is said when it stays", async () => {
    faults().take([fault]);
    assert.deepEqual(shown, [[fault]]);
    assert.deepEqual(messages.shown, []);
    await wait(20);
    assert.deepEqual(messages.shown, [`SCRAM: ${fault}`]);
  });

  it("is not said when it was half of what is being written", async () => {
    const settings = faults();
    settings.take([fault]);
    settings.take([]);
    await wait(20);
    assert.deepEqual(messages.shown, []);
    assert.deepEqual(shown, [[fault], []]);
  });
});

describe("notices", () => {
  it("are said once, and again when what they spoke of was mended", () => {
    const notices = new Notices();
    messages.shown.length = 0;
    notices.error("no Python");
    notices.error("no Python");
    assert.deepEqual(messages.shown, ["no Python"]);
    notices.forget();
    notices.error("no Python");
    assert.equal(messages.shown.length, 2);
  });

  it("answer the user each time", () => {
    const notices = new Notices();
    messages.shown.length = 0;
    notices.answer("there is no run");
    notices.answer("there is no run");
    assert.equal(messages.shown.length, 2);
  });

  it("do what the pressed button says", async () => {
    messages.answer = "Mend";
    const pressed = new Promise((resolve) => {
      new Notices().answer("broken", { label: "Other", run: () => assert.fail() }, { label: "Mend", run: () => resolve("mended") });
    });
    assert.equal(await pressed, "mended");
    messages.answer = undefined;
  });
});

describe("the server's process", () => {
  const folder = mkdtempSync(join(tmpdir(), "scram-"));
  const logged: string[] = [];

  function begin(python: string, script: string): ServerProcess {
    logged.length = 0;
    return new ServerProcess(python, { script, folder }, {
      info: () => undefined,
      warn: () => undefined,
      error: (line) => logged.push(line),
    });
  }

  function program(text: string): string {
    const file = join(folder, "program.py");
    writeFileSync(file, text);
    return file;
  }

  it("says what its interpreter is, and is gone where scram-lsp is not", async () => {
    const server = begin("python3", resolve("python/serve.py"));
    const answer = await server.interpreter;
    assert.ok(isInterpreter(answer));
    assert.equal(answer.version.major, 3);
    await server.end();
  });

  it("has the reason of one that is not there", async () => {
    const answer = await begin("/no/such/python", "x").interpreter;
    assert.ok(!isInterpreter(answer));
    assert.match(answer.reason, /there is no such file/);
  });

  it("is not taken in by a program that is no Python", async () => {
    const answer = await begin("echo", "x").interpreter;
    assert.ok(!isInterpreter(answer));
    assert.equal(answer.reason, "it is no Python");
  });

  it("keeps its last words, and hears an interpreter behind other words", async () => {
    const about = JSON.stringify({ path: "/p", version: [3, 11], scram: "1" });
    const lines = `"a warning", 'scram-interpreter ${about}', "Traceback:", "ImportError: no module", "INFO a: b", ""`;
    const server = begin("python3", program(`import sys\nsys.stderr.write("\\n".join([${lines}]))\nsys.exit(1)\n`));
    assert.deepEqual(await server.interpreter, { path: "/p", version: { major: 3, minor: 11 }, scram: "1" });
    assert.equal(await server.lastWords(), "ImportError: no module");
    assert.deepEqual(logged.slice(0, 3), ["a warning", "Traceback:", "ImportError: no module"]);
  });
});

describe("the port that runs report to", () => {
  const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { configurationDefaults: { "remote.portsAttributes": Record<string, object> } };
  };
  const patterns = Object.keys(contributes.configurationDefaults["remote.portsAttributes"]).map((each) => new RegExp(each));

  it("is known by the server's command line, so that nobody is asked to open it", () => {
    const folder = "/home/me/.vscode/extensions/scram-lsp.scram-lsp-0.1.0-linux-x64";
    const lines = [`/env/bin/python ${folder}/python/serve.py 3.10`, `python ${folder}\\python\\serve.py 3.10`];
    assert.ok(lines.every((line) => patterns.some((each) => each.test(line))));
    assert.ok(!patterns.some((each) => each.test("/env/bin/python serve.py")));
  });
});

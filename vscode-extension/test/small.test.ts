import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { mentionsKeras } from "../src/keras";
import { Notices } from "../src/notices";
import { serverCommand } from "../src/server/command";
import { LastWords } from "../src/server/lastWords";
import { quoted, runArguments } from "../src/shell";
import { messages } from "./mocks/vscode";

describe("starting only where Keras is", () => {
  it("looks for its names", () => {
    assert.ok(mentionsKeras("import tensorflow as tf"));
    assert.ok(mentionsKeras("from keras import layers"));
    assert.ok(!mentionsKeras("import torch"));
  });
});

describe("the server's command", () => {
  it("runs outside the workspace", () => {
    const server = serverCommand("/env/bin/python", "/storage");
    assert.deepEqual(server.args, ["-m", "scram_lsp.cli.serve"]);
    assert.equal(server.options.cwd, "/storage");
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

  it("do what the pressed button says", async () => {
    messages.answer = "Mend";
    const pressed = new Promise((resolve) => {
      new Notices().information("broken", { label: "Other", run: () => assert.fail() }, { label: "Mend", run: () => resolve("mended") });
    });
    assert.equal(await pressed, "mended");
    messages.answer = undefined;
  });
});

describe("a server's last words", () => {
  it("are the last line it wrote, though it comes late", async () => {
    const logged: string[] = [];
    const words = new LastWords({ error: (line) => logged.push(line) });
    const stream = new PassThrough();
    words.hear(stream);
    const last = words.last();
    stream.end("Traceback:\nImportError: no module\n\n");
    assert.equal(await last, "ImportError: no module");
    assert.deepEqual(logged, ["Traceback:", "ImportError: no module", ""]);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { candidates, expand, pythonIn, type Surroundings } from "../src/python/candidates";
import { choose, type Candidate } from "../src/python/choose";
import { inspect, isInterpreter, type Interpreter, type NoInterpreter } from "../src/python/inspect";

function answers(known: Record<string, Partial<Interpreter>>) {
  return (path: string): Promise<Interpreter | NoInterpreter> => {
    const answer = known[path];
    return Promise.resolve(
      answer === undefined
        ? { path, reason: "no such file" }
        : { path, version: { major: 3, minor: 11 }, scram: undefined, ...answer },
    );
  };
}

function found(...paths: string[]): Candidate[] {
  return paths.map((path) => ({ path, origin: "on the PATH", isUsersChoice: false }));
}

const AROUND: Surroundings = { setting: "", chosen: undefined, folders: [], platform: "linux", environment: {} };

describe("choosing the interpreter of the server", () => {
  it("takes the first that has scram-lsp", async () => {
    const known = answers({ a: {}, b: { scram: "0.1.0" }, c: { scram: "0.1.0" } });
    const choice = await choose(found("a", "b", "c"), "fromEnvironment", known);
    assert.equal(choice.kind, "environment");
    assert.equal(choice.interpreter.path, "b");
  });

  it("runs the extension's own where none has it, under the first that can", async () => {
    const known = answers({ old: { version: { major: 3, minor: 8 } }, b: {}, c: {} });
    const choice = await choose(found("old", "b", "c"), "fromEnvironment", known);
    assert.equal(choice.kind, "bundle");
    assert.equal(choice.interpreter.path, "b");
  });

  it("passes over an installed scram-lsp when asked to", async () => {
    const choice = await choose(found("a"), "useBundled", answers({ a: { scram: "0.1.0" } }));
    assert.equal(choice.kind, "bundle");
  });

  it("takes no other than the one that the user named", async () => {
    const named = [{ path: "gone", origin: "the setting scram.interpreter", isUsersChoice: true }, ...found("a")];
    const choice = await choose(named, "fromEnvironment", answers({ a: { scram: "0.1.0" } }));
    assert.equal(choice.kind, "nothing");
    assert.match(choice.reason, /gone \(the setting scram\.interpreter\) did not start: no such file/);
  });

  it("says why an old Python won't do", async () => {
    const choice = await choose(found("a"), "fromEnvironment", answers({ a: { version: { major: 3, minor: 9 } } }));
    assert.equal(choice.kind, "nothing");
    assert.match(choice.reason, /is Python 3\.9, and scram-lsp needs 3\.10 or newer/);
  });

  it("says that there is none", async () => {
    const choice = await choose([], "fromEnvironment", answers({}));
    assert.deepEqual(choice, { kind: "nothing", reason: "no Python was found on this computer." });
  });
});

describe("where interpreters are looked for", () => {
  it("takes the setting alone when there is one", () => {
    const paths = candidates({ ...AROUND, setting: "${env:HERE}/python", environment: { HERE: "/opt" }, chosen: "/c" });
    assert.deepEqual(paths.map((each) => each.path), ["/opt/python"]);
  });

  it("asks the Python extension, then the folders, then the PATH", () => {
    const paths = candidates({ ...AROUND, chosen: "/chosen/python", folders: ["/project"] }).map((each) => each.path);
    assert.deepEqual(paths, [
      "/chosen/python",
      "/project/.venv/bin/python",
      "/project/venv/bin/python",
      "python3",
      "python",
    ]);
  });

  it("knows where Windows puts it", () => {
    assert.match(pythonIn("env", "win32"), /Scripts.python\.exe$/);
  });

  it("fills in the workspace folder and leaves what it does not know", () => {
    assert.equal(expand("${workspaceFolder}/x/${other}", { folders: ["/p"], environment: {} }), "/p/x/${other}");
  });
});

describe("asking an interpreter about itself", () => {
  it("imports nothing from where it is asked", async function () {
    if (process.platform === "win32") {
      this.skip(); // where TMPDIR means nothing
    }
    const { TMPDIR } = process.env;
    const folder = mkdtempSync(join(tmpdir(), "scram-"));
    writeFileSync(join(folder, "json.py"), "raise SystemExit('imported')");
    writeFileSync(join(folder, "scram_lsp.py"), "__version__ = 'planted'");
    process.env.TMPDIR = folder;
    try {
      const answer = await inspect("python3");
      assert.ok(isInterpreter(answer));
      assert.notEqual(answer.scram, "planted");
    } finally {
      process.env.TMPDIR = TMPDIR;
      if (TMPDIR === undefined) {
        delete process.env.TMPDIR;
      }
    }
  });

  it("hears a real one", async () => {
    const answer = await inspect("python3");
    assert.ok(isInterpreter(answer));
    assert.equal(answer.version.major, 3);
  });

  it("gives the reason of one that is not there", async () => {
    const answer = await inspect("/no/such/python");
    assert.ok(!isInterpreter(answer));
    assert.match(answer.reason, /there is no such file/);
  });

  it("is not taken in by a program that is no Python", async () => {
    const answer = await inspect("echo");
    assert.ok(!isInterpreter(answer));
    assert.match(answer.reason, /it answered/);
  });
});

import assert from "node:assert/strict";
import { setImmediate as soon } from "node:timers/promises";
import { InterpreterChoice } from "../src/python/pythonExtensions";
import { EventEmitter, installed } from "./mocks/vscode";

const PYTHON = "ms-python.python";
const ENVIRONMENTS = "ms-python.vscode-python-envs";

/** Stands for an installed extension: it is given `exports` once it has been started by `arrive`, or from the start. */
class Installed {
  isActive = false;
  exports: object | undefined;
  activations = 0;
  private arrived: (exports: object) => void = () => undefined;
  private refused: (reason: Error) => void = () => undefined;
  private readonly arrival = new Promise<object>((resolve, reject) => {
    this.arrived = resolve;
    this.refused = reject;
  });

  constructor(id: string, active?: object) {
    installed.set(id, this);
    if (active !== undefined) {
      this.arrive(active);
    }
  }

  activate(): Promise<object> {
    this.activations++;
    return this.arrival;
  }

  arrive(exports: object): void {
    this.exports = exports;
    this.isActive = true;
    this.arrived(exports);
  }

  fail(): void {
    this.refused(new Error("it can't start"));
  }
}

/** What "ms-python.python" gives to others, as far as it is used here; `choose` is what its user does. */
class Python {
  private readonly changed = new EventEmitter<unknown>();
  readonly environments = {
    getActiveEnvironmentPath: () => ({ id: "1", path: `${this.chosen}/..` }),
    resolveEnvironment: () => Promise.resolve(this.chosen === "" ? undefined : { executable: { uri: { fsPath: this.chosen } } }),
    onDidChangeActiveEnvironmentPath: this.changed.event,
  };

  constructor(private chosen: string) {}

  choose(path: string): void {
    this.chosen = path;
    this.changed.fire({ path });
  }
}

/** The same for "ms-python.vscode-python-envs". */
class Environments {
  private readonly changed = new EventEmitter<unknown>();
  readonly onDidChangeEnvironment = this.changed.event;

  constructor(private chosen: string | undefined) {}

  getEnvironment(): Promise<object | undefined> {
    return Promise.resolve(this.chosen === undefined ? undefined : { execInfo: { run: { executable: this.chosen } } });
  }

  choose(path: string): void {
    this.chosen = path;
    this.changed.fire({});
  }
}

class Memory {
  private readonly kept = new Map<string, unknown>();
  readonly keys = (): string[] => [...this.kept.keys()];
  readonly get = (key: string): unknown => this.kept.get(key);
  readonly update = (key: string, value: unknown): Promise<void> => Promise.resolve(void this.kept.set(key, value));
}

describe("the interpreter chosen in the Python extension", () => {
  let memory: Memory;
  let changes: number;
  const choices: InterpreterChoice[] = [];

  beforeEach(() => {
    installed.clear();
    memory = new Memory();
    changes = 0;
  });
  afterEach(() => choices.splice(0).forEach((each) => each.dispose()));

  function choice(): InterpreterChoice {
    const made = new InterpreterChoice(memory, () => changes++);
    choices.push(made);
    return made;
  }

  it("is none without such an extension", async () => {
    assert.equal(await choice().of(undefined), undefined);
  });

  it("is the one that is active there, and a change is told", async () => {
    const python = new Python("/one/bin/python");
    new Installed(PYTHON, python);
    const chosen = choice();
    assert.equal(await chosen.of(undefined), "/one/bin/python");
    await soon();
    python.choose("/two/bin/python");
    await soon();
    assert.equal(changes, 1);
    assert.equal(await chosen.of(undefined), "/two/bin/python");
    python.choose("/two/bin/python");
    await soon();
    assert.equal(changes, 1, "the same one again is no change");
  });

  it("is none where nothing is chosen", async () => {
    new Installed(PYTHON, new Python(""));
    assert.equal(await choice().of(undefined), undefined);
  });

  it("is that of the newer extension where both are installed", async () => {
    const environments = new Environments("/new/bin/python");
    new Installed(PYTHON, new Python("/old/bin/python"));
    new Installed(ENVIRONMENTS, environments);
    assert.equal(await choice().of(undefined), "/new/bin/python");
    await soon();
    environments.choose("/newer/bin/python");
    await soon();
    assert.equal(changes, 1);
  });

  it("is that of the older where the newer has none", async () => {
    new Installed(PYTHON, new Python("/old/bin/python"));
    new Installed(ENVIRONMENTS, new Environments(undefined));
    assert.equal(await choice().of(undefined), "/old/bin/python");
  });

  it("is the one of the last time until the extension has started", async () => {
    new Installed(PYTHON, new Python("/one/bin/python"));
    await choice().of(undefined);
    const starting = new Installed(PYTHON);
    assert.equal(await choice().of(undefined), "/one/bin/python");
    assert.ok(starting.activations > 0, "it is started meanwhile");
    starting.arrive(new Python("/one/bin/python"));
    await soon();
    assert.equal(changes, 0, "nothing else was chosen");
  });

  it("is told when another was chosen meanwhile", async () => {
    new Installed(PYTHON, new Python("/one/bin/python"));
    await choice().of(undefined);
    const starting = new Installed(PYTHON);
    const chosen = choice();
    await chosen.of(undefined);
    starting.arrive(new Python("/two/bin/python"));
    await soon();
    assert.equal(changes, 1);
    assert.equal(await chosen.of(undefined), "/two/bin/python");
  });

  it("is none where the extension can't start", async () => {
    const failing = new Installed(PYTHON);
    const asked = choice().of(undefined);
    failing.fail();
    assert.equal(await asked, undefined);
    await soon();
    assert.equal(changes, 0);
  });

  it("is not asked for once the window is gone", async () => {
    const python = new Python("/one/bin/python");
    new Installed(PYTHON, python);
    const chosen = choice();
    await chosen.of(undefined);
    chosen.dispose();
    await soon();
    python.choose("/two/bin/python");
    await soon();
    assert.equal(changes, 0);
  });
});

/** Beside the Python extension: its interpreter runs the server, and another one when that is chosen. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BARE_PYTHON, inCode, PYTHON, until } from "./vscode.mjs";

/** An environment with all that PYTHON's has. */
function environment(folder) {
  execFileSync(BARE_PYTHON, ["-m", "venv", "--without-pip", folder]);
  const packages = execFileSync(PYTHON, ["-c", "import sys; print('\\n'.join(each for each in sys.path if each))"], { encoding: "utf8" });
  const [lib] = readdirSync(join(folder, "lib"));
  writeFileSync(join(folder, "lib", lib, "site-packages/shared.pth"), packages);
  return join(folder, "bin/python");
}

test("the server runs from the interpreter of the Python extension", inCode(
  "python",
  { machine: {}, others: ["python-extension"] },
  async (code) => {
    const other = environment(join(code.home, "other"));
    writeFileSync(join(code.home, "interpreters"), `${PYTHON}\n${other}\n`);
    const runsUnder = (python) => until(`one server, under ${python}`, () => {
      const servers = code.servers();
      return servers.length === 1 && servers[0].includes(` ${python} `);
    });
    await code.open("train.py");
    await code.squiggled("error", 2);
    await runsUnder(PYTHON);

    await code.command("Python: Select Interpreter");
    await code.page.locator(".quick-input-widget .monaco-list-row", { hasText: other }).click();
    await runsUnder(other);
    await code.squiggled("error", 2);
    await code.goTo(21, 1);
    await code.page.keyboard.type("model.compile(optimizer=keras.optimizers.SGD(-1), loss='mse')");
    await code.squiggled("error", 3);
    await code.picture("chosen");
    assert.equal(await code.notification("").count(), 0);
  },
));

/** Stands for a training: it says what it runs under, and whether that is watched. */
const TELLS = `import sys
from scram_lsp.training.watch import current_watch  # of keras

with open("told", "w") as file:
    print(sys.executable, current_watch() is not None, file=file)
`;

test("where scram-lsp is not installed, a script runs under watch by the extension's own", inCode(
  "own",
  { machine: {}, others: ["python-extension"] },
  async (code) => {
    const python = join(code.home, "bare/bin/python");
    execFileSync(BARE_PYTHON, ["-m", "venv", "--without-pip", join(code.home, "bare")]);
    writeFileSync(join(code.home, "interpreters"), `${python}\n`);
    writeFileSync(code.path("tells.py"), TELLS);
    await code.open("tells.py");
    await code.command("SCRAM: Run this File");
    const told = () => readFileSync(code.path("told"), "utf8").trim();
    assert.equal(await until("the end of the script", told), `${python} True`);
    await code.picture("ran");
    assert.equal(await code.notification("").count(), 0);
  },
));

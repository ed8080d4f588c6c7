/**
 * The part of Microsoft's Python extension that other extensions ask for the interpreter. Its users choose among the
 * lines of the file `interpreters` in the home folder; the first is chosen at the start.
 */

const { readFileSync } = require("node:fs");
const { homedir } = require("node:os");
const { join } = require("node:path");
const vscode = require("vscode");

const interpreters = () => readFileSync(join(homedir(), "interpreters"), "utf8").trim().split("\n");

exports.activate = (context) => {
  const changed = new vscode.EventEmitter();
  let [chosen] = interpreters();
  const select = async () => {
    const path = await vscode.window.showQuickPick(interpreters(), { title: "Select Interpreter" });
    if (path !== undefined) {
      chosen = path;
      changed.fire({ id: path, path, resource: undefined });
    }
  };
  context.subscriptions.push(changed, vscode.commands.registerCommand("python.setInterpreter", select));
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ id: chosen, path: chosen }),
      resolveEnvironment: async ({ path }) => ({ path, executable: { uri: vscode.Uri.file(path) } }),
      onDidChangeActiveEnvironmentPath: changed.event,
    },
  };
};

/** The one terminal that scripts run in. */

import * as vscode from "vscode";
import { quoted } from "./shell";

const NAME = "SCRAM";

/** Run a command line in the terminal, which is opened when there is none, and leave the focus where it is. */
export function inTerminal(words: readonly string[]): void {
  const existing = vscode.window.terminals.find((each) => each.name === NAME && each.exitStatus === undefined);
  const terminal = existing ?? vscode.window.createTerminal({ name: NAME });
  terminal.show(true);
  terminal.sendText(quoted(words, process.platform));
}

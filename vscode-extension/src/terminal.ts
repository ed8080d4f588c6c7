/** The terminal that scripts run in; one more while something runs in it. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { isForeground, quoted } from "./shell";

const NAME = "SCRAM";

const run = promisify(execFile);

/** Run a command line in an idle terminal, which is opened when there is none, and leave the focus where it is. */
export async function inTerminal(words: readonly string[]): Promise<void> {
  const terminal = (await idleTerminal()) ?? vscode.window.createTerminal({ name: NAME });
  terminal.show(true);
  terminal.sendText(quoted(words, process.platform));
}

/** What is typed into a terminal in which a script runs would be read by that, or begin when it ends. */
async function idleTerminal(): Promise<vscode.Terminal | undefined> {
  for (const each of vscode.window.terminals) {
    if (each.name === NAME && each.exitStatus === undefined && (await isIdle(each))) {
      return each;
    }
  }
  return undefined;
}

/** Whether the shell of a terminal waits for a command; where the system does not tell, as if it did. */
async function isIdle(terminal: vscode.Terminal): Promise<boolean> {
  const shell = await terminal.processId;
  try {
    const { stdout } = await run("ps", ["-o", "pgid=", "-o", "tpgid=", "-p", String(shell)]);
    return isForeground(stdout);
  } catch {
    return true;
  }
}

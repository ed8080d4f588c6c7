/** "SCRAM: Run this file": the user's script in a terminal of the user's interpreter, watched. */

import * as vscode from "vscode";
import { runArguments } from "./shell";
import { isInterpreter, inspect } from "./python/inspect";
import type { Notices } from "./notices";
import type { Session } from "./server/session";
import { inTerminal } from "./terminal";

/** Run the file of `uri`, or of the active editor. */
export async function runFile(session: Session, notices: Notices, uri?: vscode.Uri): Promise<void> {
  const document = uri ? await vscode.workspace.openTextDocument(uri) : vscode.window.activeTextEditor?.document;
  if (document === undefined || document.languageId !== "python" || document.uri.scheme !== "file") {
    notices.information("Open the Python file that trains your model, then run it with SCRAM.");
    return;
  }
  if (!vscode.workspace.isTrusted) {
    notices.information("Nothing of an untrusted workspace is run. Trust it first.", {
      label: "Manage Trust",
      run: () => vscode.commands.executeCommand("workbench.trust.manage"),
    });
    return;
  }
  await document.save();
  const python = session.choice !== undefined && session.choice.kind !== "nothing" ? session.choice.interpreter.path : undefined;
  if (python === undefined) {
    notices.error("There is no Python to run this file with.", setInterpreter());
    return;
  }
  const answer = await inspect(python);
  if (!isInterpreter(answer) || answer.scram === undefined) {
    notices.error(
      `scram-lsp is not installed in ${python}, so a run there can't be watched.`,
      { label: "Install", run: () => inTerminal([python, "-m", "pip", "install", "scram-lsp"]) },
      setInterpreter(),
    );
    notices.forget();
    return;
  }
  inTerminal(runArguments(python, document.uri.fsPath));
}

function setInterpreter(): { label: string; run(): unknown } {
  return { label: "Set Interpreter", run: () => vscode.commands.executeCommand("scram.setInterpreter") };
}

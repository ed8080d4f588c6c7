/** "SCRAM: Run this file": the user's script in a terminal of the user's interpreter, watched. */

import * as vscode from "vscode";
import { runArguments } from "./shell";
import { inspect, isInterpreter, reasonOf, type Interpreter } from "./python/inspect";
import type { Notices } from "./notices";
import type { Session } from "./server/session";
import { inTerminal } from "./terminal";

/** Run the file of `uri`, or of the active editor. */
export async function runFile(session: Session, notices: Notices, uri?: vscode.Uri): Promise<void> {
  const document = uri ? await vscode.workspace.openTextDocument(uri) : vscode.window.activeTextEditor?.document;
  if (document === undefined || document.languageId !== "python" || !["file", "untitled"].includes(document.uri.scheme)) {
    notices.answer("Open the Python file that trains your model, then run it with SCRAM.");
    return;
  }
  if (!vscode.workspace.isTrusted) {
    notices.answer("Nothing of an untrusted workspace is run. Trust it first.", {
      label: "Manage Trust",
      run: () => vscode.commands.executeCommand("workbench.trust.manage"),
    });
    return;
  }
  const script = await saved(document);
  if (script === undefined) {
    return;
  }
  await session.startUnlessStarted();
  const python = session.choice !== undefined && session.choice.kind !== "nothing" ? session.choice.interpreter.path : undefined;
  if (python === undefined) {
    notices.answer("There is no Python to run this file with.", setInterpreter());
    return;
  }
  const answer = await inspect(python);
  if (!isInterpreter(answer)) {
    notices.answer(`${python} did not start: ${answer.reason}.`, setInterpreter());
  } else if (answer.scram !== undefined) {
    await inTerminal(runArguments(python, script));
  } else {
    await runWithOwn(session, notices, answer, script);
  }
}

/** The file of a text with its latest words; of a new one that which the user gives it. None, if it can't be saved. */
async function saved(document: vscode.TextDocument): Promise<string | undefined> {
  if (document.isUntitled) {
    return (await vscode.workspace.save(document.uri))?.fsPath;
  }
  if (document.isDirty && !(await document.save())) {
    return undefined; // the editor says why; what stands on disk is not what the user sees
  }
  return document.uri.fsPath;
}

/** Where scram-lsp is not installed the extension's own does it. */
async function runWithOwn(session: Session, notices: Notices, python: Interpreter, script: string): Promise<void> {
  try {
    const { runner } = await session.ownEnvironment(python);
    await inTerminal([python.path, runner, script]);
  } catch (error) {
    notices.answer(`SCRAM could not be set up for ${python.path}: ${reasonOf(error)}`, setInterpreter());
  }
}

function setInterpreter(): { label: string; run(): unknown } {
  return { label: "Set Interpreter", run: () => vscode.commands.executeCommand("scram.setInterpreter") };
}

/** Wires the parts together: the server, the status, the runs and the commands. */

import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { mentionsKeras } from "./keras";
import { Notices } from "./notices";
import { runFile } from "./runFile";
import { Runs } from "./runs/controller";
import type { RunFinding } from "./runs/protocol";
import type { RunNode } from "./runs/view";
import { SettingsFaults } from "./settingsFaults";
import { RUN_FILE, SHOW_RUN_OF, Session, type SessionState } from "./server/session";
import { Status } from "./status";

const RESTARTING = ["scram.interpreter", "scram.importStrategy"];

/** Returns what the tests need; other extensions may use it too. */
export interface Api {
  readonly session: Session;
}

export function activate(context: vscode.ExtensionContext): Api {
  const log = vscode.window.createOutputChannel("SCRAM", { log: true });
  const trace = vscode.window.createOutputChannel("SCRAM Trace", { log: true });
  const notices = new Notices();
  const status = new Status();
  const session: Session = new Session(context, log, trace, (client) => {
    runs.listen(client);
    settingsFaults.listen(client);
  });
  const runs = new Runs(session, status, notices);
  const settingsFaults = new SettingsFaults(status, notices);
  context.subscriptions.push(log, trace, status, session, runs);

  session.onState((state) => {
    status.server(state);
    explain(state, notices);
    if (state.kind === "ready") {
      notices.forget();
    }
    void runs.refresh();
  });
  context.subscriptions.push(...commands(context, session, runs, notices, log), ...restarts(session));
  startWhenKerasIsInSight(session, context.subscriptions);
  return { session };
}

function commands(
  context: vscode.ExtensionContext,
  session: Session,
  runs: Runs,
  notices: Notices,
  log: vscode.LogOutputChannel,
): vscode.Disposable[] {
  const handlers: Record<string, (...args: never[]) => unknown> = {
    "scram.restart": () => {
      notices.forget();
      return session.restart();
    },
    "scram.showLog": () => log.show(),
    "scram.setInterpreter": () => vscode.commands.executeCommand("workbench.action.openSettings", "scram.interpreter"),
    [RUN_FILE]: (file?: vscode.Uri | string) =>
      runFile(session, notices, typeof file === "string" ? vscode.Uri.parse(file) : file), // the server's lens says a text
    [SHOW_RUN_OF]: (uri: string) => runs.showCurvesOf(vscode.Uri.parse(uri)),
    "scram.openExample": () => openExample(context),
    "scram.openFinding": (finding: RunFinding) => runs.openFinding(finding),
    "scram.refreshRuns": () => runs.refresh(),
    "scram.showRun": (node?: RunNode) => runs.showCurves(node),
    "scram.compareRuns": (node?: RunNode) => runs.compare(node),
    "scram.deleteRun": (node?: RunNode) => runs.delete(node),
  };
  return Object.entries(handlers).map(([name, run]) => vscode.commands.registerCommand(name, run));
}

/** A program with mistakes to see, for whoever has none at hand. It is nobody's file until it is saved. */
async function openExample(context: vscode.ExtensionContext): Promise<void> {
  const name = "example.py";
  const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(context.extensionUri, "examples", name));
  const content = new TextDecoder().decode(bytes);
  const file = vscode.workspace.workspaceFolders?.[0] && vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, name);
  if (file === undefined || existsSync(file.fsPath)) {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "python", content }));
    return;
  }
  const document = await vscode.workspace.openTextDocument(file.with({ scheme: "untitled" })); // it is saved there
  const editor = await vscode.window.showTextDocument(document);
  if (document.getText() === "") {
    const start = new vscode.Position(0, 0);
    await editor.edit((edit) => edit.insert(start, content));
    editor.selection = new vscode.Selection(start, start);
  }
}

/** Start anew when what the server runs under has changed. */
function restarts(session: Session): vscode.Disposable[] {
  const restart = (): void => {
    if (session.choice !== undefined) {
      void session.restart();
    }
  };
  return [
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (RESTARTING.some((setting) => change.affectsConfiguration(setting))) {
        restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
  ];
}

/** Nothing is started in a window that has no Keras in it. */
function startWhenKerasIsInSight(session: Session, subscriptions: vscode.Disposable[]): void {
  const isInSight = (document: vscode.TextDocument): boolean =>
    document.languageId === "python" && mentionsKeras(document.getText());
  if (vscode.workspace.textDocuments.some(isInSight)) {
    void session.startUnlessStarted();
    return;
  }
  const waiting: vscode.Disposable[] = [];
  const look = (document: vscode.TextDocument): void => {
    if (waiting.length > 0 && isInSight(document)) {
      disposeAll(waiting.splice(0));
      void session.startUnlessStarted();
    }
  };
  waiting.push(
    vscode.workspace.onDidOpenTextDocument(look),
    vscode.workspace.onDidChangeTextDocument((change) => look(change.document)),
  );
  subscriptions.push({ dispose: () => disposeAll(waiting) });
}

function disposeAll(disposables: readonly vscode.Disposable[]): void {
  for (const each of disposables) {
    each.dispose();
  }
}

/** A start that failed is said once, with the button that helps. */
function explain(state: SessionState, notices: Notices): void {
  if (state.kind !== "failed") {
    return;
  }
  const button =
    state.mend === "choose interpreter"
      ? { label: "Set Interpreter", run: () => vscode.commands.executeCommand("scram.setInterpreter") }
      : { label: "Show Log", run: () => vscode.commands.executeCommand("scram.showLog") };
  notices.error(`SCRAM: ${state.reason}`, button, {
    label: "Try Again",
    run: () => vscode.commands.executeCommand("scram.restart"),
  });
}

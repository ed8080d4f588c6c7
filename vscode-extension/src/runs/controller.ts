/** Keeps the Runs view, the status bar and the notifications up to date with what the server knows of runs. */

import { basename } from "node:path";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Notices } from "../notices";
import type { Session } from "../server/session";
import type { Status } from "../status";
import { Pages } from "./pages";
import {
  DELETE_RUN,
  LIST_RUNS,
  LIVE_FINDING,
  OTHER_PROTOCOL,
  RUNS_CHANGED,
  SHOW_RUN,
  type OtherProtocol,
  type RunDetails,
  type RunFinding,
  type RunReference,
  type RunSummary,
} from "./protocol";
import { inTerminal } from "../terminal";
import { RunsTree, type RunNode } from "./view";
import { findingsText, startedText } from "./words";

/** The setting that "Mute" switches off. */
const NOTIFY = "notifyOfErrors";

export class Runs implements vscode.Disposable {
  private readonly tree = new RunsTree();
  private readonly view = vscode.window.createTreeView("scram.runs", { treeDataProvider: this.tree });
  private readonly pages = new Pages((run) => this.details(run));
  private runs: readonly RunSummary[] = [];

  constructor(
    private readonly session: Session,
    private readonly status: Status,
    private readonly notices: Notices,
  ) {
    // Past runs are shown in a window that has no Keras in sight, too.
    this.view.onDidChangeVisibility(({ visible }) => {
      if (visible) {
        void session.startUnlessStarted();
      }
    });
  }

  /** Listen to a server's word of its runs. */
  listen(client: LanguageClient): void {
    client.onNotification(RUNS_CHANGED, () => void this.refresh());
    client.onNotification(LIVE_FINDING, (finding: RunFinding) => this.notify(finding));
    client.onNotification(OTHER_PROTOCOL, (other: OtherProtocol) => this.explainProtocol(other));
  }

  async refresh(): Promise<void> {
    this.runs = (await this.ask<RunSummary[]>(LIST_RUNS, {})) ?? [];
    this.tree.show(this.runs);
    this.pages.follow(this.runs);
    const live = this.runs.filter((run) => run.status === "running");
    this.status.live(live);
    this.view.badge = live.length > 0 ? { value: live.length, tooltip: `${live.length} in training` } : undefined;
  }

  async openFinding(finding: RunFinding): Promise<void> {
    const file = vscode.Uri.file(finding.filename);
    const { start, end } = shownAt(file, finding) ?? foundAt(finding);
    await vscode.window.showTextDocument(file, { selection: new vscode.Range(start, start.line === end.line ? end : start) });
  }

  async showCurves(node?: RunNode): Promise<void> {
    const run = node?.run ?? this.runs[0];
    if (run === undefined) {
      this.notices.answer("There is no run yet: train a script with SCRAM first.");
      return;
    }
    await this.pages.show(`Run of ${basename(run.script)}`, [run]);
  }

  /** The curves of the newest run of a script, or of the notebook that a cell is of. */
  async showCurvesOf(script: vscode.Uri): Promise<void> {
    const run = this.runs.find((each) => each.script === script.fsPath);
    if (run === undefined) {
      this.notices.answer("No run of this script is kept any more.");
      return;
    }
    await this.showCurves({ kind: "run", run });
  }

  async compare(node?: RunNode): Promise<void> {
    const first = node?.run ?? (await this.pick("The first run"));
    const second = first && (await this.pick("Compare with", first));
    if (first !== undefined && second !== undefined) {
      await this.pages.show("Compare runs", [first, second]);
    }
  }

  async delete(node?: RunNode): Promise<void> {
    const run = node?.run ?? (await this.pick("Delete a run"));
    if (run !== undefined && (await isSure(run))) {
      await this.ask<boolean>(DELETE_RUN, reference(run));
      await this.refresh();
    }
  }

  dispose(): void {
    this.pages.dispose();
    this.view.dispose();
    this.tree.dispose();
  }

  /** A run with its curves, none of which are known of a run that is deleted; undefined without a server. */
  private async details(run: RunSummary): Promise<RunDetails | undefined> {
    const details = await this.ask<RunDetails | null>(SHOW_RUN, reference(run));
    return details === null ? { ...run, curves: [] } : details;
  }

  /** What the server answers; undefined without a server, and where it ends before it has answered. */
  private async ask<Answer>(method: string, params: object): Promise<Answer | undefined> {
    const client = this.session.running;
    try {
      return await client?.sendRequest<Answer>(method, params);
    } catch (error) {
      if (client === this.session.running) {
        throw error;
      }
      return undefined; // the session tells of it
    }
  }

  private async pick(title: string, except?: RunSummary): Promise<RunSummary | undefined> {
    const items = this.runs
      .filter((run) => run.run !== except?.run)
      .map((run) => ({ label: basename(run.script), description: startedText(run.started, "seconds"), detail: findingsText(run), run }));
    return (await vscode.window.showQuickPick(items, { title }))?.run;
  }

  /** Only what ruins the run interrupts its user, once. */
  private notify(finding: RunFinding): void {
    const settings = vscode.workspace.getConfiguration("scram");
    if (finding.severity !== "error" || !settings.get<boolean>(NOTIFY, true)) {
      return;
    }
    this.notices.error(
      `${basename(finding.filename)}, line ${finding.location.row}: ${finding.message}`,
      { label: "Show", run: () => this.openFinding(finding) },
      { label: "Mute", run: () => settings.update(NOTIFY, false, vscode.ConfigurationTarget.Global) },
    );
  }

  private explainProtocol({ run, server }: OtherProtocol): void {
    const choice = this.session.choice;
    if (run > server && choice?.kind === "bundle") {
      this.notices.error("A run can't be shown while it trains: its scram-lsp is newer than this extension.", {
        label: "Update Extension",
        run: () => vscode.commands.executeCommand("workbench.extensions.action.checkForUpdates"),
      });
      return;
    }
    const python = choice === undefined || choice.kind === "nothing" ? "python" : choice.interpreter.path;
    const older = run < server ? "older than the language server's" : "newer than the language server's";
    this.notices.error(`A run can't be shown while it trains: its scram-lsp is ${older}.`, {
      label: "Update scram-lsp",
      run: () => inTerminal([python, "-m", "pip", "install", "--upgrade", "scram-lsp"]),
    });
  }
}

/** Where the editor shows a finding, whose code may have moved since the run; undefined where it shows it no more. */
function shownAt(file: vscode.Uri, finding: RunFinding): vscode.Range | undefined {
  const shown = vscode.languages.getDiagnostics(file).filter(({ code, message }) => {
    const shownCode = typeof code === "object" ? code.value : code;
    return shownCode === finding.code && message.startsWith(finding.message); // which run it was stands behind it
  });
  return shown.length === 1 ? shown[0]?.range : undefined;
}

function foundAt({ location, end_location: end }: RunFinding): vscode.Range {
  return new vscode.Range(location.row - 1, location.column - 1, end.row - 1, end.column - 1);
}

/** A deleted run can't be brought back. */
async function isSure(run: RunSummary): Promise<boolean> {
  const question = `Delete the run of ${basename(run.script)}, ${startedText(run.started, "seconds")}?`;
  const detail = "Its curves and findings are removed for good.";
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, "Delete")) !== undefined;
}

function reference(run: RunSummary): RunReference {
  return { run: run.run, script: run.script };
}

/** What the editor's status items say of the server and of runs in training. */

import * as vscode from "vscode";
import type { SessionState } from "./server/session";
import type { RunSummary } from "./runs/protocol";
import { progressText, watchedText } from "./runs/words";

const PYTHON: vscode.DocumentSelector = [{ language: "python" }, { notebookType: "jupyter-notebook" }];

/** The item in the language status and the one in the status bar, which is shown while something trains. */
export class Status implements vscode.Disposable {
  private readonly language = vscode.languages.createLanguageStatusItem("scram.status", PYTHON);
  private state: SessionState = { kind: "stopped" };
  private faults: readonly string[] = [];
  private readonly bar = vscode.window.createStatusBarItem("scram.run", vscode.StatusBarAlignment.Left, 0);

  constructor() {
    this.language.name = "SCRAM";
    this.language.text = "SCRAM";
    this.bar.name = "SCRAM: live training";
    this.bar.command = "scram.runs.focus";
    this.show();
  }

  server(state: SessionState): void {
    this.state = state;
    this.show();
  }

  /** What is wrong with the settings, as long as a server is there that read them. */
  settings(faults: readonly string[]): void {
    this.faults = faults;
    this.show();
  }

  private show(): void {
    const { state } = this;
    const [fault] = state.kind === "ready" ? this.faults : [];
    this.language.busy = state.kind === "starting";
    this.language.severity =
      state.kind === "failed"
        ? vscode.LanguageStatusSeverity.Error
        : fault === undefined
          ? vscode.LanguageStatusSeverity.Information
          : vscode.LanguageStatusSeverity.Warning;
    this.language.detail = fault ?? detail(state);
    this.language.command =
      state.kind === "failed" && state.mend === "choose interpreter"
        ? { title: "Set Interpreter", command: "scram.setInterpreter" }
        : { title: "Show Log", command: "scram.showLog" };
  }

  /** What is found in the runs in training; none hides the item. Epoch and loss are in the server's own progress. */
  live(runs: readonly RunSummary[]): void {
    if (runs.length === 0) {
      this.bar.hide();
      return;
    }
    this.bar.text = `$(pulse) ${watchedText(runs)}`;
    this.bar.tooltip = runs.map((run) => `${run.script}\n${progressText(run)}`).join("\n");
    this.bar.show();
  }

  dispose(): void {
    this.language.dispose();
    this.bar.dispose();
  }
}

function detail(state: SessionState): string {
  switch (state.kind) {
    case "stopped":
      return "waiting for a file that uses Keras";
    case "starting":
      return state.text;
    case "ready":
      return state.isBundled ? "ready, with the extension's own scram-lsp" : `ready, from ${state.python}`;
    case "failed":
      return state.reason;
  }
}

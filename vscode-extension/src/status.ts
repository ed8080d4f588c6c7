/** What the editor's status items say of the server and of runs in training. */

import * as vscode from "vscode";
import type { SessionState } from "./server/session";
import type { RunSummary } from "./runs/protocol";
import { progressText } from "./runs/words";

const PYTHON: vscode.DocumentSelector = [{ language: "python" }, { notebookType: "jupyter-notebook" }];

/** The item in the language status and the one in the status bar, which is shown while something trains. */
export class Status implements vscode.Disposable {
  private readonly language = vscode.languages.createLanguageStatusItem("scram.status", PYTHON);
  private readonly bar = vscode.window.createStatusBarItem("scram.run", vscode.StatusBarAlignment.Left, 0);

  constructor() {
    this.language.name = "SCRAM";
    this.language.text = "SCRAM";
    this.bar.name = "SCRAM: live training";
    this.bar.command = "scram.runs.focus";
    this.server({ kind: "stopped" });
  }

  server(state: SessionState): void {
    this.language.busy = state.kind === "starting";
    this.language.severity =
      state.kind === "failed" ? vscode.LanguageStatusSeverity.Error : vscode.LanguageStatusSeverity.Information;
    this.language.detail = detail(state);
    this.language.command =
      state.kind === "failed" && state.mend === "choose interpreter"
        ? { title: "Set Interpreter", command: "scram.setInterpreter" }
        : { title: "Show Log", command: "scram.showLog" };
  }

  /** The runs in training; none hides the item. */
  live(runs: readonly RunSummary[]): void {
    const [first, ...others] = runs;
    if (first === undefined) {
      this.bar.hide();
      return;
    }
    const more = others.length > 0 ? ` (+${others.length})` : "";
    this.bar.text = `$(pulse) ${progressText(first)}${more}`;
    this.bar.tooltip = runs.map((run) => `${run.script}: ${progressText(run)}`).join("\n");
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

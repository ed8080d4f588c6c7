/** Messages with buttons: what happens by itself is said once, an answer to the user each time. */

import * as vscode from "vscode";

export interface Button {
  readonly label: string;
  run(): unknown;
}

/** Says each text once in a session; what was mended may be said again. */
export class Notices {
  private readonly said = new Set<string>();

  error(text: string, ...buttons: Button[]): void {
    if (!this.said.has(text)) {
      this.said.add(text);
      show(text, vscode.window.showErrorMessage, buttons);
    }
  }

  /** Answers what the user has just asked for. */
  answer(text: string, ...buttons: Button[]): void {
    show(text, vscode.window.showInformationMessage, buttons);
  }

  forget(): void {
    this.said.clear();
  }
}

type Show = (text: string, ...labels: string[]) => Thenable<string | undefined>;

function show(text: string, by: Show, buttons: readonly Button[]): void {
  void by(text, ...buttons.map((each) => each.label)).then((label) => buttons.find((each) => each.label === label)?.run());
}

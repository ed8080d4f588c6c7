/** Messages with buttons, each said once. */

import * as vscode from "vscode";

export interface Button {
  readonly label: string;
  run(): unknown;
}

/** Says each text once in a session; what was mended may be said again. */
export class Notices {
  private readonly said = new Set<string>();

  error(text: string, ...buttons: Button[]): void {
    this.once(text, vscode.window.showErrorMessage, buttons);
  }

  information(text: string, ...buttons: Button[]): void {
    this.once(text, vscode.window.showInformationMessage, buttons);
  }

  forget(): void {
    this.said.clear();
  }

  private once(
    text: string,
    show: (text: string, ...labels: string[]) => Thenable<string | undefined>,
    buttons: readonly Button[],
  ): void {
    if (this.said.has(text)) {
      return;
    }
    this.said.add(text);
    void show(text, ...buttons.map((each) => each.label)).then((label) =>
      buttons.find((each) => each.label === label)?.run(),
    );
  }
}

/** What is wrong with the project's settings: in the language status at once, in a message when it stays. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Notices } from "./notices";
import type { Status } from "./status";

const SETTINGS_FAULTS = "scram/settingsFaults";

/** How long a fault may be the half of what its user is writing, in a file that is saved all the while. */
const PATIENCE_MS = 3000;

const FILE = /^.*?[/\\](?:pyproject|scram)\.toml/;

export class SettingsFaults {
  private faults: readonly string[] = [];

  constructor(
    private readonly status: Pick<Status, "settings">,
    private readonly notices: Notices,
    private readonly patience = PATIENCE_MS,
  ) {}

  listen(client: LanguageClient): void {
    this.take([]); // a server that starts has found none yet
    client.onNotification(SETTINGS_FAULTS, ({ faults }: { faults: string[] }) => this.take(faults));
  }

  take(faults: readonly string[]): void {
    this.faults = faults;
    this.status.settings(faults);
    for (const fault of faults) {
      setTimeout(() => this.say(fault), this.patience);
    }
  }

  private say(fault: string): void {
    if (!this.faults.includes(fault)) {
      return;
    }
    const file = FILE.exec(fault)?.[0];
    const open = { label: "Open File", run: () => vscode.window.showTextDocument(vscode.Uri.file(file ?? "")) };
    this.notices.error(`SCRAM: ${fault}`, ...(file === undefined ? [] : [open]));
  }
}

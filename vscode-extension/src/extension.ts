import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";
import { serverCommand, startFailure } from "./server";

const SECTION = "scram";

/** One language server and the editor's end of it. */
class Session {
  private client: LanguageClient | undefined;

  async start(): Promise<void> {
    const settings = vscode.workspace.getConfiguration(SECTION);
    const server = serverCommand(settings.get<string>("interpreter", ""));
    const client = new LanguageClient(SECTION, SECTION, server, {
      documentSelector: [
        { scheme: "file", language: "python" },
        { scheme: "untitled", language: "python" },
      ],
      synchronize: { configurationSection: SECTION },
    });
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.client = undefined;
      void vscode.window.showErrorMessage(startFailure(server, error));
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const started = new Session();
  session = started;
  context.subscriptions.push(
    vscode.commands.registerCommand("scram.restart", () => started.restart()),
    vscode.workspace.onDidChangeConfiguration((change) =>
      change.affectsConfiguration("scram.interpreter") ? started.restart() : undefined,
    ),
  );
  await started.start();
}

export async function deactivate(): Promise<void> {
  await session?.stop();
  session = undefined;
}

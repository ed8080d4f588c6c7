/** vscode-languageclient without pop-ups of its own, and with an ear for what a dying server says. */

import { LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import type { ServerCommand } from "./command";
import { LastWords, type ErrorLog } from "./lastWords";

export { CloseAction, ErrorAction, State } from "vscode-languageclient/node";

/** What goes wrong is logged; whoever started the client tells the user of it, once. */
export class QuietClient extends LanguageClient {
  private readonly words: LastWords;

  constructor(id: string, name: string, command: ServerCommand, options: LanguageClientOptions, log: ErrorLog) {
    const words = new LastWords(log);
    const stdioOptions = { stderr: (stream: NodeJS.ReadableStream) => words.hear(stream), stdout: () => undefined };
    super(id, name, command, { ...options, stdioOptions, initializationFailedHandler: () => false });
    this.words = words;
  }

  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  /** The last line that an ended server wrote to its standard error, where Python names the fault. */
  lastWords(): Promise<string | undefined> {
    return this.words.last();
  }
}

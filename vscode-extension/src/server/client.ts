/** vscode-languageclient without pop-ups of its own, for a server process that may have been started before it. */

import { LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import type { ServerProcess } from "./process";

export { CloseAction, ErrorAction, State } from "vscode-languageclient/node";

/** What goes wrong is logged; whoever started the client tells the user of it, once. */
export class QuietClient extends LanguageClient {
  /** `start` is called for each process; what that says beside the protocol it logs itself. */
  constructor(id: string, name: string, start: () => ServerProcess, options: LanguageClientOptions) {
    const stdioOptions = { stderr: () => undefined, stdout: () => undefined };
    const starts = (): Promise<ServerProcess["child"]> => {
      const { child, hasEnded } = start();
      return hasEnded ? Promise.reject(new Error("it ended at once")) : Promise.resolve(child);
    };
    super(id, name, starts, { ...options, stdioOptions, initializationFailedHandler: () => false });
  }

  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

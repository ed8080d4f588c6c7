/** What a server says on its standard error before it ends. Free of `vscode`. */

import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";

/** How long the last words of a server that has ended may take to arrive. */
const LAST_WORDS_MS = 2000;

export interface ErrorLog {
  error(line: string): void;
}

/** Passes on what a server writes to its standard error, and keeps the last line. */
export class LastWords {
  private line: string | undefined;
  private ended: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: ErrorLog) {}

  hear(stream: NodeJS.ReadableStream): void {
    const lines = createInterface({ input: stream, crlfDelay: Infinity });
    lines.on("line", (line) => {
      this.log.error(line);
      this.line = line.trim() || this.line;
    });
    this.ended = new Promise((resolve) => lines.once("close", resolve));
  }

  async last(): Promise<string | undefined> {
    await Promise.race([this.ended, wait(LAST_WORDS_MS)]);
    return this.line;
  }
}

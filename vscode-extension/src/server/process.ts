/** The server's process, and what it says on its standard error: of its interpreter, and why it ends. Free of `vscode`. */

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { parseAnswer, reasonOf, type Interpreter, type NoInterpreter } from "../python/inspect";
import { OLDEST, written } from "../python/version";

/** Before what an interpreter says of itself, on a line of its own. */
const MARK = "scram-interpreter ";

/** The level of what the server logs while it goes on. */
const LOGGED = /^(INFO|WARNING) /;

/** How long an interpreter may take to say something, and the last words of a server that has ended to arrive. */
const ANSWER_MS = 20_000;
const LAST_WORDS_MS = 2000;

/** How long a server may take to leave when it was told to. */
const LEAVE_MS = 2000;

export interface Log {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** What to start a server with. `folder` is the extension's own: no file of the workspace stands in for a module. */
export interface ServerPlaces {
  readonly script: string;
  readonly folder: string;
}

/** A server under `python`, from the moment it is started. */
export class ServerProcess {
  readonly child: ChildProcessWithoutNullStreams;

  /** What the interpreter says of itself. It goes on as the server if it can. */
  readonly interpreter: Promise<Interpreter | NoInterpreter>;
  private line: string | undefined;
  private slow: NodeJS.Timeout | undefined;
  private readonly silent: Promise<unknown>;

  constructor(
    python: string,
    places: ServerPlaces,
    private readonly log: Log,
  ) {
    this.child = spawn(python, [places.script, written(OLDEST)], { cwd: places.folder, windowsHide: true });
    this.child.stdin.on("error", () => undefined); // it has ended, which is told below
    const lines = createInterface({ input: this.child.stderr, crlfDelay: Infinity });
    this.silent = new Promise((resolve) => lines.once("close", resolve));
    this.interpreter = new Promise((resolve) => {
      const noInterpreter = (reason: string): void => resolve({ path: python, reason });
      lines.on("line", (line) => {
        if (line.startsWith(MARK)) {
          resolve(parseAnswer(python, line.slice(MARK.length)));
        } else {
          this.hear(line);
        }
      });
      this.child.once("error", (error) => noInterpreter(reasonOf(error)));
      void this.silent.then(() => noInterpreter(this.line ?? "it is no Python"));
      this.slow = setTimeout(() => {
        noInterpreter(`it did not answer within ${ANSWER_MS / 1000} s`);
        this.child.kill();
      }, ANSWER_MS);
    });
    void this.interpreter.then(() => clearTimeout(this.slow));
    this.child.once("exit", (code, signal) => {
      if (signal !== null || code !== 0) {
        log.error(`the language server under ${python} ended with ${signal ?? `code ${code}`}`);
      }
    });
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The last line that an ended server wrote to its standard error, where Python names the fault. */
  async lastWords(): Promise<string | undefined> {
    await Promise.race([this.silent, wait(LAST_WORDS_MS)]);
    return this.line;
  }

  /** End it, if it does not leave by itself. */
  async end(): Promise<void> {
    if (!this.hasEnded) {
      await Promise.race([new Promise((resolve) => this.child.once("exit", resolve)), wait(LEAVE_MS)]);
      this.child.kill();
    }
  }

  private hear(line: string): void {
    const level = LOGGED.exec(line)?.[1];
    if (level !== undefined) {
      this.log[level === "INFO" ? "info" : "warn"](line);
      return;
    }
    this.log.error(line);
    this.line = line.trim() || this.line;
  }
}

/** The language server's process and this editor's end of it. */

import { mkdirSync } from "node:fs";
import * as vscode from "vscode";
import type {
  ErrorHandler,
  LanguageClient,
  ShowDocumentRequest,
  StaticFeature,
} from "vscode-languageclient/node";
import { ownEnvironment, type OwnEnvironment } from "../python/bundle";
import { candidates, type Surroundings } from "../python/candidates";
import { choose, type Choice, type ImportStrategy } from "../python/choose";
import { inspect, type Interpreter } from "../python/inspect";
import { InterpreterChoice } from "../python/pythonExtensions";
import { ServerProcess } from "./process";

const SECTION = "scram";

type ClientLibrary = typeof import("./client.js");

/** What the server's lens "Run with SCRAM" calls, with the URI of the script. */
export const RUN_FILE = "scram.runFile";

/** What the server's lens "Last run" calls, with the URI of the script. */
export const SHOW_RUN_OF = "scram.showRunOf";

/** Crashes in a row after which the server is left alone. */
const CRASHES_BORNE = 4;
const CRASH_WINDOW_MS = 3 * 60_000;

/**
 * Tells the server that this editor has a place to show runs in and one for what is wrong with the settings, and a
 * terminal to run a script in, and that its hovers show the diagnostics themselves.
 */
const SHOWS_RUNS: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = {
      ...(capabilities.experimental as object | undefined),
      scramRuns: true,
      scramSettingsFaults: true,
      scramDiagnosticsInHovers: true,
      commands: { commands: [RUN_FILE, SHOW_RUN_OF] },
    };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

export type SessionState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting"; readonly text: string }
  | { readonly kind: "ready"; readonly python: string; readonly isBundled: boolean }
  | { readonly kind: "failed"; readonly reason: string; readonly mend: Mend };

/** What the user can do about a failed start. */
export type Mend = "choose interpreter" | "show log";

/** Starts, stops and restarts the server; `onState` tells what became of it. One at a time: calls queue up. */
export class Session implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private process: ServerProcess | undefined;
  private readonly chosen: InterpreterChoice;
  private queue: Promise<void> = Promise.resolve();
  private isStarted = false;

  /** The present client's server has answered at least once. */
  private hasRun = false;
  private readonly states = new vscode.EventEmitter<SessionState>();
  readonly onState = this.states.event;

  /** The interpreter in force, for running scripts. */
  choice: Choice | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly trace: vscode.LogOutputChannel,
    private readonly onClient: (client: LanguageClient) => void,
  ) {
    this.chosen = new InterpreterChoice(context.workspaceState, () => {
      if (this.choice !== undefined) {
        void this.restart();
      }
    });
  }

  start(): Promise<void> {
    this.isStarted = true;
    return this.inTurn(() => this.startNow());
  }

  /** Start for the first time; afterwards only a restart starts it again. */
  startUnlessStarted(): Promise<void> {
    return this.isStarted ? this.queue : this.start();
  }

  restart(): Promise<void> {
    this.isStarted = true;
    return this.inTurn(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.stopNow());
  }

  /** The running client, or undefined. */
  get running(): LanguageClient | undefined {
    return this.client?.isRunning() ? this.client : undefined;
  }

  dispose(): void {
    this.chosen.dispose();
    void this.stop();
    this.states.dispose();
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step, step);
    return this.queue;
  }

  private async startNow(): Promise<void> {
    this.states.fire({ kind: "starting", text: "looking for Python" });
    const settings = vscode.workspace.getConfiguration(SECTION);
    const strategy = settings.get<ImportStrategy>("importStrategy", "fromEnvironment");
    mkdirSync(this.context.globalStorageUri.fsPath, { recursive: true });
    const around = await this.surroundings(settings);
    // What answers for its interpreter is the server already: while it loads, the client's library is loaded here.
    const choosing = choose(candidates(around), strategy, strategy === "useBundled" ? inspect : (path) => this.begin(path).interpreter);
    const library = await import("./client.js"); // large, so a file of its own, and not before a server is wanted
    const choice = await choosing;
    this.choice = choice;
    if (choice.kind === "nothing") {
      this.fail(choice.reason, "choose interpreter");
      return;
    }
    try {
      let python = choice.interpreter.path;
      if (choice.kind === "bundle") {
        this.states.fire({ kind: "starting", text: "setting up the language server" });
        ({ python } = await this.ownEnvironment(choice.interpreter));
        this.begin(python);
      }
      this.log.info(`the language server runs under ${python} (${choice.kind})`);
      await this.talk(library, python, choice.kind === "bundle");
    } catch (error) {
      this.fail(`The language server did not start: ${reasonOf(error)}`, "show log");
    }
  }

  private async surroundings(settings: vscode.WorkspaceConfiguration): Promise<Surroundings> {
    const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
    const setting = settings.get<string>("interpreter", "");
    const isAsked = setting.trim() === "" && vscode.workspace.isTrusted;
    return {
      setting,
      chosen: isAsked ? await this.chosen.of(folders[0]?.uri) : undefined,
      folders: folders.filter((each) => each.uri.scheme === "file").map((each) => each.uri.fsPath),
      platform: process.platform,
      environment: process.env,
    };
  }

  /** The extension's own scram-lsp for an interpreter, set up when it is wanted first. */
  async ownEnvironment(interpreter: Interpreter): Promise<OwnEnvironment> {
    const places = {
      wheels: this.context.asAbsolutePath("bundled"),
      runner: this.context.asAbsolutePath("python/run.py"),
      storage: this.context.globalStorageUri.fsPath,
      version: (this.context.extension.packageJSON as { version: string }).version,
      platform: process.platform,
    };
    const options = { location: vscode.ProgressLocation.Window, title: "SCRAM: setting up" };
    return vscode.window.withProgress(options, () => ownEnvironment(interpreter, places));
  }

  /** Start a process that is the server if its interpreter can run it; the one before has ended, or is no server. */
  private begin(python: string): ServerProcess {
    const script = this.context.asAbsolutePath("python/serve.py");
    this.process = new ServerProcess(python, { script, folder: this.context.globalStorageUri.fsPath }, this.log);
    return this.process;
  }

  /** Talk to the process that was begun, and to those that take its place when it has crashed. */
  private async talk(library: ClientLibrary, python: string, isBundled: boolean): Promise<void> {
    this.states.fire({ kind: "starting", text: "starting" });
    let begun = this.process;
    const client = new library.QuietClient(
      SECTION,
      "SCRAM",
      () => {
        const process = begun ?? this.begin(python);
        begun = undefined;
        return process;
      },
      {
        documentSelector: [
          { scheme: "file", language: "python" },
          { scheme: "untitled", language: "python" },
          { scheme: "vscode-notebook-cell", language: "python" },
        ],
        outputChannel: this.log,
        traceOutputChannel: this.trace,
        errorHandler: this.crashes(library),
        middleware: { window: { showDocument: showPageOrDocument } },
        markdown: { isTrusted: { enabledCommands: [] }, supportHtml: false },
        synchronize: { configurationSection: SECTION },
      },
    );
    this.client = client;
    this.hasRun = false;
    client.registerFeature(SHOWS_RUNS);
    client.onDidChangeState(({ newState }) => {
      if (newState === library.State.Running) {
        this.hasRun = true;
        this.states.fire({ kind: "ready", python, isBundled });
      }
    });
    this.onClient(client);
    try {
      await client.start();
    } catch (error) {
      this.client = undefined;
      throw new Error((await this.process?.lastWords()) ?? reasonOf(error), { cause: error });
    }
  }

  /** Starts a crashed server anew, a few times; then says so once. One that never ran is not tried again. */
  private crashes({ CloseAction, ErrorAction }: ClientLibrary): ErrorHandler {
    const times: number[] = [];
    return {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: async () => {
        if (!this.hasRun) {
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        const now = Date.now();
        times.push(now);
        const recent = times.filter((each) => now - each < CRASH_WINDOW_MS);
        if (recent.length <= CRASHES_BORNE) {
          this.states.fire({ kind: "starting", text: "starting again" });
          return { action: CloseAction.Restart, handled: true };
        }
        this.client = undefined;
        const words = await this.process?.lastWords();
        const last = words === undefined ? "" : ` Its last words: ${words}`;
        this.fail(`The language server ended ${recent.length} times within three minutes.${last}`, "show log");
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  private async stopNow(): Promise<void> {
    const { client, process } = this;
    this.client = this.process = undefined;
    if (client?.needsStop()) {
      await client.dispose();
    }
    void process?.end();
    this.states.fire({ kind: "stopped" });
  }

  private fail(reason: string, mend: Mend): void {
    this.log.error(reason);
    this.states.fire({ kind: "failed", reason, mend });
  }
}

/** The pages of rules and runs are shown as they are read; what is no page, as the editor shows it. */
const showPageOrDocument: ShowDocumentRequest.MiddlewareSignature = async (params, token, next) => {
  if (!params.uri.endsWith(".md")) {
    return next(params, token);
  }
  await vscode.commands.executeCommand("markdown.showPreview", vscode.Uri.parse(params.uri));
  return { success: true };
};

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

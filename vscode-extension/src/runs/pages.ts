/** Open tabs with the curves of runs, drawn again while those train. */

import { setTimeout as wait } from "node:timers/promises";
import * as vscode from "vscode";
import { OPEN_FINDING, runsPage } from "./panel";
import type { RunDetails, RunSummary } from "./protocol";

type Details = (run: RunSummary) => Promise<RunDetails | undefined>;

/** `details` gets what is drawn, or undefined where no server can be asked; no tab is drawn more often than every `pause` milliseconds. */
export class Pages implements vscode.Disposable {
  private readonly open = new Set<Page>();

  constructor(
    private readonly details: Details,
    private readonly pause = 2000,
  ) {}

  async show(title: string, runs: readonly RunSummary[]): Promise<void> {
    const shown = [...this.open].find((page) => page.isOf(runs));
    if (shown !== undefined) {
      shown.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel("scram.run", title, vscode.ViewColumn.Active, {
      enableScripts: false,
      enableCommandUris: [OPEN_FINDING],
      localResourceRoots: [],
    });
    const page = new Page(panel, runs, this.details, this.pause);
    this.open.add(page);
    panel.onDidDispose(() => {
      page.isClosed = true;
      this.open.delete(page);
    });
    await page.draw();
  }

  /** Close all tabs: nobody would draw them again. */
  dispose(): void {
    for (const page of [...this.open]) {
      page.close();
    }
  }

  /** Take the news of all runs. */
  follow(runs: readonly RunSummary[]): void {
    for (const page of this.open) {
      void page.follow(runs);
    }
  }
}

class Page {
  isClosed = false;
  private drawn: string | undefined;
  private isDrawing = false;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private runs: readonly RunSummary[],
    private readonly details: Details,
    private readonly pause: number,
  ) {}

  close(): void {
    this.panel.dispose();
  }

  reveal(): void {
    this.panel.reveal();
  }

  isOf(runs: readonly RunSummary[]): boolean {
    return runs.length === this.runs.length && runs.every((run, index) => run.run === this.runs[index]?.run);
  }

  /** Gives whether the curves are drawn; without a server the page is left as it is. */
  async draw(): Promise<boolean> {
    const { runs } = this;
    const details = await Promise.all(runs.map(this.details));
    const isKnown = details.every((each) => each !== undefined);
    if (!this.isClosed && (isKnown || this.drawn === undefined)) {
      this.panel.webview.html = runsPage(runs.map((run, index) => details[index] ?? { ...run, curves: [] }));
      this.drawn = isKnown ? stateOf(runs) : "";
    }
    return isKnown;
  }

  /** Draw again what is new. */
  async follow(all: readonly RunSummary[]): Promise<void> {
    this.runs = this.runs.map((run) => all.find((each) => each.run === run.run) ?? run);
    if (this.isDrawing) {
      return; // it looks for news once more before it rests
    }
    this.isDrawing = true;
    try {
      while (!this.isClosed && stateOf(this.runs) !== this.drawn) {
        if (!(await this.draw())) {
          return; // the next server brings news
        }
        await wait(this.pause);
      }
    } finally {
      this.isDrawing = false;
    }
  }
}

/** What of runs is seen on a page, short of the curves, which grow with the epochs. */
function stateOf(runs: readonly RunSummary[]): string {
  return JSON.stringify(runs.map(({ status, epoch, findings }) => [status, epoch, findings.length]));
}

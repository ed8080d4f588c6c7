/** Open tabs with the curves of runs, drawn again while those train. */

import { setTimeout as wait } from "node:timers/promises";
import * as vscode from "vscode";
import { runsPage } from "./panel";
import type { RunDetails, RunSummary } from "./protocol";

type Details = (run: RunSummary) => Promise<RunDetails>;

/** `details` gets what is drawn; no tab is drawn more often than every `pause` milliseconds. */
export class Pages {
  private readonly open = new Set<Page>();

  constructor(
    private readonly details: Details,
    private readonly pause = 2000,
  ) {}

  async show(title: string, runs: readonly RunSummary[]): Promise<void> {
    const panel = vscode.window.createWebviewPanel("scram.run", title, vscode.ViewColumn.Active, {
      enableScripts: false,
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

  async draw(): Promise<void> {
    this.drawn = stateOf(this.runs);
    const html = runsPage(await Promise.all(this.runs.map(this.details)));
    if (!this.isClosed) {
      this.panel.webview.html = html;
    }
  }

  async follow(all: readonly RunSummary[]): Promise<void> {
    this.runs = this.runs.map((run) => all.find((each) => each.run === run.run) ?? run);
    if (this.isDrawing) {
      return; // it looks for news once more before it rests
    }
    this.isDrawing = true;
    try {
      while (!this.isClosed && stateOf(this.runs) !== this.drawn) {
        await this.draw();
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

/** The Runs view: runs, live ones first, and under each what was found in it. */

import { basename } from "node:path";
import * as vscode from "vscode";
import type { RunFinding, RunSummary } from "./protocol";
import { findingsText, progressText, shortStartedText, startedText, statusText } from "./words";

export interface RunNode {
  readonly kind: "run";
  readonly run: RunSummary;
}

export interface FindingNode {
  readonly kind: "finding";
  readonly finding: RunFinding;
}

export type Node = RunNode | FindingNode;

const SEVERITY_ICONS = {
  error: new vscode.ThemeIcon("error", new vscode.ThemeColor("list.errorForeground")),
  warning: new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground")),
  info: new vscode.ThemeIcon("info"),
  hint: new vscode.ThemeIcon("lightbulb"),
};

/** Rows of the view; `show` replaces them all. */
export class RunsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private runs: readonly RunSummary[] = [];

  show(runs: readonly RunSummary[]): void {
    this.runs = runs;
    this.changed.fire(undefined);
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) {
      return this.runs.map((run) => ({ kind: "run", run }));
    }
    return node.kind === "run" ? node.run.findings.map((finding) => ({ kind: "finding", finding })) : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.kind === "run" ? runItem(node.run, node.run === this.runs[0]) : findingItem(node.finding);
  }

  dispose(): void {
    this.changed.dispose();
  }
}

/** The first run of the list is open, so that what it found is in sight at once, as are live ones. */
function runItem(run: RunSummary, isFirst: boolean): vscode.TreeItem {
  const isLive = run.status === "running";
  const state = run.findings.length === 0 ? vscode.TreeItemCollapsibleState.None : expansion(isLive || isFirst);
  const item = new vscode.TreeItem(isLive ? progressText(run) : basename(run.script), state);
  item.id = `${run.run} ${state === vscode.TreeItemCollapsibleState.None ? "without" : "with"} findings`; // opens with the first
  item.description = isLive ? findingsText(run) : `${shortStartedText(run.started)}, ${ending(run)}`;
  item.tooltip = `${run.script}\n${startedText(run.started, "seconds")}: ${statusText(run)}, ${findingsText(run)}`;
  item.iconPath = iconOf(run);
  item.contextValue = isLive ? "liveRun" : "run";
  item.accessibilityInformation = { label: `run of ${item.tooltip}` };
  return item;
}

/** What a run that came to its end is worth is seen by its worst finding. */
function iconOf(run: RunSummary): vscode.ThemeIcon {
  if (run.status !== "finished") {
    return new vscode.ThemeIcon(run.status === "running" ? "pulse" : "circle-slash");
  }
  const worst = (["error", "warning"] as const).find((severity) => run.findings.some((each) => each.severity === severity));
  return worst === undefined ? new vscode.ThemeIcon("pass") : SEVERITY_ICONS[worst];
}

function ending(run: RunSummary): string {
  return run.status === "failed" ? `${statusText(run)}, ${findingsText(run)}` : findingsText(run);
}

function expansion(isOpen: boolean): vscode.TreeItemCollapsibleState {
  return isOpen ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
}

function findingItem(finding: RunFinding): vscode.TreeItem {
  const item = new vscode.TreeItem(finding.message);
  item.description = `${finding.code}, ${basename(finding.filename)}:${finding.location.row}`;
  item.tooltip = `${finding.code} ${finding.name}\n${finding.message}`;
  item.iconPath = SEVERITY_ICONS[finding.severity];
  item.contextValue = "finding";
  item.accessibilityInformation = { label: `${finding.severity}: ${finding.message} ${item.description}` };
  item.command = { title: "Go to the line", command: "scram.openFinding", arguments: [finding] };
  return item;
}

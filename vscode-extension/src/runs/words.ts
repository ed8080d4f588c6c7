/** Runs in words, short enough for a tree row or the status bar. Free of `vscode`. */

import { basename } from "node:path";
import type { RunSummary } from "./protocol";

/** "train.py: epoch 3/10, loss 0.52". */
export function progressText(run: RunSummary): string {
  const parts: string[] = [];
  if (run.epoch !== null) {
    parts.push(run.epochs === null ? `epoch ${run.epoch}` : `epoch ${run.epoch}/${run.epochs}`);
  }
  if (run.loss !== null) {
    parts.push(`loss ${significant(run.loss)}`);
  }
  const where = basename(run.script);
  return parts.length > 0 ? `${where}: ${parts.join(", ")}` : where;
}

/** "2 findings", "nothing found". */
export function findingsText(run: RunSummary): string {
  return run.findings.length === 0 ? "nothing found" : findingCount(run.findings.length);
}

/** How a run stands, or how it ended: one that was interrupted has not failed in its user's eyes. */
export function statusText(run: RunSummary): string {
  return run.status === "failed" ? "did not finish" : run.status;
}

function findingCount(count: number): string {
  return count === 1 ? "1 finding" : `${count} findings`;
}

/** "train.py: 2 findings", "2 runs: nothing found yet": what is known so far of the runs in training. */
export function watchedText(runs: readonly RunSummary[]): string {
  const count = runs.reduce((sum, run) => sum + run.findings.length, 0);
  const who = runs.length === 1 && runs[0] ? basename(runs[0].script) : `${runs.length} runs`;
  return `${who}: ${count === 0 ? "nothing found yet" : findingCount(count)}`;
}

/** Four digits, as the server's messages write them: 0.5235, 123,500, 7.704e24. */
export function significant(value: number): string {
  const rounded = Number(value.toPrecision(4));
  if (!Number.isFinite(rounded) || Math.abs(rounded) < 1000) {
    return String(rounded);
  }
  return Math.abs(rounded) < 1e7 ? rounded.toLocaleString("en-US") : rounded.toExponential().replace("e+", "e");
}

/** Day and time in the reader's own way of writing, short for a row: of today the time alone. */
export function shortStartedText(started: string, now = new Date(), locale?: string): string {
  const time = new Date(started);
  return time.toDateString() === now.toDateString()
    ? time.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" })
    : startedText(started, "minutes", locale);
}

/** Day and time in the reader's own way of writing; to the second where runs must be told apart. */
export function startedText(started: string, to: "minutes" | "seconds" = "minutes", locale?: string): string {
  const time = new Date(started);
  if (Number.isNaN(time.getTime())) {
    return started;
  }
  const seconds = to === "seconds" ? { second: "2-digit" as const } : {};
  return time.toLocaleString(locale, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", ...seconds });
}

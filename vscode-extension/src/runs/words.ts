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
  const count = run.findings.length;
  return count === 0 ? "nothing found" : count === 1 ? "1 finding" : `${count} findings`;
}

/** Four digits, without an exponent where it reads well. */
export function significant(value: number): string {
  if (Number.isFinite(value) && Math.abs(value) >= 1e6) {
    return Number(value.toPrecision(4)).toExponential().replace("e+", "e");
  }
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
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

/** What the server tells of runs, beyond the language server protocol (docs/architecture.md, "The language server"). */

export type RunStatus = "running" | "finished" | "failed";

/** One run in a list. `epoch`, `epochs`, `step` and `loss` are of the last moment heard; null when unknown. */
export interface RunSummary {
  readonly run: string;
  readonly script: string;
  readonly started: string;
  readonly status: RunStatus;
  readonly epoch: number | null;
  readonly epochs: number | null;
  readonly step: number | null;
  readonly loss: number | null;
  readonly findings: readonly RunFinding[];
}

/** A finding of a run, in the stable JSON form: rows and columns from 1. */
export interface RunFinding {
  readonly code: string;
  readonly name: string;
  readonly severity: "error" | "warning" | "info" | "hint";
  readonly message: string;
  readonly filename: string;
  readonly location: { readonly row: number; readonly column: number };
  readonly end_location: { readonly row: number; readonly column: number };
  readonly step?: number | null;
  readonly epoch?: number | null;
}

/** A logged value over the epochs of a run: "loss", "val_loss", metrics. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [epoch: number, value: number | null])[];
}

export interface RunDetails extends RunSummary {
  readonly curves: readonly Curve[];
}

export const LIST_RUNS = "scram/runs";
export const SHOW_RUN = "scram/run";
export const DELETE_RUN = "scram/deleteRun";
export const RUNS_CHANGED = "scram/runsChanged";
export const LIVE_FINDING = "scram/liveFinding";
export const OTHER_PROTOCOL = "scram/otherProtocol";

/** A run was refused, because it and the server speak different versions of the protocol between them. */
export interface OtherProtocol {
  readonly script: string;
  readonly run: number;
  readonly server: number;
}

export interface RunReference {
  readonly run: string;
  readonly script: string;
}

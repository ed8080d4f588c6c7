/** A run's curves, or two runs' side by side, as a page. It runs no script. Free of `vscode`. */

import { basename } from "node:path";
import type { RunDetails, RunFinding } from "./protocol";
import { charts, escaped } from "./chart";
import { findingsText, startedText, statusText } from "./words";

/** Training and validation differ in colour and in width: not everybody sees the one. */
const STYLE = `
body { font-family: var(--vscode-font-family); color: var(--vscode-foreground); padding: 0 1rem 1rem; max-width: 60rem; }
li { margin: .25rem 0; } figure { margin: 1.5rem 0; } figcaption { font-weight: 600; margin-bottom: .25rem; }
svg { width: 100%; max-width: 44rem; } svg text { fill: var(--vscode-descriptionForeground); font-size: 11px; }
.axis { stroke: var(--vscode-editorLineNumber-foreground); }
polyline { fill: none; } polyline.training { stroke: var(--vscode-charts-blue); stroke-width: 3; }
polyline.validation { stroke: var(--vscode-charts-green); stroke-width: 1.5; }
.end { fill: none; stroke-width: 2; } .end.training { stroke: var(--vscode-charts-blue); } .end.validation { stroke: var(--vscode-charts-green); }
.dot.training { fill: var(--vscode-charts-blue); } .dot.validation { fill: var(--vscode-charts-green); }
.finding line { stroke: var(--vscode-charts-yellow); stroke-dasharray: 3 3; } .finding.error line { stroke: var(--vscode-charts-red); }
.finding text { fill: var(--vscode-foreground); }
.legend { list-style: none; padding: 0; margin: .25rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; color: var(--vscode-descriptionForeground); }
.legend li::before { content: ""; display: inline-block; width: 1.2em; border-top: 2px solid; margin-right: .4em; vertical-align: middle; }
.legend .dashed::before { border-top-style: dashed; }
.legend .training::before { border-color: var(--vscode-charts-blue); border-top-width: 3px; }
.legend .validation::before { border-color: var(--vscode-charts-green); border-top-width: 1.5px; }
`;

/** The command that a finding's line is a link to; its argument is the finding. */
export const OPEN_FINDING = "scram.openFinding";

/** The page of a tab. */
export function runsPage(runs: readonly RunDetails[]): string {
  const heads = runs.map(
    (run, index) =>
      `<h2>${runs.length > 1 ? (index === 0 ? "First run: " : "Second run: ") : ""}${escaped(basename(run.script))}</h2>` +
      `<p>${escaped(startedText(run.started, "seconds"))}: ${statusText(run)}, ${findingsText(run)}</p>` +
      (run.findings.length > 0
        ? `<ul>${run.findings.map((each) => `<li>${item(each)}</li>`).join("")}</ul>`
        : ""),
  );
  const curves = charts(runs);
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>SCRAM run</title><style>${STYLE}</style></head>
<body>${heads.join("\n")}
${curves || `<p>${runs.some((run) => run.status === "running") ? "No epoch has ended yet." : "No epoch came to its end."}</p>`}</body></html>`;
}

function item(finding: RunFinding): string {
  const link = `command:${OPEN_FINDING}?${encodeURIComponent(JSON.stringify([finding]))}`;
  const place = `${basename(finding.filename)}:${finding.location.row}`;
  const { code, severity, epoch, message } = finding;
  const when = epoch === undefined || epoch === null ? "" : ` in epoch ${epoch}`;
  return `${severity} ${escaped(code)} at <a href="${escaped(link)}">${escaped(place)}</a>${when}: ${escaped(message)}`;
}

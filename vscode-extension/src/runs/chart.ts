/** The curves of one or more runs as one SVG picture. Free of `vscode`. */

import type { Curve, RunDetails, RunFinding } from "./protocol";
import { significant } from "./words";

const WIDTH = 640;
const HEIGHT = 220;
const LEFT = 68;
const RIGHT = 12;
const TOP = 28;
const BOTTOM = 28;

/** The lines of the second run of a comparison. */
const DASH = "6 3";

/** Height and width of a finding's code over the picture. */
const LABEL_HEIGHT = 12;
const LABEL_WIDTH = 46;

/** A range wider than this is drawn on a logarithmic scale, or all but the last epochs would lie on the axis. */
const WIDE = 1000;

/** A picture for each logged value: its training curve, the validation's beside it, for each run. */
export function charts(runs: readonly RunDetails[]): string {
  const logged = new Set(runs.flatMap((run) => run.curves.map((curve) => plain(curve.name))));
  const names = logged.delete("loss") ? ["loss", ...logged] : [...logged]; // what training is about comes first
  return names.map((name) => chart(name, runs)).join("\n");
}

function chart(name: string, runs: readonly RunDetails[]): string {
  const drawn = runs.flatMap((run, index) =>
    run.curves.filter((curve) => plain(curve.name) === name).map((curve) => ({ index, curve })),
  );
  const values = drawn.flatMap(({ curve }) => finite(curve).map(([, value]) => value));
  if (values.length === 0) {
    return `<figure><figcaption>${escaped(name)}</figcaption><p>No epoch of this run logged a finite value.</p></figure>`;
  }
  const last = Math.max(...drawn.flatMap(({ curve }) => curve.points.map(([epoch]) => epoch)));
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (epoch: number): number =>
    last <= 1 ? (LEFT + WIDTH - RIGHT) / 2 : LEFT + ((epoch - 1) / (last - 1)) * (WIDTH - LEFT - RIGHT);
  const isWide = low > 0 && high / low > WIDE;
  const scaled = (value: number): number => (isWide ? Math.log(value) : value);
  const y = (value: number): number =>
    high === low
      ? HEIGHT / 2
      : TOP + ((scaled(high) - scaled(value)) / (scaled(high) - scaled(low))) * (HEIGHT - TOP - BOTTOM);
  const lines = drawn.map(({ curve, index }) => line(curve, index, x, y)).join("");
  const marks = marksOf(runs.flatMap((run) => run.findings), x, last);
  const label = `${name} over ${last} epoch${last === 1 ? "" : "s"}, from ${significant(low)} to ${significant(high)}`;
  return `<figure><figcaption>${escaped(name)}${isWide ? ", logarithmic scale" : ""}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(label)}">
<line class="axis" x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH - RIGHT}" y2="${HEIGHT - BOTTOM}"/>
<text x="${LEFT - 6}" y="${TOP + 8}" text-anchor="end">${significant(high)}</text>
<text x="${LEFT - 6}" y="${HEIGHT - BOTTOM}" text-anchor="end">${significant(low)}</text>
<text x="${LEFT}" y="${HEIGHT - 8}">epoch 1</text>
<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${last}</text>
${marks}${lines}</svg>
${legend(drawn, runs.length > 1)}</figure>`;
}

function line(curve: Curve, index: number, x: (epoch: number) => number, y: (value: number) => number): string {
  const points = finite(curve).map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`);
  const style = index > 0 ? ` stroke-dasharray="${DASH}"` : "";
  const kind = isValidation(curve.name) ? "validation" : "training";
  return points.length === 1
    ? `<circle class="${kind} dot" cx="${points[0]?.split(",")[0]}" cy="${points[0]?.split(",")[1]}" r="3"/>`
    : `<polyline class="${kind}" points="${points.join(" ")}"${style}/>`;
}

/** A line at the epoch of each finding. Codes that would overlap stand in two rows. */
function marksOf(findings: readonly RunFinding[], x: (epoch: number) => number, last: number): string {
  const byEpoch = new Map<number, RunFinding[]>();
  for (const finding of findings) {
    const { epoch } = finding;
    if (epoch !== undefined && epoch !== null && epoch <= last) {
      byEpoch.set(epoch, [...(byEpoch.get(epoch) ?? []), finding]);
    }
  }
  let right = 0;
  let isRaised = false;
  const marks = [...byEpoch].sort(([one], [other]) => one - other).map(([epoch, found]) => {
    const codes = [...new Set(found.map((each) => each.code))];
    const width = LABEL_WIDTH * codes.length;
    const center = Math.min(x(epoch), WIDTH - RIGHT - width / 2);
    isRaised = center - width / 2 < right && !isRaised;
    right = center + width / 2;
    return mark(epoch, found, codes, { at: x(epoch), center, height: TOP - 4 - (isRaised ? LABEL_HEIGHT : 0) });
  });
  return marks.join("");
}

function mark(
  epoch: number,
  findings: readonly RunFinding[],
  codes: readonly string[],
  place: { at: number; center: number; height: number },
): string {
  const title = findings.map((each) => `${each.code} in epoch ${epoch}: ${each.message}`).join("\n");
  const severity = findings.some((each) => each.severity === "error") ? "error" : "warning";
  const at = place.at.toFixed(1);
  return `<g class="finding ${severity}"><title>${escaped(title)}</title><line x1="${at}" y1="${TOP}" x2="${at}" y2="${HEIGHT - BOTTOM}"/><text x="${place.center.toFixed(1)}" y="${place.height}" text-anchor="middle">${escaped(codes.join(" "))}</text></g>`;
}

function legend(drawn: readonly { index: number; curve: Curve }[], isComparison: boolean): string {
  const entries = drawn.map(({ index, curve }) => {
    const kind = isValidation(curve.name) ? "validation" : "training";
    const whose = isComparison ? `, ${index === 0 ? "first" : "second"} run` : "";
    const [epoch, value] = finite(curve).at(-1) ?? [];
    const isLast = epoch === curve.points.at(-1)?.[0];
    const end = value === undefined ? "" : `, ${significant(value)} ${isLast ? "at the end" : `in epoch ${epoch}, then not finite`}`;
    return `<li class="${kind}${index > 0 ? " dashed" : ""}">${kind}${whose}${end}</li>`;
  });
  return `<ul class="legend">${entries.join("")}</ul>`;
}

function finite(curve: Curve): [number, number][] {
  return curve.points.flatMap(([epoch, value]): [number, number][] =>
    value !== null && Number.isFinite(value) ? [[epoch, value]] : [],
  );
}

function plain(name: string): string {
  return name.replace(/^val_/, "");
}

function isValidation(name: string): boolean {
  return name.startsWith("val_");
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

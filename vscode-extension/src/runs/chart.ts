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
    run.curves.filter((curve) => plain(curve.name) === name).map((curve) => ({ index, curve, isLive: run.status === "running" })),
  );
  const values = drawn.flatMap(({ curve }) => finite(curve).map(([, value]) => value));
  if (values.length === 0) {
    return `<figure><figcaption>${escaped(name)}</figcaption><p>No epoch of this run logged a finite value.</p></figure>`;
  }
  const { end, last } = extent(drawn.map(({ curve }) => curve));
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (epoch: number): number =>
    end <= 1 ? (LEFT + WIDTH - RIGHT) / 2 : LEFT + ((Math.min(epoch, end) - 1) / (end - 1)) * (WIDTH - LEFT - RIGHT);
  const isWide = low > 0 && high / low > WIDE;
  const scaled = (value: number): number => (isWide ? Math.log(value) : value);
  const y = (value: number): number =>
    high === low
      ? HEIGHT / 2
      : TOP + ((scaled(high) - scaled(value)) / (scaled(high) - scaled(low))) * (HEIGHT - TOP - BOTTOM);
  const lines = drawn.map(({ curve, index }) => line(curve, index, x, y)).join("");
  const marks = marksOf(runs.flatMap((run) => run.findings), x, last);
  const gone = last > end ? `, not finite from epoch ${end} to ${last}` : "";
  const caption = `${name}${isWide ? ", logarithmic scale" : ""}${gone}`;
  const label = `${name} over ${last} epoch${last === 1 ? "" : "s"}, from ${significant(low)} to ${significant(high)}${gone}`;
  return `<figure><figcaption>${escaped(caption)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(label)}">
<line class="axis" x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH - RIGHT}" y2="${HEIGHT - BOTTOM}"/>
${scale(low, high)}
<text x="${LEFT}" y="${HEIGHT - 8}">epoch 1</text>
<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${end === last ? end : `${end} to ${last}`}</text>
${marks}${lines}</svg>
${legend(drawn, runs.length > 1)}</figure>`;
}

/**
 * The last epoch that has a place of its own, and the last one logged. The epochs after the last finite value share one
 * place, or the finite ones would be pressed together on the left.
 */
function extent(curves: readonly Curve[]): { end: number; last: number } {
  const last = Math.max(...curves.flatMap((curve) => curve.points.map(([epoch]) => epoch)));
  const lastFinite = Math.max(...curves.flatMap((curve) => finite(curve).map(([epoch]) => epoch)));
  return { end: Math.min(last, lastFinite + 1), last };
}

/** What is logged at the top of the picture and at its bottom; where nothing changes, at its middle. */
function scale(low: number, high: number): string {
  const at = (y: number, value: number): string =>
    `<text x="${LEFT - 6}" y="${y}" text-anchor="end">${significant(value)}</text>`;
  return low === high ? at(HEIGHT / 2 + 4, low) : at(TOP + 8, high) + at(HEIGHT - BOTTOM, low);
}

/** A curve in the stretches where it is finite, with a cross where it ends before the run does. */
function line(curve: Curve, index: number, x: (epoch: number) => number, y: (value: number) => number): string {
  const style = index > 0 ? ` stroke-dasharray="${DASH}"` : "";
  const kind = isValidation(curve.name) ? "validation" : "training";
  const stretches = finiteStretches(curve).map((points) => {
    const [[epoch, value]] = points;
    return points.length === 1
      ? `<circle class="${kind} dot" cx="${x(epoch).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3"/>`
      : `<polyline class="${kind}" points="${points.map((each) => `${x(each[0]).toFixed(1)},${y(each[1]).toFixed(1)}`).join(" ")}"${style}/>`;
  });
  const end = goesOn(curve) ? finite(curve).at(-1) : undefined;
  return stretches.join("") + (end === undefined ? "" : cross(kind, x(end[0]), y(end[1])));
}

function cross(kind: string, x: number, y: number): string {
  const [left, right, top, bottom] = [x - 5, x + 5, y - 5, y + 5].map((each) => each.toFixed(1));
  return `<path class="${kind} end" d="M${left} ${top}L${right} ${bottom}M${left} ${bottom}L${right} ${top}"/>`;
}

/** Whether a curve has epochs after its last finite value. */
function goesOn(curve: Curve): boolean {
  return finite(curve).at(-1)?.[0] !== curve.points.at(-1)?.[0];
}

type Point = readonly [epoch: number, value: number];

/** The finite values of a curve in a row; a row ends where a value is not finite. */
function finiteStretches(curve: Curve): [Point, ...Point[]][] {
  const stretches: [Point, ...Point[]][] = [];
  let isWithin = false;
  for (const [epoch, value] of curve.points) {
    if (value === null || !Number.isFinite(value)) {
      isWithin = false;
    } else if (isWithin) {
      stretches.at(-1)?.push([epoch, value]);
    } else {
      stretches.push([[epoch, value]]);
      isWithin = true;
    }
  }
  return stretches;
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

function legend(drawn: readonly { index: number; curve: Curve; isLive: boolean }[], isComparison: boolean): string {
  const entries = drawn.map(({ index, curve, isLive }) => {
    const kind = isValidation(curve.name) ? "validation" : "training";
    const whose = isComparison ? `, ${index === 0 ? "first" : "second"} run` : "";
    const [epoch, value] = finite(curve).at(-1) ?? [];
    const end = value === undefined ? ", never finite" : `, ${significant(value)} ${goesOn(curve) ? `in epoch ${epoch}, then not finite` : isLive ? "so far" : "at the end"}`;
    return `<li class="${kind}${index > 0 ? " dashed" : ""}">${kind}${whose}${end}</li>`;
  });
  return `<ul class="legend">${entries.join("")}</ul>`;
}

function finite(curve: Curve): Point[] {
  return finiteStretches(curve).flat();
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

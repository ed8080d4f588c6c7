import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type * as vscode from "vscode";
import { charts, escaped } from "../src/runs/chart";
import { runsPage } from "../src/runs/panel";
import { Pages } from "../src/runs/pages";
import type { RunDetails, RunFinding, RunSummary } from "../src/runs/protocol";
import { RunsTree } from "../src/runs/view";
import { findingsText, progressText, shortStartedText, significant, startedText, watchedText } from "../src/runs/words";
import { panels } from "./mocks/vscode";

const FINDING: RunFinding = {
  code: "SCR101",
  name: "learning-rate-too-high",
  severity: "error",
  message: "Adam's learning rate is 1e10 <too high>.",
  filename: "/project/train.py",
  location: { row: 5, column: 51 },
  end_location: { row: 5, column: 55 },
  step: 3,
  epoch: 2,
};

const RUN: RunDetails = {
  run: "20261121-140233-3f2a",
  script: "/project/train.py",
  started: "2026-11-21T14:02:33+00:00",
  status: "running",
  epoch: 3,
  epochs: 10,
  step: 120,
  loss: 0.523456,
  findings: [FINDING],
  curves: [
    { name: "loss", points: [[1, 2.3], [2, 1.1], [3, null]] },
    { name: "val_loss", points: [[1, 2.2], [2, 1.4], [3, 1.2]] },
    { name: "accuracy", points: [[1, 0.1]] },
  ],
};

describe("runs in words", () => {
  it("tell epoch and loss of a live run", () => {
    assert.equal(progressText(RUN), "train.py: epoch 3/10, loss 0.5235");
    assert.equal(progressText({ ...RUN, epochs: null, loss: null }), "train.py: epoch 3");
    assert.equal(progressText({ ...RUN, epoch: null, loss: null }), "train.py");
  });

  it("count findings", () => {
    assert.equal(findingsText(RUN), "1 finding");
    assert.equal(findingsText({ ...RUN, findings: [] }), "nothing found");
    assert.equal(findingsText({ ...RUN, findings: [FINDING, FINDING] }), "2 findings");
  });

  it("say what is found so far in the runs in training", () => {
    assert.equal(watchedText([RUN]), "train.py: 1 finding");
    assert.equal(watchedText([{ ...RUN, findings: [] }]), "train.py: nothing found yet");
    assert.equal(watchedText([RUN, { ...RUN, run: "other" }]), "2 runs: 2 findings");
  });

  it("write numbers to four digits", () => {
    assert.equal(significant(123456), "123,500");
    assert.equal(significant(7.7041e24), "7.704e24");
    assert.equal(significant(Number.NaN), "NaN");
  });

  it("give back a time that they can't read", () => {
    assert.equal(startedText("some day"), "some day");
    assert.match(startedText(RUN.started, "minutes", "en-GB"), /21 Nov.* \d\d:02$/);
    assert.match(startedText(RUN.started, "seconds", "en-GB"), /21 Nov.* \d\d:02:33$/);
    assert.match(shortStartedText(RUN.started, new Date(RUN.started), "en-GB"), /^\d\d:02$/);
    assert.match(shortStartedText(RUN.started, new Date("2026-12-01T00:00:00"), "en-GB"), /21 Nov.* \d\d:02$/);
  });
});

describe("the chart of a run", () => {
  it("has a picture for each logged value, training and validation together", () => {
    const drawn = charts([RUN]);
    assert.equal(drawn.match(/<svg/g)?.length, 2);
    assert.equal(drawn.match(/<polyline class="training"/g)?.length, 1);
    assert.equal(drawn.match(/<polyline class="validation"/g)?.length, 1);
    assert.match(drawn, /<circle class="training dot"/);
  });

  it("leaves out what is not a number, and says so when nothing is left", () => {
    assert.match(charts([RUN]), /class="training" points="[^" ]+ [^" ]+"/);
    const empty = charts([{ ...RUN, curves: [{ name: "loss", points: [[1, null]] }] }]);
    assert.match(empty, /No epoch of this run logged a finite value/);
    assert.match(charts([RUN]), /training, 1.1 in epoch 2, then not finite/);
  });

  it("gives the room to the finite epochs, and marks where a curve stops being finite", () => {
    const points = Array.from({ length: 100 }, (_, index): [number, number | null] => [index + 1, index < 4 ? index : null]);
    const late = { ...FINDING, epoch: 60 };
    const drawn = charts([{ ...RUN, findings: [late], curves: [{ name: "loss", points }] }]);
    assert.match(drawn, /<figcaption>loss, not finite from epoch 5 to 100</);
    assert.match(drawn, /text-anchor="end">5 to 100</);
    const across = /points="([^"]+)"/.exec(drawn)?.[1]?.split(" ").map((point) => Number(point.split(",")[0]));
    assert.deepEqual(across, [68, 208, 348, 488]);
    assert.match(drawn, /<path class="training end" d="M483.0/);
    assert.match(drawn, /SCR101 in epoch 60: .*<line x1="628.0"/);
  });

  it("draws no line over epochs that are not finite", () => {
    const points: [number, number | null][] = [[1, 4], [2, 3], [3, null], [4, 2], [5, 1], [6, null], [7, 1]];
    const drawn = charts([{ ...RUN, findings: [], curves: [{ name: "loss", points }] }]);
    assert.equal(drawn.match(/<polyline/g)?.length, 2);
    assert.equal(drawn.match(/<circle/g)?.length, 1);
    assert.ok(!drawn.includes("<path"));
  });

  it("says a value that never changes once", () => {
    const drawn = charts([{ ...RUN, findings: [], curves: [{ name: "loss", points: [[1, 0.25], [2, 0.25]] }] }]);
    assert.equal(drawn.match(/>0.25</g)?.length, 1);
  });

  it("marks findings at their epoch, with their text kept from being markup", () => {
    const drawn = charts([RUN]);
    assert.match(drawn, /<g class="finding error"><title>SCR101 in epoch 2: .*&#60;too high&#62;/);
    assert.equal(escaped(`<a href="x">`), "&#60;a href=&#34;x&#34;&#62;");
  });

  it("puts codes that would overlap into two rows", () => {
    const findings = [1, 2, 3].map((epoch) => ({ ...FINDING, epoch }));
    const curves = [{ name: "loss", points: Array.from({ length: 40 }, (_, epoch): [number, number] => [epoch + 1, epoch]) }];
    const rows = [...charts([{ ...RUN, findings, curves }]).matchAll(/y="(\d+)" text-anchor="middle">SCR101/g)];
    assert.deepEqual(rows.map((row) => row[1]), ["24", "12", "24"]);
  });

  it("draws a loss that grows beyond measure on a logarithmic scale, and first", () => {
    const curves: RunDetails["curves"] = [{ name: "accuracy", points: [[1, 0.5]] }, { name: "loss", points: [[1, 1], [2, 1e3], [3, 1e6]] }];
    const drawn = charts([{ ...RUN, curves }]);
    assert.match(drawn, /^<figure><figcaption>loss, logarithmic scale/);
    const [points] = [...drawn.matchAll(/points="([^"]+)"/g)].map((each) => each[1]?.split(" ").map((point) => Number(point.split(",")[1])));
    assert.ok(points?.[1] !== undefined && Math.abs(points[1] - (28 + 192) / 2) < 1, "the middle value is in the middle");
  });

  it("tells two runs apart", () => {
    const drawn = charts([RUN, { ...RUN, run: "other" }]);
    assert.match(drawn, /training, first run, 1.1 in epoch 2/);
    assert.match(drawn, /class="training dashed">training, second run, 1.1 in epoch 2/);
    assert.match(drawn, /stroke-dasharray="6 3"/);
  });

  it("stands in a page that runs no script", () => {
    const page = runsPage([RUN]);
    assert.match(page, /default-src 'none'/);
    assert.ok(!page.includes("<script"));
    assert.match(runsPage([{ ...RUN, curves: [] }]), /No epoch has ended yet/);
  });

  it("says how a run ended that did not come to its end", () => {
    const page = runsPage([{ ...RUN, status: "failed", curves: [] }]);
    assert.match(page, /: did not finish, 1 finding</);
    assert.match(page, /No epoch came to its end/);
  });

  it("says the last value of a curve, which is not the end's while it trains", () => {
    const curves: RunDetails["curves"] = [{ name: "loss", points: [[1, 2], [2, 1]] }];
    assert.match(charts([{ ...RUN, curves }]), /training, 1 so far/);
    assert.match(charts([{ ...RUN, curves, status: "finished" }]), /training, 1 at the end/);
  });

  it("leads from a finding to its line", () => {
    const [, link] = /<a href="([^"]+)">train.py:5</.exec(runsPage([RUN])) ?? [];
    const [, argument] = /^command:scram.openFinding\?(.+)$/.exec(link ?? "") ?? [];
    assert.deepEqual(JSON.parse(decodeURIComponent((argument ?? "").replace("&#39;", "'"))), [FINDING]);
  });
});

describe("the Runs view", () => {
  const tree = new RunsTree();
  tree.show([RUN, { ...RUN, run: "old", status: "failed", findings: [] }]);

  it("lists runs, and findings under them", () => {
    const [live, old] = tree.getChildren();
    assert.ok(live && old);
    assert.deepEqual(tree.getChildren(live), [{ kind: "finding", finding: FINDING }]);
    assert.deepEqual(tree.getChildren(old), []);
  });

  it("shows what a live run is doing and how an old one ended", () => {
    const [live, old] = tree.getChildren().map((node) => tree.getTreeItem(node));
    assert.ok(live && old);
    assert.equal(live.label, "train.py: epoch 3/10, loss 0.5235");
    assert.equal(live.contextValue, "liveRun");
    assert.match(JSON.stringify(old.description), /did not finish, nothing found/);
  });

  it("opens a finding's line", () => {
    const item = tree.getTreeItem({ kind: "finding", finding: FINDING });
    assert.equal(item.command?.command, "scram.openFinding");
    assert.equal(item.description, "SCR101, train.py:5");
  });
});

describe("the icon of a run", () => {
  const iconOf = (run: Partial<RunSummary>): string => {
    const tree = new RunsTree();
    tree.show([{ ...RUN, ...run }]);
    return (tree.getTreeItem({ kind: "run", run: { ...RUN, ...run } }).iconPath as vscode.ThemeIcon).id;
  };

  it("says how it ended, and then what was found", () => {
    assert.equal(iconOf({ status: "running" }), "pulse");
    assert.equal(iconOf({ status: "failed" }), "circle-slash");
    assert.equal(iconOf({ status: "finished" }), "error");
    assert.equal(iconOf({ status: "finished", findings: [{ ...FINDING, severity: "warning" }] }), "warning");
    assert.equal(iconOf({ status: "finished", findings: [{ ...FINDING, severity: "hint" }] }), "pass");
    assert.equal(iconOf({ status: "finished", findings: [] }), "pass");
  });
});

describe("a tab with curves", () => {
  const asked: string[] = [];
  const details = (run: RunSummary): Promise<RunDetails> => {
    asked.push(`${run.status} ${run.epoch}`);
    return Promise.resolve({ ...RUN, ...run });
  };

  beforeEach(() => void (asked.length = 0));

  it("is drawn again with each epoch, and at the end", async () => {
    const pages = new Pages(details, 0);
    await pages.show("Run", [RUN]);
    pages.follow([RUN]);
    for (const news of [{ epoch: 4 }, { epoch: 5 }, { epoch: 5 }, { epoch: 5, status: "finished" as const }]) {
      pages.follow([{ ...RUN, ...news }]);
      await wait(5);
    }
    assert.deepEqual(asked, ["running 3", "running 4", "running 5", "finished 5"]);
    assert.match(panels.at(-1)?.html.at(-1) ?? "", /finished, 1 finding/);
  });

  it("has the last news, however fast they come", async () => {
    const pages = new Pages(details, 5);
    await pages.show("Run", [RUN]);
    for (let epoch = 4; epoch < 100; epoch++) {
      pages.follow([{ ...RUN, epoch }]);
    }
    while (asked.at(-1) !== "running 99") {
      await wait(5);
    }
    assert.ok(asked.length < 10);
  });

  it("comes to the front when its runs are asked for again, and is another for others", async () => {
    const pages = new Pages(details, 0);
    await pages.show("Run", [RUN]);
    const first = panels.at(-1);
    await pages.show("Run", [{ ...RUN, epoch: 4 }]);
    assert.ok(first?.isRevealed && panels.at(-1) === first);
    await pages.show("Compare runs", [RUN, { ...RUN, run: "other" }]);
    assert.notEqual(panels.at(-1), first);
    first.close();
    await pages.show("Run", [RUN]);
    assert.notEqual(panels.at(-1), first);
  });

  it("is left alone once it is closed", async () => {
    const pages = new Pages(details, 0);
    await pages.show("Run", [RUN]);
    panels.at(-1)?.close();
    pages.follow([{ ...RUN, epoch: 4 }]);
    await wait(5);
    assert.deepEqual(asked, ["running 3"]);
  });

  it("keeps what it shows while there is no server to ask, and is drawn again by the next", async () => {
    let isUp = true;
    const pages = new Pages((run) => Promise.resolve(isUp ? { ...RUN, ...run } : undefined), 0);
    await pages.show("Run", [RUN]);
    isUp = false;
    pages.follow([{ ...RUN, epoch: 4 }]);
    await wait(5);
    assert.equal(panels.at(-1)?.html.length, 1);
    isUp = true;
    pages.follow([{ ...RUN, epoch: 4 }]);
    await wait(5);
    assert.equal(panels.at(-1)?.html.length, 2);
  });

  it("is closed with the extension", async () => {
    const pages = new Pages(details, 0);
    await pages.show("Run", [RUN]);
    pages.dispose();
    pages.follow([{ ...RUN, epoch: 4 }]);
    await wait(5);
    assert.deepEqual(asked, ["running 3"]);
  });
});

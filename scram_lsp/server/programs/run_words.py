"""What a stored run saw, as Markdown: beside a layer, a call of `fit`, a learning rate, and as a page of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from scram_analyzers.run.records import EpochRecord
from scram_analyzers.run.wording import rounded
from scram_lsp.server.findings.diagnostics import clock_of
from scram_lsp.server.programs.last_observations import LastObservations
from scram_lsp.server.programs.outline import LayerUse, shape_text

EPOCHS_SHOWN = 6
COLUMNS_SHOWN = 6

LONG_AGO = 4
"""A run that has taken so many times as many steps since a look may stand quite otherwise."""


def layer_words(use: LayerUse, last: LastObservations | None) -> str:
    """A layer: its class, shapes and weights, and what the last run saw there."""
    parts = [f"**{use.class_name}**" + (f" `{use.name}`" if use.name else "")]
    if use.output_shape is not None:
        before = f"{shape_text(use.input_shape)} → " if use.input_shape is not None else ""
        parts.append(f"{before}{shape_text(use.output_shape)}")
    if use.parameters is not None:
        parts.append(f"{use.parameters:,} weights")
    text = " · ".join(parts)
    seen = "; ".join(_seen_at(use, last)) if last is not None else ""
    return f"{text}\n\n{_heading(last)}: {seen}." if seen and last is not None else text


def fit_words(last: LastObservations) -> str | None:
    """The losses of the last run as a small table; None when it had no epoch."""
    if not last.epochs:
        return None
    return f"{_heading(last)}, {last.state}:\n\n{_table(last.epochs)}"


def rate_words(last: LastObservations) -> str | None:
    """The learning rate over the last run; None when the run did not write it down."""
    rates = last.learning_rates()
    if not rates:
        return None
    first, end = rates[0][1], rates[-1][1]
    if all(rate == first for _, rate in rates):
        return f"{_heading(last)}: the learning rate stayed at {rounded(first)}."
    changes = [rates[0], *(now for before, now in itertools.pairwise(rates) if now[1] != before[1])]
    if len(changes) > EPOCHS_SHOWN:
        return (
            f"{_heading(last)}: the learning rate went from {rounded(first)} to {rounded(end)} in {len(rates)} epochs."
        )
    steps = ", ".join(f"{rounded(rate)} (epoch {epoch})" for epoch, rate in changes)
    return f"{_heading(last)}: the learning rate went {steps}."


def run_page(last: LastObservations) -> str:
    """A run as a page: when, how it ended, its epochs and its findings."""
    lines = [f"# {_heading(last)} of {Path(last.run.script).name}", "", f"`{last.run.run}`, {last.state}.", ""]
    if last.epochs:
        lines += ["## Epochs", "", _table(last.epochs, len(last.epochs)), ""]
    lines += ["## Findings", ""]
    for stored in last.findings:
        finding = stored.finding
        place = f"{Path(finding.filename).name}:{finding.range.start.line}"
        lines += [f"- **{finding.name}** ({finding.code}, {finding.severity.value}) at {place}: {finding.message}"]
    if not last.findings:
        lines += ["Nothing was found in this run."]
    return "\n".join([*lines, ""])


def _heading(last: LastObservations) -> str:
    clock = clock_of(last.run.started)
    run = f"Run of {clock}" if clock else "Last run"
    return run if last.is_of_text else f"{run} (before the last changes)"


def _seen_at(use: LayerUse, last: LastObservations) -> Iterator[str]:
    seen = last.layer(use)
    if seen is None or last.probe is None:
        return
    norm = last.gradient_norm(seen.layer)
    if norm is not None:
        yield f"gradient norm {rounded(norm)}"
    if seen.mean is not None and seen.deviation is not None:
        yield f"output {rounded(seen.mean)} ± {rounded(seen.deviation, 2)}"
    if seen.dead_share is not None:
        yield f"{seen.dead_share:.0%} of its units dead"
    if seen.saturated_share is not None:
        yield f"{seen.saturated_share:.0%} of its units saturated"
    if seen.nonfinite:
        yield f"{seen.nonfinite:,} outputs NaN or infinite"
    yield _when(last.probe.step, last.epochs)


def _when(step: int, epochs: Sequence[EpochRecord]) -> str:
    """When a layer was looked at; a run without time for more looks has gone on long since."""
    taken = epochs[-1].step if epochs else step
    if taken < LONG_AGO * step:
        return f"at step {step:,}"
    return f"at step {step:,}, the last look at it; the run has come to step {taken:,} since"


def _table(epochs: Sequence[EpochRecord], shown: int = EPOCHS_SHOWN) -> str:
    names = list(dict.fromkeys(name for epoch in epochs for name, _ in epoch.logs))[:COLUMNS_SHOWN]
    rows = [["epoch", *names], ["---:"] * (len(names) + 1)]
    kept = epochs if len(epochs) <= shown else [*epochs[: shown // 2], None, *epochs[-(shown - shown // 2) :]]
    for epoch in kept:
        if epoch is None:
            rows.append(["…"] * (len(names) + 1))
            continue
        values = (epoch.value(name) for name in names)
        rows.append([str(epoch.epoch), *("" if value is None else rounded(value, 4) for value in values)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)

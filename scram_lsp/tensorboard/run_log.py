"""What TensorBoard shows of a run: findings as texts, probes and losses as curves, weights as histograms."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scram_analyzers.findings import Finding
from scram_analyzers.run.records import (
    EpochRecord,
    LayerObservation,
    PanelRecord,
    ProbeRecord,
    StepRecord,
    WeightObservation,
)
from scram_lsp.store.observations import Record
from scram_lsp.store.thinning import Thinning
from scram_lsp.tensorboard.event_file import EventFile, Histogram

if TYPE_CHECKING:
    import numpy.typing as npt

STEPS_FULL = 2_000
"""So many batch losses are written one by one; see `Thinning` for the later ones."""

BINS = 30


class RunLog:
    """Writes one run into a folder of its own inside `folder`. The first fault is said in one line, and ends it."""

    def __init__(self, folder: Path, run: str, say: Callable[[str], None]) -> None:
        self._folder = folder / run
        self._say = say
        self._steps = Thinning(STEPS_FULL)
        self._file: EventFile | None = None
        try:
            self._file = EventFile(self._folder)
        except ImportError as error:
            say(f"nothing is written for TensorBoard: {error}; pip install tensorboard")
        except OSError as error:
            self._give_up(error)

    def add_finding(self, finding: Finding) -> None:
        """A finding, as a text at its step."""
        step = finding.moment.step if finding.moment is not None else None
        tag = f"scram findings/{finding.code} {finding.name}"
        self._write(lambda file: file.add_text(tag, as_markdown(finding), step or 0))

    def observe(self, record: Record) -> None:
        """A record, as points of curves."""
        if isinstance(record, StepRecord) and not self._steps.keeps_next():
            return
        points = list(_points(record))
        self._write(lambda file: _add_points(file, points, getattr(record, "step", 0)))

    def add_histograms(self, histograms: Iterable[tuple[str, Histogram]], step: int) -> None:
        """The distribution of each weight, as `histograms_of` gives it."""
        self._write(lambda file: _add_histograms(file, histograms, step))

    def close(self) -> None:
        """Write what is left."""
        self._write(lambda file: file.close())
        self._file = None

    def _write(self, action: Callable[[EventFile], None]) -> None:
        if self._file is None:
            return
        try:
            action(self._file)
        except (OSError, ValueError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._file = None
        self._say(f"no more is written for TensorBoard: {self._folder} can't be used ({error})")


def as_markdown(finding: Finding) -> str:
    """A finding as TensorBoard's text page shows it."""
    cell = f"cell {finding.cell}:" if finding.cell is not None else ""
    start = finding.range.start
    place = f"{os.path.basename(finding.filename)}:{cell}{start.line}:{start.column + 1}"
    parts = [
        f"**{finding.severity.value}: {finding.name}** ({finding.code}) at `{place}`",
        finding.message,
        f"*Why it matters:* {finding.why}",
        f"*What to do:* {finding.how}",
    ]
    if finding.recipe:
        parts.append("```python\n" + finding.recipe.rstrip() + "\n```")
    if finding.url:
        parts.append(f"[More about this rule]({finding.url})")
    return "\n\n".join(parts)


def histograms_of(weights: Iterable[tuple[str, npt.NDArray[Any]]]) -> list[tuple[str, Histogram]]:
    """The distribution of each weight's finite values; a weight without any is left out."""
    return [(name, histogram) for name, values in weights if (histogram := histogram_of(values))]


def histogram_of(values: npt.NDArray[Any]) -> Histogram | None:
    """The distribution of the finite values; None without any."""
    import numpy as np

    finite = np.asarray(values, dtype=np.float64).ravel()
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return None
    counts, edges = np.histogram(finite, BINS)
    return Histogram(
        limits=edges[1:].tolist(),
        counts=counts.tolist(),
        minimum=float(finite.min()),
        maximum=float(finite.max()),
        total=float(finite.sum()),
        total_of_squares=float(np.square(finite).sum()),
    )


def _points(record: Record) -> Iterator[tuple[str, float | None]]:
    if isinstance(record, StepRecord):
        yield "scram loss/batch", record.loss
    elif isinstance(record, EpochRecord):
        for name, value in record.logs:
            yield f"scram epochs/{name}", value
    elif isinstance(record, ProbeRecord):
        yield "scram loss/probe", record.loss
        yield "scram loss/probe in inference mode", record.inference_loss
        yield "scram loss/penalty", record.penalty
        for layer in record.layers:
            yield from _layer_points(layer)
        for weight in record.weights:
            yield from _weight_points(weight)
    elif isinstance(record, PanelRecord):
        for output in record.outputs:
            yield f"scram predictions/{output.name} mean", output.mean
            yield f"scram predictions/{output.name} deviation", output.deviation


def _layer_points(layer: LayerObservation) -> Iterator[tuple[str, float | None]]:
    name = f"scram activations/{layer.layer}"
    yield f"{name} mean", layer.mean
    yield f"{name} deviation", layer.deviation
    yield f"{name} share of zeros", layer.zero_share
    yield f"{name} share of dead units", layer.dead_share
    yield f"{name} share of saturated units", layer.saturated_share


def _weight_points(weight: WeightObservation) -> Iterator[tuple[str, float | None]]:
    yield f"scram weights/{weight.weight} norm", weight.norm
    yield f"scram gradients/{weight.weight} norm", weight.gradient_norm
    yield f"scram updates/{weight.weight} ratio", weight.update_ratio


def _add_points(file: EventFile, points: Iterable[tuple[str, float | None]], step: int) -> None:
    for tag, value in points:
        if value is not None and math.isfinite(value):
            file.add_scalar(tag, value, step)


def _add_histograms(file: EventFile, histograms: Iterable[tuple[str, Histogram]], step: int) -> None:
    for name, histogram in histograms:
        file.add_histogram(f"scram weights/{name}", histogram, step)

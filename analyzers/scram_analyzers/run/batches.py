"""Whether a run made few steps because each batch held much of its data."""

from __future__ import annotations

from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory, asked_once

SHARE = 0.5
"""A batch with more of the rows than this is a large one (catalogue C5)."""

FEWEST_ROWS = 100
"""A handful of rows may well be one batch. Ours."""


@dataclass(frozen=True, slots=True)
class LargeBatches:
    """Batches of `size` of `rows` training rows, so that an epoch has `steps` steps."""

    size: int
    rows: int
    steps: int


@asked_once
def large_batches(history: RunHistory) -> LargeBatches | None:
    """None when they are small, or their size or that of the data can't be told."""
    info = history.info
    steps = info.steps_per_epoch or (history.epochs[0].step if history.epochs else None)
    size = info.batch_size or _most_rows(history)
    rows = info.training_samples or (size if steps == 1 else None)
    if steps is None or size is None or rows is None or rows < FEWEST_ROWS or size <= SHARE * rows:
        return None
    return LargeBatches(size, rows, steps)


def _most_rows(history: RunHistory) -> int | None:
    """Of the batches that were looked at."""
    shapes = (array.shape for record in history.steps for array in record.arrays)
    return max((shape[0] for shape in shapes if shape and shape[0] is not None), default=None)

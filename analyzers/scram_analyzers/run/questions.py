"""What a model is asked once its training is over, beside what it was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from scram_analyzers.run.data_parts import input_pairs
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.input_range import WEIGHING_LAYERS
from scram_analyzers.run.records import DataArray

FEW_ROWS = 10
"""Of fewer rows small values say nothing: a dark picture, a quiet stretch of a series. Large ones do. Ours."""


def question_inputs(history: RunHistory) -> Iterator[tuple[DataArray, DataArray]]:
    """Each input of training with that of the question, where their sizes can be compared.

    A layer that may scale its input itself is given what it likes, and beyond a single column people look on purpose:
    how does the line go on?
    """
    readers = dict(history.probes[-1].readers) if history.probes else {}
    for train, asked in input_pairs(history, "asked"):
        is_weighed = (asked.consumer or readers.get(asked.name)) in WEIGHING_LAYERS
        is_small = (asked.deviation or 0.0) < (train.deviation or 0.0)
        is_enough = (asked.rows or 0) >= FEW_ROWS or not is_small
        if is_weighed and is_enough and prod(size or 1 for size in asked.shape[1:]) > 1:
            yield train, asked


def question_target(history: RunHistory) -> tuple[DataArray | None, DataArray | None]:
    """The only target of training and of the question; None where there is none, or several."""
    if history.data is None or history.question is None:
        return None, None
    targets = [each for each in history.question.arrays if each.role == "target"]
    is_enough = len(targets) == 1 and (targets[0].rows or 0) >= FEW_ROWS
    return history.data.array("training", "target"), targets[0] if is_enough else None

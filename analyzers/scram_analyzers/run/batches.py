"""What batches hold: whether few of them hold all the data, and whether each holds one class."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.records import LabelForm, StepRecord, StreamRecord
from scram_analyzers.run.task import CATEGORICAL, targets, the_output

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
    shapes = (array.shape for record in history.looked_at for array in record.arrays)
    return max((shape[0] for shape in shapes if shape and shape[0] is not None), default=None)


NEIGHBOURS = 1
"""A batch of sorted labels holds one class, or the end of one and the begin of the next."""

ROWS_IN_BATCH = 8
BATCHES = 4
CLASSES = 3
SORTED_SHARE = 0.9
"""So many batches of so many rows are looked at, nine of ten must hold neighbours only, and these must begin at three
classes: rare classes of mixed rows never fill a batch. Ours.
"""


@asked_once
def sorted_batches(history: RunHistory) -> int | None:
    """How many batches were looked at when their labels, which are class numbers, come sorted; else None."""
    output, stream = the_output(history), history.stream
    if output is None and any(each.loss in CATEGORICAL for each in history.info.outputs):
        return stream.labelled_batches if stream is not None and _is_sorted(stream) else None
    if output is not None and output.loss == "binary_crossentropy":
        return _one_class_first(history)
    if output is None or output.loss not in CATEGORICAL:
        return None
    if output.loss == "categorical_crossentropy":  # the range of one-hot rows tells nothing
        return stream.labelled_batches if stream is not None and _is_sorted(stream) else None
    ranges = target_ranges(history, ROWS_IN_BATCH)
    starts = [low for low, high in ranges if high - low <= NEIGHBOURS]
    is_sorted = len(ranges) >= BATCHES and len(starts) >= SORTED_SHARE * len(ranges) and len(set(starts)) >= CLASSES
    return len(ranges) if is_sorted else None


def _is_sorted(stream: StreamRecord) -> bool:
    batches, narrow = stream.labelled_batches, stream.narrow_batches
    return batches >= BATCHES and narrow >= SORTED_SHARE * batches and stream.narrow_starts >= CLASSES


TWO_CLASSES_SHARE = 0.75
EACH = 2
"""Of batches of rows of two classes, so many hold one class only, and of each class there are so many batches. Ours."""


def _one_class_first(history: RunHistory) -> int | None:
    """How many batches were looked at where in each epoch those of one class came before those of the other."""
    epochs: dict[int, list[tuple[float, float]]] = {}
    for record in history.looked_at:
        for each in record.arrays:
            of_one_unit = bool(each.shape) and (each.shape[0] or 0) >= ROWS_IN_BATCH and set(each.shape[1:]) <= {1}
            if each.role == "target" and of_one_unit and each.minimum is not None and each.maximum is not None:
                epochs.setdefault(record.epoch, []).append((each.minimum, each.maximum))
    looked = sum(map(len, epochs.values()))
    alone = [[low for low, high in ranges if low == high] for ranges in epochs.values()]
    turns = sum(before != after for labels in alone for before, after in pairwise(labels))
    counts = Counter(itertools.chain.from_iterable(alone))
    is_sorted = (
        len(counts) == 2
        and min(counts.values()) >= EACH
        and counts.total() >= TWO_CLASSES_SHARE * looked
        and turns <= len(epochs)
    )
    return looked if is_sorted and looked >= BATCHES else None


def target_ranges(history: RunHistory, fewest_rows: int = 0) -> list[tuple[float, float]]:
    """The smallest and the largest target of each batch that was looked at and holds so many rows."""
    return [
        (each.minimum, each.maximum)
        for record in history.looked_at
        for each in record.arrays
        if each.role == "target" and each.minimum is not None and each.maximum is not None
        if not fewest_rows or (each.shape and (each.shape[0] or 0) >= fewest_rows)
    ]


@dataclass(frozen=True, slots=True)
class BatchTargets:
    """Measured targets of the batches that were looked at: their name, range, deviation and mean square."""

    name: str
    low: float
    high: float
    deviation: float
    square: float


FEWEST_BATCHES = 3


def batch_targets(history: RunHistory) -> BatchTargets | None:
    """None for whole numbers, which may be classes, for several arrays, and before some batches were looked at."""
    seen = [each for record in history.looked_at for each in record.arrays if each.role == "target"]
    known = [each for each in seen if each.mean is not None and each.deviation is not None and not each.nonfinite]
    if len(known) < FEWEST_BATCHES or len({each.name for each in seen}) > 1 or "float" not in known[0].dtype:
        return None
    mean = statistics.fmean(each.mean or 0.0 for each in known)
    square = statistics.fmean((each.mean or 0.0) ** 2 + (each.deviation or 0.0) ** 2 for each in known)
    low, high = min(each.minimum or 0.0 for each in known), max(each.maximum or 0.0 for each in known)
    return BatchTargets(known[0].name, low, high, math.sqrt(max(0.0, square - mean**2)), square)


LOOKED = 8
"""So many batches, from two epochs or more, tell whether a stream has any other target. Ours."""


@asked_once
def only_target(history: RunHistory) -> float | None:
    """The one value that all targets of training have, in the whole array or in every batch that was looked at."""
    array = targets(history)
    if array is not None and array.rows is not None and array.minimum is not None:
        if array.rows < FEWEST_ROWS or array.rows_read != array.rows:
            return None
        if array.label_form is LabelForm.ONE_HOT:
            present = [label for label, count in array.classes if count]
            return present[0] if len(present) == 1 else None
        return array.minimum if array.minimum == array.maximum else None
    ranges, epochs = target_ranges(history), {record.epoch for record in history.looked_at}
    values = {end for pair in ranges for end in pair}
    if values == {0.0, 1.0} and history.info.losses == ("categorical_crossentropy",) and history.stream is not None:
        values = {label for label, count in history.stream.labels if count}  # the range of one-hot rows says nothing
    return values.pop() if len(values) == 1 and len(ranges) >= LOOKED and len(epochs) > 1 else None


RISING_BATCHES = 6
"""So many batches, the targets of each beyond all those of the batch before, are no chance. Ours."""


@asked_once
def batches_by_size(history: RunHistory) -> bool | None:
    """Whether the measured targets of an epoch rise (True) or fall (False) from each batch to the next; else None."""
    output = the_output(history)
    if output is None or output.loss is None or output.loss.endswith("crossentropy"):
        return None
    epochs: dict[int, list[tuple[float, float]]] = {}
    for record in history.steps:
        epochs.setdefault(record.epoch, []).extend(_measured_range(record))
    for ranges in epochs.values():
        pairs = list(pairwise(ranges))
        if len(ranges) < RISING_BATCHES:
            continue
        if all(before[1] <= after[0] for before, after in pairs):
            return True
        if all(before[0] >= after[1] for before, after in pairs):
            return False
    return None


def _measured_range(record: StepRecord) -> Iterator[tuple[float, float]]:
    """The range of the targets of a batch of enough rows, which are not all the same."""
    for each in record.arrays:
        if each.role != "target" or each.minimum is None or each.maximum is None or not each.shape:
            continue
        if (each.shape[0] or 0) >= ROWS_IN_BATCH and each.minimum < each.maximum and each.shape[1:] in ((), (1,)):
            yield each.minimum, each.maximum

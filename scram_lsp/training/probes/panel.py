"""Predictions on a fixed set of rows, looked at again and again while a model trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scram_analyzers.run.records import LabelForm, OutputStatistics, PanelRecord
from scram_lsp.training.data.array_statistics import named_leaves
from scram_lsp.training.data.label_form import label_form
from scram_lsp.training.host_arrays import as_array

PANEL_ROWS = 512

MAX_PANEL_BYTES = 16 * 2**20

MAX_CONFUSED_CLASSES = 64
"""A confusion matrix of more classes is mostly zeros for so few rows, and is left out."""

Array = npt.NDArray[Any]


class PanelRows:
    """The rows of a panel and their targets, in numpy: given at once, or batch by batch as they come by.

    Full once there are `PANEL_ROWS` rows or they would take more than `MAX_PANEL_BYTES`.
    """

    def __init__(self, is_validation: bool) -> None:
        self.is_validation = is_validation
        self._parts: list[tuple[Any, Any]] = []
        self.count = 0
        self.byte_size = 0
        self.is_full = False

    def add(self, x: Any, y: Any) -> None:
        """Add the first rows of these inputs and targets, as many as there is room for.

        Raises `TypeError` for inputs without rows of numbers or texts.
        """
        rows = min(_row_count(x), PANEL_ROWS - self.count)
        sizes = [_row_bytes(leaf) for _, leaf in named_leaves("x", x)]
        rows = min(rows, (MAX_PANEL_BYTES - self.byte_size) // max(1, sum(sizes)))
        if rows > 0 and not self.is_full:
            self._parts.append((_map(x, lambda leaf: _head(leaf, rows)), _map(y, lambda leaf: _head(leaf, rows))))
            self.count += rows
            self.byte_size += rows * sum(sizes)
        self.is_full = rows == 0 or self.count >= PANEL_ROWS

    def add_at(self, x: Any, y: Any, places: npt.NDArray[np.intp]) -> None:
        """Add the rows at `places` of numpy arrays."""
        sizes = sum(_row_bytes(leaf) for _, leaf in named_leaves("x", x))
        fitting = max(1, MAX_PANEL_BYTES // max(1, sizes))
        places = places if len(places) <= fitting else places[:: -(-len(places) // fitting)]
        self.add(_map(x, lambda leaf: leaf[places]), _map(y, lambda leaf: leaf[places]))

    def chunks(self, size: int) -> Iterator[tuple[Any, Any]]:
        """Inputs and targets in chunks of exactly `size` rows; a rest that is smaller is left out."""
        if not self._parts:
            return
        x, y = (_joined([part[place] for part in self._parts]) for place in (0, 1))
        self._parts = [(x, y)]
        for start in range(0, self.count - size + 1, size):
            yield (
                _map(x, lambda leaf, at=start: leaf[at : at + size]),
                _map(y, lambda leaf, at=start: leaf[at : at + size]),
            )


def panel_record(
    step: int, epoch: int, is_validation: bool, names: Sequence[str], predictions: Sequence[tuple[Any, Any]]
) -> PanelRecord:
    """The record of what a model predicted (`predictions` are pairs of outputs and targets, chunk by chunk)."""
    outputs = [[leaf for _, leaf in named_leaves("", output)] for output, _ in predictions]
    targets = [[leaf for _, leaf in named_leaves("", target)] for _, target in predictions]
    found, rows = [], 0
    for place, leaves in enumerate(zip(*outputs, strict=True)):
        output = np.concatenate([np.asarray(leaf, np.float32) for leaf in leaves])
        rows = len(output)
        has_target = all(len(each) == len(outputs[0]) for each in targets)
        target = np.concatenate([each[place] for each in targets]) if has_target else None
        name = names[place] if place < len(names) else f"output {place + 1}"
        found.append(output_statistics(name, output, target))
    return PanelRecord(step, epoch, rows, is_validation, tuple(found))


def output_statistics(name: str, output: Array, target: Array | None) -> OutputStatistics:
    """What one output of the model holds for the rows of a panel."""
    bad = int(output.size - np.count_nonzero(np.isfinite(output)))
    sound = output[np.isfinite(output)] if bad else output
    if not sound.size:
        sound = np.zeros(1, np.float32)
    sums = output.sum(axis=-1) if output.ndim > 1 and output.shape[-1] > 1 and not bad else None
    numbers = target if target is not None and target.dtype.kind in "biuf" and target.size else None
    return OutputStatistics(
        name=name,
        minimum=float(sound.min()),
        maximum=float(sound.max()),
        mean=float(sound.mean(dtype=np.float64)),
        deviation=float(sound.std(dtype=np.float64)),
        target_mean=float(numbers.mean(dtype=np.float64)) if numbers is not None else None,
        target_deviation=float(numbers.std(dtype=np.float64)) if numbers is not None else None,
        row_sum_minimum=float(sums.min()) if sums is not None else None,
        row_sum_maximum=float(sums.max()) if sums is not None else None,
        confusion=confusion(output, numbers) if numbers is not None and not bad else (),
        nonfinite=bad,
    )


def confusion(output: Array, target: Array) -> tuple[tuple[int, ...], ...]:
    """Counts of true class (row) and predicted class; empty for what is no classification of few classes.

    A single unit is taken for class 1 above one half, or above zero when the outputs are no probabilities.
    """
    form = label_form(target)
    classes = output.shape[-1] if output.ndim > 1 else 1
    if classes == 1 and form is LabelForm.BINARY and target.size == output.size:
        middle = 0.5 if output.min() >= 0 and output.max() <= 1 else 0.0
        return _table(target.ravel(), output.ravel() > middle, 2)
    if not 1 < classes <= MAX_CONFUSED_CLASSES:
        return ()
    predicted = output.argmax(axis=-1).ravel()
    if form is LabelForm.ONE_HOT and target.shape == output.shape:
        return _table(target.argmax(axis=-1).ravel(), predicted, classes)
    if form in (LabelForm.CLASS_INDICES, LabelForm.BINARY) and target.size == predicted.size:
        return _table(target.ravel(), predicted, classes)
    return ()


def _table(true: Array, predicted: Array, classes: int) -> tuple[tuple[int, ...], ...]:
    known = (true >= 0) & (true < classes)
    cells = true[known].astype(np.intp) * classes + predicted[known]
    counts = np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
    return tuple(tuple(int(count) for count in row) for row in counts)


def _row_count(x: Any) -> int:
    counts = {_rows_of(leaf) for _, leaf in named_leaves("x", x)}
    if len(counts) != 1:
        raise TypeError("the inputs have no rows in common")
    return counts.pop()


def _rows_of(leaf: Any) -> int:
    shape = getattr(leaf, "shape", None)
    if shape is None or not len(shape) or shape[0] is None or not hasattr(leaf, "__getitem__"):
        raise TypeError(f"an input of type {type(leaf).__name__} has no rows")
    return int(shape[0])


def _row_bytes(leaf: Any) -> int:
    return 8 * int(np.prod(leaf.shape[1:]))


def _head(leaf: Any, rows: int) -> Array:
    if _is_of_parts(leaf) or hasattr(leaf, "tocsr"):  # of TensorFlow's, or of scipy's
        raise TypeError("ragged, sparse and distributed rows are not kept")
    head = leaf.iloc[:rows] if hasattr(leaf, "iloc") else leaf[:rows]
    return np.array(as_array(head))


def _is_of_parts(leaf: Any) -> bool:
    if hasattr(leaf, "to_numpy"):  # a table, of which `values` would be a copy
        return False
    parts = (getattr(leaf, name, None) for name in ("flat_values", "values"))
    return any(part is not None and not callable(part) for part in parts)


def _map(structure: Any, change: Any) -> Any:
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return {key: _map(value, change) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return [_map(value, change) for value in structure]
    return change(structure)


def _joined(parts: Sequence[Any]) -> Any:
    """Structures of one form with their arrays put behind one another."""
    first = parts[0]
    if first is None:
        return None
    if isinstance(first, Mapping):
        return {key: _joined([part[key] for part in parts]) for key in first}
    if isinstance(first, list):
        return [_joined([part[place] for part in parts]) for place in range(len(first))]
    return np.concatenate(parts)

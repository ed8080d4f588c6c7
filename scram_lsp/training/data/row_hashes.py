"""Which rows of the training and the validation data are the same, by hashing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MAX_ROWS = 100_000
"""Of longer arrays so many rows, evenly spread, are compared."""

SKETCH_VALUES = 64
"""Values of a wide row that are hashed first; only rows that agree in them are hashed in full."""

MAX_COMPARED_BYTES = 64_000_000
"""Rows that agree in their sketch are hashed in full up to so many bytes; of more, every other or n-th value."""

MAX_TEXTS = 200_000
"""Of more texts none is read: that would take more than a few hundredths of a second."""

Array = npt.NDArray[Any]
Hashes = npt.NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class SameRows:
    """Counts as in `DataRecord`; None where they could not be told."""

    training_rows: int = 0
    validation_rows: int = 0
    duplicate_rows: int | None = None
    shared_rows: int | None = None
    conflicting_rows: int | None = None


def same_rows(training: Sequence[Array], targets: Sequence[Array], validation: Sequence[Array]) -> SameRows:
    """Compare rows of inputs (several arrays are one row together), and the targets of equal ones.

    Equal means equal to the last bit in every value that was compared (see `MAX_COMPARED_BYTES`).
    """
    if not _are_tables(training):
        return SameRows()
    has_others = _are_tables(validation) and _are_alike(training, validation)
    parts = [_Rows(training), *([_Rows(validation)] if has_others else [])]
    own, *others = _hashes(parts)
    shared = np.isin(others[0], own[own != 0]) & (others[0] != 0) if others else None
    has_targets = _are_tables([*targets, training[0]]) and len(targets) > 0
    return SameRows(
        training_rows=len(own),
        validation_rows=len(others[0]) if others else 0,
        duplicate_rows=_repeats(own),
        shared_rows=int(np.count_nonzero(shared)) if shared is not None else None,
        conflicting_rows=_conflicts(own, _Rows(targets).hashes(1)) if has_targets else None,
    )


class _Rows:
    """Up to `MAX_ROWS` rows of several arrays of one length, each a matrix; nothing is copied before it is hashed."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self._matrices = [array.reshape(len(array), -1) for array in arrays]
        length = len(arrays[0])
        self._chosen = np.linspace(0, length - 1, MAX_ROWS).astype(np.intp) if length > MAX_ROWS else None
        self.row_bytes = sum(matrix.shape[1] * matrix.itemsize for matrix in self._matrices)
        self.row_values = sum(matrix.shape[1] for matrix in self._matrices)

    def hashes(self, stride: int, places: npt.NDArray[np.intp] | None = None) -> Hashes:
        """A hash of every `stride`-th value of each row (of those at `places`)."""
        if places is None:
            chosen: Any = self._chosen if self._chosen is not None else slice(None)
        else:
            chosen = self._chosen[places] if self._chosen is not None else places
        return hash_rows([matrix[:, :: min(stride, matrix.shape[1])][chosen] for matrix in self._matrices])


def _hashes(parts: Sequence[_Rows]) -> list[Hashes]:
    """For each part the hashes of its rows; 0 for a row that equals no other."""
    stride = -(-parts[0].row_values // SKETCH_VALUES)
    sketches = [part.hashes(stride) for part in parts]
    _, groups, counts = np.unique(np.concatenate(sketches), return_inverse=True, return_counts=True)
    is_candidate = np.split(counts[groups] > 1, [len(sketches[0])])[: len(parts)]
    candidates = sum(int(np.count_nonzero(each)) for each in is_candidate)
    stride = -(-parts[0].row_bytes * candidates // MAX_COMPARED_BYTES) or 1
    hashes = []
    for part, marks in zip(parts, is_candidate, strict=True):
        hashes.append(np.zeros(len(marks), np.uint64))
        places = np.flatnonzero(marks)
        hashes[-1][places] = part.hashes(stride, places)
    return hashes


def _are_tables(arrays: Sequence[Array]) -> bool:
    lengths = {len(array) if array.ndim else 0 for array in arrays}
    return len(lengths) == 1 and lengths != {0} and all(array.dtype.kind in "biuf" for array in arrays)


def _are_alike(one: Sequence[Array], other: Sequence[Array]) -> bool:
    return (
        _are_tables(other)
        and len(one) == len(other)
        and all(a.shape[1:] == b.shape[1:] and a.dtype == b.dtype for a, b in zip(one, other, strict=True))
    )


def with_numbered_texts(array: Array) -> Array:
    """An array of texts with a number in place of each, the same for equal texts within a process; others as they are.

    So rows can be compared that hold names and words beside what was measured.
    """
    if array.dtype.kind not in "SUO" or array.size > MAX_TEXTS:
        return array
    values = array.ravel().tolist()
    if not all(isinstance(value, str | bytes) for value in values):
        return array
    return np.fromiter(map(hash, values), np.int64, len(values)).reshape(array.shape)


def hash_rows(columns: Sequence[Array]) -> Hashes:
    """A 64-bit hash of each row of matrices of one length, never 0."""
    total: Hashes = np.zeros(len(columns[0]), np.uint64)
    for array in columns:
        matrix = np.ascontiguousarray(array)
        words = np.zeros((len(matrix), -(-matrix.shape[1] * matrix.itemsize // 8)), np.uint64)
        words.view(np.uint8)[:, : matrix.shape[1] * matrix.itemsize] = matrix.view(np.uint8)
        words ^= words >> np.uint64(29)
        weights = np.random.default_rng(0).integers(1, 2**64, words.shape[1], np.uint64) | np.uint64(1)
        total = total * _ODD + np.einsum("ij,j->i", words, weights)
    total |= np.uint64(1)
    return total


def _repeats(hashes: Hashes) -> int:
    compared = hashes[hashes != 0]
    return int(compared.size - np.unique(compared).size)


def _conflicts(hashes: Hashes, targets: Hashes) -> int:
    """Rows whose inputs equal those of a row with another target."""
    compared = hashes != 0
    _, groups = np.unique(hashes[compared], return_inverse=True)
    targets = targets[compared]
    if groups.size == 0:
        return 0
    lowest = np.full(groups.max() + 1, np.iinfo(np.uint64).max, np.uint64)
    highest = np.zeros(groups.max() + 1, np.uint64)
    np.minimum.at(lowest, groups, targets)
    np.maximum.at(highest, groups, targets)
    return int(np.count_nonzero((lowest != highest)[groups]))

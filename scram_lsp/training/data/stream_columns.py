"""Whether the first rows of a stream hold their own targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from scram_lsp.training.data.array_statistics import named_leaves
from scram_lsp.training.data.row_hashes import with_numbered_texts
from scram_lsp.training.data.target_columns import MIN_DISTINCT, MIN_ROWS, Array, columns_that_say_the_target, numbered
from scram_lsp.training.host_arrays import as_array

ROWS = 128
"""So many rows are enough."""

BATCHES = 32
"""Of no more batches, be they small."""

ROWS_OF_CLASS = 20
"""Of each class there are so many among these rows, or nothing is told. Ours."""

MAX_BYTES = 16_000_000
"""Wider rows are left alone."""


class StreamColumns:
    """Gathers the first rows, until there are enough of them; `columns` are those of `columns_that_say_the_target`.

    Of classes nothing is told where one is in so few rows that a column may agree with it by chance. Columns are
    compared when they are asked for: in a step that would take as long as many looks, and the budget of a short run
    would allow no other.
    """

    def __init__(self) -> None:
        self._columns: tuple[str, ...] = ()
        self._inputs: list[list[tuple[str, Array]]] = []
        self._targets: list[Array] = []
        self._is_over = False

    def look(self, x: Any, y: Any) -> None:
        """See a batch."""
        if self._is_over:
            return
        inputs, targets = _arrays("x", x), _arrays("y", y)
        if not inputs or len(targets) != 1 or sum(array.nbytes for _, array in inputs) > MAX_BYTES / BATCHES:
            self._is_over, self._inputs, self._targets = True, [], []
            return
        self._inputs.append(inputs)
        self._targets.append(targets[0][1])
        self._is_over = sum(map(len, self._targets)) >= ROWS or len(self._targets) >= BATCHES

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say the target, once enough rows were seen."""
        if self._is_over and self._targets:
            self._compare()
        return self._columns

    def _compare(self) -> None:
        inputs, targets = self._inputs, self._targets
        self._inputs, self._targets = [], []
        alike = {tuple((name, array.shape[1:]) for name, array in each) for each in inputs}
        if len(alike) != 1 or len({array.shape[1:] for array in targets}) != 1:
            return
        target = np.concatenate(targets)
        values, counts = np.unique(numbered(target), return_counts=True)
        if len(target) < MIN_ROWS or (len(values) <= MIN_DISTINCT and counts.min() < ROWS_OF_CLASS):
            return
        joined = [(parts[0][0], np.concatenate([array for _, array in parts])) for parts in zip(*inputs, strict=True)]
        self._columns = columns_that_say_the_target(joined, target)


def _arrays(name: str, structure: Any) -> list[tuple[str, Array]]:
    """The arrays of numbers in rows, texts beside them left out; none where there is anything else."""
    found: list[tuple[str, Array]] = []
    for each, leaf in named_leaves(name, structure):
        if any(_holds(leaf, part) for part in ("flat_values", "indices")) or not len(getattr(leaf, "shape", ())):
            return []
        array = as_array(leaf)
        if with_numbered_texts(array) is not array:
            continue
        if array.dtype.kind not in "biuf":
            return []
        found.append((each, array))
    return found


def _holds(leaf: Any, part: str) -> bool:
    """Whether it is made of such parts; every tensor of torch has a method of that name."""
    return not callable(getattr(leaf, part, len))

"""What the rows of a loop's batches tell: where it begins its data anew, and whether their targets move."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from scram_lsp.training.data.array_statistics import named_leaves

MAX_ROWS = 100_000
"""Rows that are kept in mind: a few megabytes. A round of more never comes to its end."""

VALUES = 128
"""Of wider rows so many values, evenly spread, tell them apart."""

ROWS_AGAIN = 32
"""From so many rows on that came again, and with other targets as a rule, targets move. Ours."""

ALIKE = 3
"""After so many rounds of as many batches each the next ones are as long: no row is looked at any more. Ours."""

_Keys = list[float]


class Rounds:
    """A round is over when most rows of a batch were seen in it before.

    One batch that comes again and again is none: nobody can say where that begins anew. Targets move where rows come
    again with numbers that were never seen: those of labels that are mixed up were, with other rows.
    """

    def __init__(self) -> None:
        self._batches = self._length = self._alike = 0
        self._seen: set[float] = set()
        self._last: _Keys = []
        self._targets: dict[float, float] = {}
        self._answers: set[float] = set()
        self._again = self._moved = 0

    def begins_with(self, x: Any, y: Any = None) -> bool:
        """Whether this batch is the first of a new round; whoever asks says then that one begins."""
        self._batches += 1
        if self._alike >= ALIKE:
            return self._batches > self._length
        rows = _keys(x)
        is_first = 2 * sum(map(self._seen.__contains__, rows)) > len(rows) and rows != self._last
        if len(self._seen) < MAX_ROWS:
            self._seen.update(rows)
        self._last = rows
        self._compare(rows, _keys(y))
        return is_first

    @property
    def have_moving_targets(self) -> bool:
        """Whether most rows that came again had targets that nothing had before."""
        return self._again >= ROWS_AGAIN and 2 * self._moved > self._again

    def begin(self) -> None:
        """A new round begins with the last batch, whatever its rows."""
        length, self._batches = self._batches - 1, 1
        self._alike = self._alike + 1 if length == self._length else 1
        self._length = length
        self._seen = set(self._last)

    def _compare(self, rows: _Keys, targets: _Keys) -> None:
        if len(rows) != len(targets):
            return
        if not self._targets.keys().isdisjoint(rows):
            again = [target for row, target in zip(rows, targets, strict=True) if row in self._targets]
            self._again += len(again)
            self._moved += len(again) - sum(map(self._answers.__contains__, again))
        if len(self._targets) < MAX_ROWS:
            self._targets.update(zip(rows, targets, strict=True))
            self._answers.update(targets)


@np.errstate(all="ignore")  # of values that are not finite
def _keys(structure: Any) -> _Keys:
    """A number for each row; none where these are no rows of numbers. Asked at every step, so it is no good hash."""
    keys: Any = None
    for place, (_, leaf) in enumerate(named_leaves("x", structure)):
        array = leaf if isinstance(leaf, np.ndarray) else getattr(leaf, "numpy", lambda: None)()
        if not isinstance(array, np.ndarray) or not array.ndim or not array.size or array.dtype.kind not in "biuf":
            return []
        matrix = array.reshape(len(array), -1)
        matrix = matrix[:, :: -(-matrix.shape[1] // VALUES)].astype(np.float64)
        if keys is not None and len(keys) != len(matrix):
            return []
        sums = matrix @ _weights(matrix.shape[1])
        keys = sums if keys is None else keys + sums * (place + 0.5)
    if keys is None:
        return []
    rounded: _Keys = keys.astype(np.float32).tolist()  # the order of a sum's parts depends on the batch
    return rounded


@functools.lru_cache(maxsize=16)
def _weights(count: int) -> npt.NDArray[Any]:
    return np.random.default_rng(0).uniform(0.5, 1.5, count)

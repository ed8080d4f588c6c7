"""Which columns of a stream's inputs had but one value in all rows that were looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scram_analyzers.run.records import DataArray
from scram_lsp.training.data.array_statistics import first_rows, is_dense, named_leaves
from scram_lsp.training.data.whole_arrays import has_columns

Array = npt.NDArray[Any]

_AXES = (2, 3)
"""Of a table, and of a series."""


@dataclass(slots=True)
class _Columns:
    """Of one input: the values of its first row's columns, and which of them all rows so far have."""

    first: Array
    same: npt.NDArray[np.bool_]
    dtype: str
    shape: tuple[int, ...]
    rows: int = 0

    def look(self, read: Array) -> None:
        self.same &= (read == self.first).all(axis=tuple(range(read.ndim - 1)))
        self.rows += len(read)


class StreamConstants:
    """Looks at the first `rows` rows of batches of decimal numbers: tables and series, as of whole arrays.

    Columns of integers may be places in a text, of which the last ones are padding.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._inputs: dict[str, _Columns] = {}
        self._is_off = False

    def look(self, x: Any) -> None:
        """See the inputs of a batch; those of other forms than in the first one end the count."""
        if self._is_off or (self._inputs and not any(each.same.any() for each in self._inputs.values())):
            return
        for name, leaf in named_leaves("x", x):
            if not is_dense(leaf) or len(getattr(leaf, "shape", ())) not in _AXES:
                continue  # to read pictures costs more than all the rest
            read = np.asarray(first_rows(leaf, self._rows))
            if read.dtype.kind != "f" or not read.size or not has_columns(read):
                continue
            seen = self._inputs.get(name)
            if seen is None:
                first = read[(0,) * (read.ndim - 1)].copy()
                seen = self._inputs[name] = _Columns(first, np.ones(len(first), bool), str(read.dtype), read.shape)
            if read.shape[-1] != len(seen.first) or read.ndim != len(seen.shape):
                self._is_off, self._inputs = True, {}
                return
            seen.look(read)

    @property
    def inputs(self) -> tuple[DataArray, ...]:
        """Those with such columns; `rows_read` are the rows that were looked at."""
        return tuple(
            DataArray(
                "training",
                "input",
                name,
                seen.dtype,
                (None, *seen.shape[1:]),
                rows=None,
                rows_read=seen.rows,
                columns=len(seen.first),
                constant_columns=tuple(int(column) for column in np.flatnonzero(seen.same)),
            )
            for name, seen in self._inputs.items()
            if seen.same.any()
        )

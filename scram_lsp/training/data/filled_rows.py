"""Rows of whole numbers that were filled up with zeros to one length, as texts are once their words have numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

ROWS = 1_000
"""So many rows tell, evenly spread."""

LENGTH = 8
"""Shorter rows may end in zeros by chance. Ours."""

FITTING = 0.95
"""Of the rows: in those zeros stand at that end alone, or nowhere. Ours."""

Array = npt.NDArray[Any]


def filled_share(array: Array) -> float | None:
    """The share of rows that end, or begin, with zeros; None where rows are none of whole numbers, or zeros stand
    elsewhere too."""
    table = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if table.ndim != 2 or table.shape[1] < LENGTH or table.dtype.kind not in "iuf":
        return None
    rows = table[np.linspace(0, len(table) - 1, min(len(table), ROWS)).astype(np.intp)]
    if not np.isfinite(rows).all() or rows.min() < 0 or (rows.dtype.kind == "f" and (rows != np.floor(rows)).any()):
        return None
    blank = rows == 0
    is_filled = blank.any(axis=1) & ~blank.all(axis=1)
    behind = ~(blank[:, :-1] & ~blank[:, 1:]).any(axis=1)
    before = ~(~blank[:, :-1] & blank[:, 1:]).any(axis=1)
    fits = max(float(behind.mean()), float(before.mean()))
    return float(is_filled.mean()) if fits >= FITTING else None

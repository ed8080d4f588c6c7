"""Which columns of the inputs say the target: each of them alone gives it by a multiplication and an addition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

MAX_ROWS = 1_000
"""Of longer arrays so many rows, evenly spread, are compared."""

MIN_ROWS = 50
MIN_DISTINCT = 10
"""A target of fewer different values is one of classes, and so may a column be that says it. Ours."""

MAX_COLUMNS = 4_096
TOLERANCE = 1e-9
"""Of the target's variance: what rounding to float32 leaves unexplained is less than a tenth of it. Ours."""

SCREENED_ROWS = 64
SCREENED_SHARE = 1e-4
SCREENED_TOLERANCE = 1e-4
"""Columns are first looked at in so few rows. What leaves less than `TOLERANCE` in all rows leaves less than this in
those, where so large a share of the target's variance is in them."""

Array = npt.NDArray[np.generic]


def columns_that_say_the_target(inputs: Sequence[tuple[str, Array]], target: Array) -> tuple[str, ...]:
    """Such columns as the program would write them: `x[:, 3]`; of a sequence only those of its last step.

    None where half of all columns do, as in windows over a straight line, or where there is one column only. Of
    classes, only where other columns are measured: a table of bits may be an exercise, with one of them to be learned.
    """
    target = numbered(target)
    rows = len(target)
    if rows < MIN_ROWS or target.size != rows or target.dtype.kind not in "iuf":
        return ()
    if any(not array.ndim or len(array) != rows or array.dtype.kind not in "biuf" for _, array in inputs):
        return ()
    chosen = np.linspace(0, rows - 1, min(rows, MAX_ROWS)).astype(np.intp)
    wanted = target.reshape(-1)[chosen].astype(np.float64)
    columns = sum(array.size // rows for _, array in inputs)
    distinct = len(np.unique(wanted))
    if not 1 < columns <= MAX_COLUMNS or not np.isfinite(wanted).all() or distinct < 2:
        return ()
    found: list[str] = []
    saying = 0
    tables = [(name, array.shape[1:], array[chosen].reshape(len(chosen), -1)) for name, array in inputs]
    for name, shape, table in tables:
        says = _says(table, wanted).reshape(shape)
        saying += int(says.sum())
        found.extend(_written(name, says))
    if not found or 2 * saying >= columns:
        return ()
    is_measured = distinct > MIN_DISTINCT or any(_has_measured(table) for _, _, table in tables)
    return tuple(found) if is_measured else ()


def numbered(target: Array) -> Array:
    """The class numbers of one-hot rows; other targets as they are."""
    is_table = target.ndim == 2 and target.shape[1] > 1 and target.dtype.kind in "iuf"
    if is_table and np.isin(target, (0, 1)).all() and (target.sum(axis=1) == 1).all():
        return np.asarray(target.argmax(axis=1))
    return target


def _has_measured(table: Array) -> bool:
    return any(len(np.unique(column)) > MIN_DISTINCT for column in table.T)


def _says(table: Array, wanted: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """For each column whether the target is a straight line over it; of most a few rows show that it is not."""
    rows = slice(None, None, -(-len(table) // SCREENED_ROWS))
    some, goal = wanted[rows] - wanted[rows].mean(), wanted - wanted.mean()
    says = np.ones(table.shape[1], np.bool_)
    if some @ some > SCREENED_SHARE * (goal @ goal):  # else these rows hardly vary, and say nothing of the others
        says = _unexplained(table[rows], some) < SCREENED_TOLERANCE
    if says.any():
        says[says] = _unexplained(table[:, says], goal) < TOLERANCE
    return says


def _unexplained(table: Array, goal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The share of the variance of `goal`, whose mean is 0, that each column leaves; NaN for what is constant or not
    finite."""
    with np.errstate(all="ignore"):
        centred = table.astype(np.float64)
        centred -= centred.mean(axis=0)
        explained = (goal @ centred) ** 2 / (np.einsum("rc,rc->c", centred, centred) * (goal @ goal))
        return np.asarray(1 - explained)


def _written(name: str, says: npt.NDArray[np.bool_]) -> Iterator[str]:
    for place in np.argwhere(says):
        if not len(place):
            yield name
        elif len(place) == 1 or place[0] == says.shape[0] - 1:
            yield f"{name}[:, {', '.join(map(str, place))}]"

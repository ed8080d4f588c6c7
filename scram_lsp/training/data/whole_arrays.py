"""One array given to `fit`, read before the first step: in full while it is small, else spread over its rows."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from scram_analyzers.run.records import DataArray
from scram_lsp.training.data.array_statistics import deviation_ratio, share_of
from scram_lsp.training.data.filled_rows import filled_share
from scram_lsp.training.data.label_form import class_counts, label_form

MAX_VALUES = 4_000_000
"""Larger arrays are read in rows evenly spread, up to so many values."""

MAX_SCANNED_VALUES = 250_000_000
"""Up to so many values an array is searched for NaN and infinity in full: 0.1 s for 150 million."""

_SCAN_VALUES = 1_000_000
_MAX_COLUMNS = 10_000
_MAX_CHANNELS = 16
_MAX_COLUMNS_TO_CONFIRM = 256

Part = Literal["training", "validation", "asked"]
Role = Literal["input", "target", "weight"]
Array = npt.NDArray[Any]


def describe_array(part: Part, role: Role, name: str, array: Array, consumer: str = "") -> DataArray:
    """What the array holds; labels only for targets."""
    rows = len(array) if array.ndim else 0
    known = DataArray(part, role, name, str(array.dtype), array.shape, rows, 0, consumer=consumer)
    if array.dtype.kind not in "biuf" or array.size == 0:
        return known
    with np.errstate(all="ignore"):  # values that overflow are the user's; a warning here would be ours
        return _described(known, array, _spread_rows(array))


def _described(known: DataArray, array: Array, read: Array) -> DataArray:
    bad_values, bad_rows = _nonfinite(array if array.size <= MAX_SCANNED_VALUES else read)
    numbers = read.astype(np.float32) if read.dtype == np.float16 else read
    sound = numbers[np.isfinite(numbers)] if bad_values else numbers
    form = label_form(array) if known.role == "target" else None
    is_input = known.role == "input"
    has_own_columns = is_input and has_columns(array)
    return DataArray(
        known.part,
        known.role,
        known.name,
        known.dtype,
        known.shape,
        known.rows,
        rows_read=len(read),
        minimum=float(sound.min()) if sound.size else None,
        maximum=float(sound.max()) if sound.size else None,
        mean=float(sound.mean(dtype=np.float64)) if sound.size else None,
        deviation=float(sound.std(dtype=np.float64)) if sound.size else None,
        nonfinite=bad_values,
        nonfinite_rows=bad_rows,
        columns=array.shape[-1] if has_own_columns else None,
        constant_columns=_constant_columns(array, read) if has_own_columns else (),
        feature_deviation_ratio=deviation_ratio(numbers) if is_input and _is_table(array) and not bad_values else None,
        consumer=known.consumer,
        label_form=form,
        classes=class_counts(array, form),
        zero_share=share_of(sound, 0) if known.role == "input" and sound.size else None,
        one_share=share_of(sound, 1) if known.role == "input" and sound.size else None,
        filled_share=filled_share(numbers) if is_input and not bad_values else None,
        column_deviation=_column_deviation(numbers) if known.role == "target" and not bad_values else None,
    )


def _column_deviation(rows: Array) -> float | None:
    """How far values lie from the mean of their column; None where there is only one."""
    if rows.ndim < 2 or rows[0].size < 2 or rows.dtype.kind != "f":
        return None
    return float(np.sqrt(rows.reshape(len(rows), -1).var(axis=0, dtype=np.float64).mean()))


def _spread_rows(array: Array) -> Array:
    if array.size <= MAX_VALUES or not array.ndim:
        return array
    count = max(1, MAX_VALUES * len(array) // array.size)
    return np.asarray(array[np.linspace(0, len(array) - 1, count).astype(np.intp)])


def _nonfinite(array: Array) -> tuple[int, int]:
    """How many values, in how many rows, are NaN or infinite. A block whose sum is finite holds none."""
    if array.dtype.kind != "f":
        return 0, 0
    rows = array.reshape(len(array), -1)
    height = max(1, _SCAN_VALUES // max(1, rows.shape[1]))
    values = bad_rows = 0
    for start in range(0, len(rows), height):
        block = rows[start : start + height]
        if not np.isfinite(block.sum()):
            bad = ~np.isfinite(block)
            values += int(np.count_nonzero(bad))
            bad_rows += int(np.count_nonzero(bad.any(axis=1)))
    return values, bad_rows


def has_columns(array: Array) -> bool:
    """Whether the last axis holds measurements of their own kinds: an array that is a table, or a series."""
    return _is_table(array) or _is_series(array)


def _is_table(array: Array) -> bool:
    return array.ndim == 2 and 1 < array.shape[1] <= _MAX_COLUMNS


def _is_series(array: Array) -> bool:
    """Whether each row is a stretch of several measurements over time; pictures of one colour have as many columns."""
    return array.ndim == 3 and 1 < array.shape[2] <= _MAX_CHANNELS and array.shape[1] >= 2 * array.shape[2]


def _constant_columns(array: Array, read: Array) -> tuple[int, ...]:
    """Columns (of a series, measurements) with one value in all rows; those that the rows read suggest are confirmed on
    the others."""
    if len(array) < 2:
        return ()
    first, rows = array[(0,) * (array.ndim - 1)], tuple(range(array.ndim - 1))
    suspects = np.flatnonzero((read == first).all(axis=rows))
    if len(read) < len(array):
        suspects = suspects[:_MAX_COLUMNS_TO_CONFIRM]
        suspects = np.array([at for at in suspects if (array[..., at] == first[at]).all()], dtype=np.intp)
    return tuple(int(column) for column in suspects)

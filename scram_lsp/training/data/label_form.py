"""How a target array writes its labels, and how often each occurs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scram_analyzers.run.records import LabelForm

MAX_CLASSES = 1000
"""Integral targets with more distinct values are numbers, not labels."""

_FEW = 10
"""So many different labels may all occur once."""

_MAX_VALUES = 20_000_000

Classes = tuple[tuple[float, int], ...]


def label_form(target: npt.NDArray[Any]) -> LabelForm | None:
    """The form of finite numeric labels; None for an empty array or one of other things than numbers."""
    values = _read(target)
    if values is None:
        return None
    if values.dtype.kind == "f" and not np.array_equal(values, np.floor(values)):
        return LabelForm.CONTINUOUS
    low, high = values.min(), values.max()
    if low >= 0 and high <= 1:
        if _width(values) == 1:
            return LabelForm.BINARY
        is_one_hot = bool((values.sum(axis=-1, dtype=np.int64) == 1).all())
        return LabelForm.ONE_HOT if is_one_hot else LabelForm.MULTI_HOT
    if high - low >= MAX_CLASSES or _distinct(values).size > max(_FEW, values.size // 2):
        return LabelForm.CONTINUOUS
    return LabelForm.CLASS_INDICES


def class_counts(target: npt.NDArray[Any], form: LabelForm | None) -> Classes:
    """Pairs of label (of class index, for one-hot and multi-hot) and count; empty for other forms."""
    values = _read(target)
    if values is None or form is None or form is LabelForm.CONTINUOUS:
        return ()
    if form in (LabelForm.ONE_HOT, LabelForm.MULTI_HOT):
        counts = values.reshape(-1, values.shape[-1]).sum(axis=0, dtype=np.int64)
        return tuple((float(index), int(count)) for index, count in enumerate(counts[:MAX_CLASSES]))
    labels, counts = np.unique(values, return_counts=True)
    pairs = zip(labels[:MAX_CLASSES], counts[:MAX_CLASSES], strict=True)
    return tuple((float(label), int(count)) for label, count in pairs)


def _read(target: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """The values that are looked at: finite ones of a numeric array, its first rows when it is huge."""
    if target.dtype.kind not in "biuf" or target.size == 0:
        return None
    if target.size > _MAX_VALUES:
        target = target[: max(1, _MAX_VALUES * len(target) // target.size)]
    if target.dtype.kind == "f":
        finite = np.isfinite(target)
        if not finite.all():
            target = target[finite] if target.ndim == 1 else target[finite.all(axis=tuple(range(1, target.ndim)))]
    return target if target.size else None


def _width(values: npt.NDArray[Any]) -> int:
    return int(values.shape[-1]) if values.ndim > 1 else 1


def _distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.unique(values.ravel()[: 100 * MAX_CLASSES])

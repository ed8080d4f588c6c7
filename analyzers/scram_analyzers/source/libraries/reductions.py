"""Arrays with fewer axes: what a mean, a sum or the largest value makes of axes other than that of the examples."""

from __future__ import annotations

import math
from dataclasses import replace

from scram_analyzers.source.data import Data, DataStep, Interval, LabelForm, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Tuple, Value, boolean, integer

BETWEEN = frozenset(("mean", "average", "median", "max", "min"))
"""Statistics that are never outside of what they are worked out of."""

_REDUCING = BETWEEN | {"amax", "amin", "nanmean", "nanmax", "nanmin", "sum", "std", "nanstd", "var", "ptp"}


def reduced(data: Data, name: str, arguments: Arguments, position: int, place: Place) -> Data | None:
    """Arrays of known shape reduced over axes other than the first; None for all else.

    `position` is that of the axis among the arguments. Labels, and columns of a table, have meanings of their own.
    """
    if (
        name not in _REDUCING
        or data.shape is None
        or data.labels not in (None, LabelForm.CONTINUOUS)
        or data.targets is not None
    ):
        return None
    axes = _axes(arguments.value("axis", position), len(data.shape))
    if axes is None or 0 in axes:
        return None
    keeps = boolean(arguments.value("keepdims")) is True
    shape = tuple([1 if at in axes else size for at, size in enumerate(data.shape) if keeps or at not in axes])
    step = DataStep(StepKind.OTHER, name, place)
    form = LabelForm.CONTINUOUS if len(shape) == 1 else None
    made = data.after(step, shape=shape, range=_range(data, name, axes), dtype="float64", labels=form)
    return replace(made, images=data.images and len(shape) > 2)


def _axes(value: Value | None, count: int) -> frozenset[int] | None:
    """The axes that an argument names, counted from the first."""
    given = [integer(each) for each in (value.items if isinstance(value, Tuple) else (value,))]
    known = [axis for axis in given if axis is not None and -count <= axis < count]
    return frozenset(axis % count for axis in known) if len(known) == len(given) > 0 else None


def _range(data: Data, name: str, axes: frozenset[int]) -> Interval | None:
    """Where the values may lie; of columns with ranges of their own that is not known."""
    if data.range is None or data.shape is None or not (data.images or len(data.shape) == 2):
        return None
    if name == "sum":
        sizes = [size for at, size in enumerate(data.shape) if at in axes and size is not None]
        count = math.prod(sizes) if len(sizes) == len(axes) else None
        return Interval(data.range.low * count, data.range.high * count) if count is not None else None
    return data.range if name in BETWEEN and data.images else None

"""What operators make of data: the range moves along, and division by a large constant is scaling."""

from __future__ import annotations

import itertools
from dataclasses import replace

from scram_analyzers.source.data import STANDARDIZED, Data, DataStep, Interval, LabelForm, Learned, StepKind
from scram_analyzers.source.libraries import noise
from scram_analyzers.source.libraries.data_operations import LARGEST, one_hot
from scram_analyzers.source.libraries.moved_ranges import moved_range
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Statistic, Value, number


def operate(operator: str, left: Value, right: Value, place: Place) -> Data:
    """`left <operator> right` where at least one is data. `operator` is libcst's class name ("Divide")."""
    if operator == "MatrixMultiply":
        return _matrix_product(left, right, place)
    if isinstance(left, Data) and isinstance(right, Data):
        return _of_two(operator, left, right, place)
    if isinstance(left, Data) and isinstance(right, noise.Drawn):
        return noise.added(left, operator, place)
    if isinstance(left, Data):
        return _on_data(operator, left, right, place)
    assert isinstance(right, Data)
    if isinstance(left, noise.Drawn):
        return noise.added(right, operator, place)
    if operator in ("Add", "Multiply"):
        return _on_data(operator, right, left, place)
    constant = number(left)
    if operator == "Subtract" and constant is not None and right.range is not None:
        new = Interval(constant - right.range.high, constant - right.range.low)
        return right.after(DataStep(StepKind.OTHER, operator, place, constant), range=new)
    return right.after(DataStep(StepKind.OTHER, operator, place), range=None)


def _matrix_product(left: Value, right: Value, place: Place) -> Data:
    """`left @ right`: the rows of the left, as wide as the right; sums that are measured, not counted."""
    data = left if isinstance(left, Data) else right
    assert isinstance(data, Data)
    step = DataStep(StepKind.OTHER, "MatrixMultiply", place)
    product = data.after(step, range=None, dtype="float64", labels=LabelForm.CONTINUOUS, shape=None)
    if left is not data:
        return replace(product, rows=None)
    columns = right.shape if isinstance(right, Data) else None
    if data.shape is None or len(data.shape) < 2 or columns is None or len(columns) > 2:
        return product
    return replace(product, shape=(*data.shape[:-1], *columns[1:]))


def _broadcast(
    left: tuple[int | None, ...] | None, right: tuple[int | None, ...] | None
) -> tuple[int | None, ...] | None:
    """The shape that numpy stretches two arrays to; None where it can't be told."""
    if left is None or right is None:
        return left  # the other is a statistic or a number, as a rule
    sizes = []
    for one, other in itertools.zip_longest(reversed(left), reversed(right), fillvalue=1):
        if one is not None and other is not None and one != other and 1 not in (one, other):
            return None
        sizes.append(other if one == 1 else one if other == 1 or one == other else one or other)
    return tuple(reversed(sizes))


def compare(data: Data, place: Place, other: Value | None = None) -> Data:
    """`data == 3`, `data > 0.5`: true or false for each, or for each pair where an `other` array stretches it."""
    shape = _broadcast(data.shape, other.shape) if isinstance(other, Data) else data.shape
    labels = LabelForm.BINARY if data.labels is not None and shape == data.shape else None
    step = DataStep(StepKind.OTHER, "compare", place)
    classes = 2 if labels is not None else None
    return data.after(step, range=Interval(0, 1), dtype="bool", labels=labels, classes=classes, shape=shape)


def marked(left: Value, right: Value, place: Place) -> Data | None:
    """`labels[:, None] == np.arange(10)`: a row for each label, true at its number; None for other arrays."""
    for column, counted in ((left, right), (right, left)):
        if not isinstance(column, Data) or not isinstance(counted, Data):
            continue
        is_column = column.shape is not None and len(column.shape) == 2 and column.shape[1] == 1
        if is_column and counted.source == "numpy.arange" and not counted.steps and counted.shape is not None:
            return one_hot(column, counted.shape[0], place)
    return None


def _of_two(operator: str, left: Data, right: Data, place: Place) -> Data:
    """Two arrays of known range: no scaling, but the sum, difference or product of what they hold."""
    shape = _broadcast(left.shape, right.shape)
    if left.range is None or right.range is None or operator not in ("Add", "Subtract", "Multiply"):
        return replace(_on_data(operator, left, right, place), shape=shape)
    if operator == "Add":
        ends = (left.range.low + right.range.low, left.range.high + right.range.high)
    elif operator == "Subtract":
        ends = (left.range.low - right.range.high, left.range.high - right.range.low)
    else:
        products = [a * b for a in (left.range.low, left.range.high) for b in (right.range.low, right.range.high)]
        ends = (min(products), max(products))
    return left.after(DataStep(StepKind.OTHER, operator, place), range=Interval(*ends), dtype=None, shape=shape)


def _on_data(operator: str, data: Data, other: Value, place: Place) -> Data:
    constant = number(other)
    if constant is None:
        # Divided by a statistic, or minus one: that is how arrays are scaled by hand.
        kind = StepKind.SCALED if operator in ("Divide", "Subtract") else StepKind.OTHER
        measured = _measured(other) if operator == "Subtract" else None
        interval = _divided_range(data, other) if operator == "Divide" else None
        return data.after(DataStep(kind, operator, place, measured=measured), range=interval, dtype="float64")
    if operator == "Divide":
        scales = abs(constant) > 1
    elif operator == "Multiply":
        scales = 0 < abs(constant) < 1
    else:
        scales = False
    moved = moved_range(operator, data.range, constant)
    step = DataStep(StepKind.SCALED if scales else StepKind.OTHER, operator, place, constant)
    return data.after(step, range=moved, dtype="float64" if operator == "Divide" else data.dtype)


def _divided_range(data: Data, value: Value) -> Interval | None:
    """Where data lie that were divided by their own spread, or, none of them below zero, by the largest of them."""
    if _is_spread(data, value):
        return STANDARDIZED
    if not isinstance(value, Statistic) or value.data is None or value.name not in LARGEST:
        return None
    is_own = bool(data.roots) and data.roots <= value.data.roots
    return Interval(0, 1) if is_own and data.range is not None and data.range.low >= 0 else None


def _is_spread(data: Data, value: Value) -> bool:
    """Whether data that lost their mean are divided by a spread."""
    last = data.steps[-1] if data.steps else None
    centred = last is not None and last.name == "Subtract" and last.measured is not None
    mean = centred and last is not None and last.measured is not None and last.measured.kind in ("mean", "nanmean")
    return mean and isinstance(value, Statistic) and value.name in ("std", "nanstd")


def _measured(value: Value) -> Learned | None:
    """Whose mean or least value is taken away, where that is one: the first half of scaling by hand."""
    if not isinstance(value, Statistic) or value.data is None or value.place is None or value.name not in _CENTRES:
        return None
    return Learned(value.name, 0, value.data, value.place)


_CENTRES = ("mean", "nanmean", "average", "median", "min", "amin", "nanmin")

"""What operators and attributes make of data."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.data import (
    PREDICTION,
    STANDARDIZED,
    WHOLE,
    Data,
    DataStep,
    Interval,
    LabelForm,
    StepKind,
    join_data,
)
from scram_analyzers.source.interpreting import containers
from scram_analyzers.source.interpreting.state import ListObject
from scram_analyzers.source.libraries import class_numbers, reductions, spans, written_columns
from scram_analyzers.source.libraries.moving_windows import shape_as_row
from scram_analyzers.source.libraries.reductions import BETWEEN
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    DIFFERENT_VALUES,
    Arguments,
    ColumnNames,
    Constant,
    Method,
    Ref,
    Statistic,
    Tuple,
    Unknown,
    Value,
    is_none,
    number,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

MAX_DEPTH = 4
"""Of lists of lists of arrays: a list may hold another twice, which holds another twice."""

STATISTICS = frozenset(
    (
        *("max", "min", "amax", "amin", "nanmax", "nanmin", "ptp", "argmax", "argmin"),
        *("mean", "std", "var", "sum", "median", "average", "nanmean", "nanstd", "prod", "size"),
    )
)

LARGEST = ("max", "amax", "nanmax")
"""Those of them that are the largest value."""


def as_data(value: Value | None) -> Data | None:
    """The value as data: data itself, or an attribute of data that names a column."""
    if isinstance(value, Data):
        return value
    if isinstance(value, Method) and isinstance(value.owner, Data) and not value.owner.images:
        return _column(value.owner, value.name, value.place)
    return None


def column_of_classes(data: Data) -> Data:
    """One column of rows that have one for each class: a 0 or 1 for each example."""
    rows = data.labels in (LabelForm.ONE_HOT, LabelForm.MULTI_HOT)
    return replace(data, labels=LabelForm.BINARY, classes=None) if rows else data


def _column(data: Data, name: str, place: Place | None) -> Data:
    return named_column(data, data.after(DataStep(StepKind.SELECTED, "column", place, column=name)), name)


def named_column(table: Data, one: Data, name: str | None) -> Data:
    """One column of a table, which `one` is: as it was put there, if the program did that."""
    known = table.shape or table.is_table
    kept = table.range if is_scaled_by_column(table) else None
    column = replace(column_of_classes(one), shape=(table.samples,) if known else None, range=kept)
    for step in reversed(table.steps):
        if step.put is not None and step.put[0] == name:
            put = step.put[1]
            return replace(column, range=put.range, dtype=put.dtype, labels=put.labels, classes=put.classes)
        if step.name not in _KEEPING_COLUMNS:
            break
    written = written_columns.written_range(table, name, _KEEPING_COLUMNS)
    return replace(column, range=written, dtype="int64") if written is not None else column


def range_of_columns(table: Data, names: tuple[str, ...]) -> Interval | None:
    """The range over columns that a program made or put into a table, all of them known; None for any others."""
    ranges = [named_column(table, table, name).range for name in names]
    known = [each for each in ranges if each is not None]
    return functools.reduce(Interval.hull, known) if known and len(known) == len(ranges) else None


MADE_COLUMN = "made column"
"""The step that remembers one of the columns of which a table was made."""

_KEEPING_COLUMNS = (
    MADE_COLUMN,
    *("setitem", "encoded column", "getitem", "column"),
    *("copy", "drop", "dropna", "head", "sample", "reset_index", "set_index", "sort_values", "tail", "select_dtypes"),
)
"""Steps of a table that leave in a column what was put there, of all rows or of some."""


def is_scaled_by_column(data: Data) -> bool:
    """Whether each column was brought by itself to the range of all: by a scaler, or a table by its own spreads."""
    last = next((step for step in reversed(data.steps) if step.kind not in _TAKING_ROWS), None)
    if last is None or last.kind is not StepKind.SCALED:
        return False
    by_hand = last.name == "Divide" and data.range == STANDARDIZED and data.is_table and not data.in_numpy
    return by_hand or last.name.startswith("sklearn.preprocessing.")


_TAKING_ROWS = (StepKind.SELECTED, StepKind.SPLIT, StepKind.SHUFFLED)


def from_object(interpreter: Interpreter, value: Value) -> Data | None:
    """A list (of lists) of numbers as data; None for anything else."""
    numbers: list[float] = []
    for each in containers.leaves(value, interpreter.items_of):
        known = number(each)
        if known is None:
            return None
        numbers.append(known)
    if not numbers:
        return None
    whole = all(each.is_integer() for each in numbers)
    finite = all(math.isfinite(each) for each in numbers)
    return Data(
        source="literal",
        place=value.place,
        range=Interval(min(numbers), max(numbers)) if finite else None,
        dtype="int64" if whole else "float64",
        shape=_shape_of_nested(interpreter, value),
        roots=frozenset((value.identity,)) if isinstance(value, Ref) else frozenset(),
    )


def _shape_of_nested(interpreter: Interpreter, value: Value) -> tuple[int, ...]:
    shape: list[int] = []
    while items := interpreter.items_of(value):
        shape.append(len(items))
        value = items[-1]
    return tuple(shape)


def _identity(item: Value) -> object:
    return item if isinstance(item, Ref) else id(item)


def one_of(numbers: list[float], place: Place) -> Data | None:
    """One of several whole numbers, as labels are made of words; None for other numbers."""
    if not numbers or not all(each.is_integer() for each in numbers):
        return None
    return Data("literal", place, range=Interval(min(numbers), max(numbers)), dtype="int64", shape=())


def stacked(interpreter: Interpreter, value: Value | None, depth: int = 0) -> Data | None:
    """A list of arrays as one array (`np.array(images)`), or a list of numbers; None for anything else.

    The list is what such an array came from: it is the root, and what its items came from are origins.
    """
    thing = interpreter.object_of(value)
    if isinstance(value, Tuple):
        return from_object(interpreter, value)
    if not isinstance(value, Ref) or not isinstance(thing, ListObject) or depth > MAX_DEPTH:
        return None
    data = _of_list(interpreter, value, thing, depth)
    shuffled = interpreter.fact("shuffled", value.identity)
    return data.after(shuffled) if data is not None and isinstance(shuffled, DataStep) else data


def _of_list(interpreter: Interpreter, value: Ref, thing: ListObject, depth: int) -> Data | None:
    numbers = from_object(interpreter, value)
    if numbers is not None:
        return numbers
    held = (*thing.items, *(each for each in thing.rest if not any(each is item for item in thing.items)))
    if depth:  # a row of numbers, and not the number of a class for each example
        row = spans.as_data(held, thing.count, value.place, value.identity)
        if row is not None:
            return row
    classes = class_numbers.numbered(thing, held)
    if classes is None and thing.rest:
        classes = class_numbers.one_of_rows(held, interpreter.items_of)
    if classes is not None:
        shape = (thing.count, *(classes.shape or (None,))[1:])
        return replace(classes, place=value.place, shape=shape, roots=frozenset((value.identity,)))
    counted = spans.as_data(held, thing.count, value.place, value.identity)
    if counted is not None:
        return counted
    arrays = {_identity(each): _array(interpreter, each, depth) for each in held}
    items = [arrays[_identity(each)] for each in held]
    known = [item for item in items if item is not None]
    if not known or len(known) < len(items):
        return Data("list", value.place, roots=frozenset((value.identity,))) if thing.open else None
    joined = known[0]
    for item in known[1:]:
        joined = join_data(joined, item)
    shapes = {shape_as_row(item) for item in known}
    inner = next(iter(shapes)) if len(shapes) == 1 else None
    return replace(
        joined,
        shape=(thing.count, *inner) if inner is not None else None,
        rows=WHOLE,
        one_row=False,
        batched=False,
        targets=None,
        roots=frozenset((value.identity,)),
        origins=frozenset().union(*(item.roots | item.origins for item in known)),
    )


def _array(interpreter: Interpreter, value: Value, depth: int) -> Data | None:
    """An item of a list as data: an array, a list, or what stands in the middle of an array's values."""
    if isinstance(value, Statistic) and value.name in BETWEEN and value.data is not None:
        step = DataStep(StepKind.OTHER, value.name, value.place)
        return value.data.after(step, shape=None, labels=None, classes=None, images=False)
    return value if isinstance(value, Data) else stacked(interpreter, value, depth + 1)


def clipped(data: Data, arguments: Arguments, step: DataStep) -> Data:
    """Data kept between two bounds; where nothing else is known of them, they reach both."""
    low, high = (number(arguments.value(name, position)) for position, name in enumerate(("lower", "upper")))
    if low is None or high is None:
        return data.after(step)
    if data.range is None:
        return data.after(step) if data.scaled else data.after(step, range=Interval(low, high))
    return data.after(step, range=Interval(max(low, data.range.low), min(high, data.range.high)))


UCI_REPOSITORY = "ucimlrepo.fetch_ucirepo"
"""The source of what is fetched there: its `data` hold `features` and `targets`."""


def attribute(data: Data, name: str, place: Place) -> Value:
    """`data.name`."""
    if name == "shape":
        if data.shape is None:
            count = count_of_different(data, place)
            return Tuple((count,), place) if count is not None else Unknown(place)
        return Tuple(tuple(Unknown() if size is None else Constant(size) for size in data.shape), place)
    if name == "images" and data.source == "sklearn.datasets.load_digits":
        return replace(data, targets=None, shape=(data.samples, 8, 8))
    if name == "T":
        return replace(data, shape=data.shape[::-1] if data.shape is not None else None)
    if name == "values":
        return replace(data, in_numpy=True)
    if data.source == UCI_REPOSITORY and data.targets is not None and name in ("data", "features"):
        return data if name == "data" else replace(data, targets=None)
    if name in ("images", "loc", "iloc", "ix", "data", "flat", "real", "array", "at", "iat"):
        return data if name != "data" or data.targets is None else replace(data, targets=None)
    if name in ("target", "targets") and data.targets is not None:
        return data.targets
    if name in ("target_names", "feature_names", "DESCR", "filename") and data.targets is not None:
        return _names(data, data.targets, name, place)
    if name == "columns" and data.is_table:
        return ColumnNames(place)
    if name in ("size", "ndim", "dtype", "columns", "index", "element_spec", "class_names", "class_indices"):
        return Unknown(place)
    if name in ("samples", "n", "num_classes", "batch_size"):
        return Unknown(place)
    if data.targets is not None and data.source.startswith("sklearn.datasets.") and not data.steps:
        return Unknown(place)  # a bunch, which has no methods
    return Method(data, name, place)


def _names(data: Data, targets: Data, name: str, place: Place) -> Value:
    """What a bunch of scikit-learn's says beside its arrays: a name for each class, and one for each column."""
    columns = data.shape[1] if data.shape is not None and len(data.shape) == 2 else None
    count = {"target_names": targets.classes, "feature_names": columns}.get(name)
    return Unknown(place) if count is None else Tuple((Unknown(place),) * count, place)


def element_of(data: Data) -> Value:
    """What a loop over data meets: a batch of inputs and targets, or a sample."""
    one = replace(data, batched=False, targets=None, parts=(), further=())
    if data.targets is not None and data.further:
        return Tuple((one, data.targets, *data.further))
    if data.targets is not None:
        return Tuple((one, data.targets))
    if data.batched:
        return one
    return replace(one, shape=data.shape[1:] if data.shape else None, rows=None, one_row=True)


def unpack(data: Data, count: int) -> tuple[Value, ...] | None:
    """`a, b = data`: inputs and targets of a batch."""
    if data.targets is not None and count == 2:
        return (replace(data, targets=None), data.targets)
    return None


def prediction(method: str, place: Place) -> Value:
    """What `evaluate` and `predict` return, as far as it can matter."""
    return Data(PREDICTION, place) if method.startswith("predict") else Unknown(place)


def whole(data: Data, step: DataStep) -> Data:
    """Data made whole numbers: what was measured may now be classes."""
    return data.after(step, labels=None if data.labels is LabelForm.CONTINUOUS else data.labels)


NUMBERED = (LabelForm.INTEGER, LabelForm.BINARY)
"""Forms of labels that are one number for each example."""


def statistic(data: Data, name: str, place: Place, arguments: Arguments, position: int) -> Value:
    """A number worked out of data, or arrays with fewer axes; `position` is that of the axis among the arguments.

    The number is known of class numbers only.
    """
    axis, fewer = arguments.value("axis", position), reductions.reduced(data, name, arguments, position, place)
    if fewer is not None:
        return fewer
    if name in LARGEST and data.highest_class is not None and data.labels in NUMBERED:
        return Constant(data.highest_class, place)
    rows = axis.items[0] if isinstance(axis, Tuple) and axis.items else axis
    of_rows = data.rows is not None and (rows is None or is_none(rows) or number(rows) == 0)
    return Statistic(place, name, data) if of_rows else Unknown(place)


def different_values(data: Data, place: Place) -> Statistic:
    """How many different values there are in a column."""
    return Statistic(place, DIFFERENT_VALUES, data)


def count_of_different(data: Data, place: Place) -> Statistic | None:
    """How many rows `column.unique()` has, where they are counted; None for all other data."""
    if not data.steps or data.steps[-1].name != "unique":
        return None
    return different_values(replace(data, steps=data.steps[:-1]), place)


def class_ids(data: Data, place: Place) -> Value:
    """`argmax` of labels, or of predictions: one number for each row again."""
    step = DataStep(StepKind.ENCODED, "argmax", place)
    if data.source == PREDICTION and not data.steps:
        return data.after(step, dtype="int64", shape=(data.samples,))
    if data.labels is not LabelForm.ONE_HOT:
        return Unknown(place)
    return data.after(step, labels=LabelForm.INTEGER, range=None, shape=(data.samples,) if data.shape else None)


def one_hot(data: Data, classes: int | None, place: Place) -> Data:
    """Labels as one-hot rows."""
    count = classes if classes is not None else data.classes
    shape = (data.samples, count) if data.shape else None
    return data.after(
        DataStep(StepKind.ENCODED, "one-hot", place),
        labels=LabelForm.ONE_HOT,
        classes=count,
        range=Interval(0, 1),
        shape=shape,
        dtype="float32",
        token_ids=False,
    )

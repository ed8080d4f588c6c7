"""What operators, items and attributes make of data."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import (
    WHOLE,
    Data,
    DataStep,
    Interval,
    LabelForm,
    Rows,
    StepKind,
    join_data,
)
from scram_analyzers.source.interpreting.state import ListObject
from scram_analyzers.source.libraries import class_numbers, loaders, table_columns
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Arguments,
    Constant,
    Method,
    Ref,
    Statistic,
    Symbol,
    Tuple,
    Unknown,
    Value,
    integer,
    is_none,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

STATISTICS = frozenset(
    (
        *("max", "min", "amax", "amin", "nanmax", "nanmin", "ptp", "argmax", "argmin"),
        *("mean", "std", "var", "sum", "median", "average", "nanmean", "nanstd", "prod", "size"),
    )
)


def as_data(value: Value | None) -> Data | None:
    """The value as data: data itself, or an attribute of data that names a column."""
    if isinstance(value, Data):
        return value
    if isinstance(value, Method) and isinstance(value.owner, Data):
        return _column(value.owner, value.name, value.place)
    return None


def _column(data: Data, name: str, place: Place | None) -> Data:
    return named_column(data, data.after(DataStep(StepKind.SELECTED, "column", place)), name)


def named_column(table: Data, one: Data, name: str | None) -> Data:
    """One column of a table, which `one` is: as it was put there, if the program did that."""
    known = table.shape or table.is_table
    column = replace(_column_of_classes(one), shape=(table.samples,) if known else None, range=None)
    for step in reversed(table.steps):
        if step.put is not None and step.put[0] == name:
            put = step.put[1]
            return replace(column, range=put.range, dtype=put.dtype, labels=put.labels, classes=put.classes)
        if step.name not in _KEEPING_COLUMNS:
            break
    return column


_KEEPING_COLUMNS = (
    *("setitem", "encoded column", "getitem", "column"),
    *("copy", "drop", "dropna", "head", "sample", "reset_index", "set_index", "sort_values", "tail"),
)
"""Steps of a table that leave in a column what was put there, of all rows or of some."""


def from_object(interpreter: Interpreter, value: Value) -> Data | None:
    """A list (of lists) of numbers as data; None for anything else."""
    numbers: list[float] = []
    shape = _collect_numbers(interpreter, value, numbers)
    if shape is None or not numbers:
        return None
    whole = all(each.is_integer() for each in numbers)
    finite = all(math.isfinite(each) for each in numbers)
    return Data(
        source="literal",
        place=value.place,
        range=Interval(min(numbers), max(numbers)) if finite else None,
        dtype="int64" if whole else "float64",
        shape=shape,
        roots=frozenset((value.identity,)) if isinstance(value, Ref) else frozenset(),
    )


def one_of(numbers: list[float], place: Place) -> Data | None:
    """One of several whole numbers, as labels are made of words; None for other numbers."""
    if not numbers or not all(each.is_integer() for each in numbers):
        return None
    return Data("literal", place, range=Interval(min(numbers), max(numbers)), dtype="int64", shape=())


def stacked(interpreter: Interpreter, value: Value | None) -> Data | None:
    """A list of arrays as one array (`np.array(images)`), or a list of numbers; None for anything else.

    The list is what such an array came from: it is the root, and what its items came from are origins.
    """
    thing = interpreter.object_of(value)
    if isinstance(value, Tuple):
        return from_object(interpreter, value)
    if not isinstance(value, Ref) or not isinstance(thing, ListObject):
        return None
    data = _of_list(interpreter, value, thing)
    shuffled = interpreter.fact("shuffled", value.identity)
    return data.after(shuffled) if data is not None and isinstance(shuffled, DataStep) else data


def _of_list(interpreter: Interpreter, value: Ref, thing: ListObject) -> Data | None:
    numbers = from_object(interpreter, value)
    if numbers is not None:
        return numbers
    held = (*thing.items, *(each for each in thing.rest if not any(each is item for item in thing.items)))
    classes = class_numbers.numbered(thing, held)
    if classes is not None:
        return replace(classes, place=value.place, roots=frozenset((value.identity,)))
    items = [item if isinstance(item, Data) else stacked(interpreter, item) for item in held]
    known = [item for item in items if item is not None]
    if not known or len(known) < len(items):
        return Data("list", value.place, roots=frozenset((value.identity,))) if thing.open else None
    joined = known[0]
    for item in known[1:]:
        joined = join_data(joined, item)
    shapes = {item.shape for item in known}
    inner = next(iter(shapes)) if len(shapes) == 1 else None
    return replace(
        joined,
        shape=(None if thing.open else len(items), *inner) if inner is not None else None,
        rows=WHOLE,
        one_row=False,
        batched=False,
        targets=None,
        roots=frozenset((value.identity,)),
        origins=frozenset().union(*(item.roots | item.origins for item in known)),
    )


def _collect_numbers(interpreter: Interpreter, value: Value, numbers: list[float]) -> tuple[int | None, ...] | None:
    items = interpreter.items_of(value)
    if items is None:
        held = number(value)
        if held is None:
            return None
        numbers.append(held)
        return ()
    inner: tuple[int | None, ...] | None = ()
    for item in items:
        inner = _collect_numbers(interpreter, item, numbers)
        if inner is None:
            return None
    return (len(items), *inner) if inner is not None else None


# -- items and attributes

PERMUTATION = "numpy.random.permutation"
"""The source of an array of row numbers in random order."""

FOLDS = "sklearn.model_selection.split"
"""The source of the row numbers that a cross-validation gives: those to train on, and those held out."""


def select(interpreter: Interpreter, data: Data, keys: list[Value | slice], place: Place) -> Value:
    """`data[...]`: some of its samples or columns."""
    key = keys[0]
    position = integer(key) if not isinstance(key, slice) else None
    if data.batched and data.targets is not None and len(keys) == 1 and position is not None:
        return element_of(data)  # generator[0]: a batch
    if data.targets is not None and isinstance(key, Constant) and key.value in ("data", "target", "images"):
        return attribute(data, str(key.value), place)  # scikit-learn's bunches are dicts as well
    if data.source == "numpy.eye" and isinstance(key, Data):
        return one_hot(key, data.classes, place)  # np.eye(classes)[labels]
    step = DataStep(StepKind.SELECTED, _way_of(key), place, column=None if isinstance(key, slice) else text(key))
    if _only_adds_axes(keys):
        return data.after(DataStep(StepKind.OTHER, "expand_dims", place), shape=None)
    if isinstance(key, Data) and _is_random_order(key) and not _is_flat_row(data):
        step = DataStep(StepKind.SHUFFLED, "permutation", key.place)  # two arrays by one key stay together
    if isinstance(key, Data) and key.source == FOLDS:
        step = DataStep(StepKind.SPLIT, "fold", key.place)
        data = replace(data, part=key.part)
    targets = select(interpreter, data.targets, keys, place) if data.targets is not None else None
    one = replace(data.after(step), targets=targets if isinstance(targets, Data) else None)
    if len(keys) == 1 and table_columns.names_columns(interpreter, key):
        if isinstance(key, Constant):
            return named_column(data, replace(one, roots=loaders.member_roots(interpreter, data, text(key))), text(key))
        shape = table_columns.shape_of_columns(interpreter, data, key)
        return replace(one, shape=shape, range=None, labels=table_columns.form_of_columns(interpreter, key))
    every_row = step.kind is StepKind.SHUFFLED and isinstance(key, Data) and key.rows == WHOLE
    rows = data.rows if every_row else _rows(data, key)
    if len(keys) == 1 and isinstance(key, slice):
        return replace(one, shape=_sliced(data, key), rows=rows)
    if len(keys) > 1:
        one_column = any(not isinstance(each, slice) for each in keys[1:]) and not data.images
        single = len(keys) == 2 and not isinstance(keys[1], slice) and integer(keys[1]) is not None
        one = _column_of_classes(one) if single else one
        interval = data.range if not one_column or _is_scaled_by_column(data) else None
        return replace(one, shape=_of_columns(data, keys), rows=rows, range=interval)
    single = position is not None or _is_moving(key)
    shape = data.shape[1:] if data.shape and single else None
    if data.shape and isinstance(key, Data) and (key.source == FOLDS or len(key.shape or ()) == 1):
        shape = (None, *data.shape[1:])
    one = replace(one, shape=shape, rows=rows)
    if position is not None and data.is_table and len(data.shape or ()) == 2:
        one = replace(
            one, range=None
        )  # `table[187]`, of columns that have numbers for names: each has a range of its own
    return replace(one, classes=None) if _picks_by_value(key) else one


def _is_scaled_by_column(data: Data) -> bool:
    """Whether a scaler brought each column by itself to the range of all."""
    last = next((step for step in reversed(data.steps) if step.kind is not StepKind.SELECTED), None)
    return last is not None and last.kind is StepKind.SCALED and last.name.startswith("sklearn.preprocessing.")


def _only_adds_axes(keys: list[Value | slice]) -> bool:
    """Whether all of the data are taken, in another shape: `x[..., None]`, `x[:, np.newaxis]`."""
    return all(each == slice(None, None, None) or _is_axis(each) for each in keys) and any(map(_is_axis, keys))


def _is_axis(key: Value | slice) -> bool:
    if isinstance(key, slice):
        return False
    ellipsis = isinstance(key, Unknown) and key.place is not None and isinstance(key.place.node, cst.Ellipsis)
    return ellipsis or is_none(key) or (isinstance(key, Symbol) and key.dotted.endswith(".newaxis"))


def _is_random_order(key: Data) -> bool:
    """Whether a key holds the numbers of all rows in random order."""
    shuffled = any(step.kind is StepKind.SHUFFLED for step in key.steps)
    return key.source == PERMUTATION or (key.source == "numpy.arange" and shuffled)


def _is_flat_row(data: Data) -> bool:
    """Whether what stands side by side are the values of one example, such as the pixels of an image."""
    return data.one_row and any(step.name in ("flatten", "ravel", "reshape") for step in data.steps)


def _is_moving(key: Value | slice) -> bool:
    """Whether a key is a position that a loop moves along (`y[i + 60]`): masks and lists are never added up."""
    node = key.place.node if isinstance(key, Unknown) and key.place is not None else None
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract))


def _way_of(key: Value | slice) -> str:
    """How rows are taken: by a moving window, sorted by something, or any other way."""
    if _is_window(key):
        return "window"
    return "argsort" if isinstance(key, Data) and key.steps and key.steps[-1].name == "argsort" else "getitem"


def _picks_by_value(key: Value | slice) -> bool:
    """Whether a key picks rows for what they hold (`y[y < 5]`), so that whole classes may be gone."""
    if isinstance(key, Ref):
        return True  # a list of positions, made by whatever condition
    names = {step.name for step in key.steps} if isinstance(key, Data) else frozenset()
    return not names.isdisjoint(("compare", "isin", "in1d")) or {"argsort", "getitem"} <= names


def _column_of_classes(data: Data) -> Data:
    """One column of rows that have one for each class: a 0 or 1 for each example."""
    rows = data.labels in (LabelForm.ONE_HOT, LabelForm.MULTI_HOT)
    return replace(data, labels=LabelForm.BINARY, classes=None) if rows else data


def _is_window(key: Value | slice) -> bool:
    """Whether a slice moves along with a loop: both bounds given, the first not a number."""
    if not isinstance(key, slice) or key.start is None or key.stop is None:
        return False
    return integer(key.start) is None and integer(key.stop) is None


def _rows(data: Data, key: Value | slice) -> Rows | None:
    """Which rows a key picks, when both its bounds are known."""
    if data.rows is None or not isinstance(key, slice):
        return None
    if key.step is not None and not is_none(key.step):
        return None
    bounds: list[int | None] = []
    for bound in (key.start, key.stop):
        held = None if bound is None or is_none(bound) else integer(bound)
        if held is None and bound is not None and not is_none(bound):
            return None
        if held is not None and held < 0:
            if data.samples is None:
                return None
            held = max(0, data.samples + held)
        bounds.append(held)
    return data.rows.part(bounds[0] or 0, bounds[1])


def _of_columns(data: Data, keys: list[Value | slice]) -> tuple[int | None, ...] | None:
    """The shape of `data[:, 3]` and `data[:, 0:8]`, as far as the row and column keys tell it."""
    if data.shape is None and len(keys) == 2 and data.source in ("numpy.loadtxt", "numpy.genfromtxt"):
        data = replace(data, shape=(None, None))
    if data.shape is None or len(keys) > len(data.shape):
        return None
    shape: list[int | None] = []
    for size, key in zip(data.shape, keys, strict=False):
        if not isinstance(key, slice):
            if integer(key) is None and not _is_moving(key):
                return None
            continue
        kept = _sliced(replace(data, shape=(size,)), key)
        shape.append(kept[0] if kept else None)
    return (*shape, *data.shape[len(keys) :])


def _sliced(data: Data, key: slice) -> tuple[int | None, ...] | None:
    if data.shape is None:
        return None
    given = (key.start, key.stop, key.step)
    bounds = [None if bound is None else integer(bound) for bound in given]
    known = all(bound is None or held is not None for bound, held in zip(given, bounds, strict=True))
    if not known or data.samples is None or bounds[2] == 0:
        return (None, *data.shape[1:])
    return (len(range(*slice(*bounds).indices(data.samples))), *data.shape[1:])


def with_item(data: Data, value: Value, place: Place, column: str | None = None) -> Data:
    """`data[...] = value`: part of it changed; `column` is the name of the column that it is, where it is one."""
    given = as_data(value)
    if given is not None and data.source in BLANK and not data.scaled:
        return _filled(data, given, place)
    kind = StepKind.SCALED if given is not None and given.scaled else StepKind.OTHER
    encoded = given is not None and not given.scaled and any(step.kind is StepKind.ENCODED for step in given.steps)
    learned = [each.learned for each in given.learned_steps()][-1:] if given is not None else []
    put = (column, given) if column is not None and given is not None else None
    step = DataStep(kind, ENCODED_COLUMN if encoded else "setitem", place, learned=next(iter(learned), None), put=put)
    interval = None if kind is StepKind.SCALED else _widened(data, value)
    facts: dict[str, object] = {"range": interval}
    if interval is not None and data.labels is LabelForm.BINARY and interval != Interval(0, 1):
        facts |= {"labels": None, "classes": None}
    last = data.steps[-1] if data.steps else None
    if last is not None and last.place is not None and last.place.node is place.node:  # once more round a loop
        return replace(data, steps=data.steps[:-1]).after(step, **facts)
    return data.after(step, **facts)


def _widened(data: Data, value: Value) -> Interval | None:
    """The range of data after some of it was replaced by `value`; None where either can't be told."""
    before = Interval(0, 1) if data.range is None and data.labels is LabelForm.BINARY else data.range
    given, held = as_data(value), number(value)
    after = given.range if given is not None else Interval(held, held) if held is not None else None
    return before.hull(after) if before is not None and after is not None else None


ENCODED_COLUMN = "encoded column"
"""The step of a table one of whose columns was replaced by numbers for its words."""

BLANK = ("numpy.empty", "numpy.zeros")
"""Sources of arrays that programs make to fill them row by row."""


def _filled(data: Data, given: Data, place: Place) -> Data:
    """A blank array after rows of other data were written into it: it holds what they held."""
    written = DataStep(StepKind.OTHER, "setitem", place)
    interval = given.range.hull(Interval(0, 0)) if given.range is not None else None
    return replace(
        given.after(written),
        range=interval,
        dtype=data.dtype,
        shape=data.shape,
        rows=WHOLE,
        one_row=False,
        batched=False,
        targets=None,
        roots=data.roots,
        origins=data.origins | given.roots | given.origins,
    )


def clipped(data: Data, arguments: Arguments, step: DataStep) -> Data:
    """Data kept between two bounds; where nothing else is known of them, they reach both."""
    low, high = (number(arguments.value(name, position)) for position, name in enumerate(("lower", "upper")))
    if low is None or high is None:
        return data.after(step)
    if data.range is None:
        return data.after(step) if data.scaled else data.after(step, range=Interval(low, high))
    return data.after(step, range=Interval(max(low, data.range.low), min(high, data.range.high)))


def attribute(data: Data, name: str, place: Place) -> Value:
    """`data.name`."""
    if name == "shape":
        if data.shape is None:
            return Unknown(place)
        return Tuple(tuple(Unknown() if size is None else Constant(size) for size in data.shape), place)
    if name == "images" and data.source == "sklearn.datasets.load_digits":
        return replace(data, targets=None, shape=(data.samples, 8, 8))
    if name == "T":
        return replace(data, shape=data.shape[::-1] if data.shape is not None else None)
    if name in ("values", "images", "loc", "iloc", "ix", "data", "flat", "real", "array", "at", "iat"):
        return data if name != "data" or data.targets is None else replace(data, targets=None)
    if name in ("target", "targets") and data.targets is not None:
        return data.targets
    if name in ("size", "ndim", "dtype", "columns", "index", "element_spec", "class_names", "class_indices"):
        return Unknown(place)
    if name in ("samples", "n", "num_classes", "batch_size"):
        return Unknown(place)
    return Method(data, name, place)


def element_of(data: Data) -> Value:
    """What a loop over data meets: a batch of inputs and targets, or a sample."""
    one = replace(data, batched=False, targets=None)
    if data.targets is not None:
        return Tuple((one, data.targets))
    if data.batched:
        return one
    return replace(one, shape=data.shape[1:] if data.shape else None, rows=None, one_row=True)


def batches_of(batch: Value) -> Data:
    """What gives such batches again and again; pairs are inputs and targets."""
    if isinstance(batch, Tuple) and len(batch.items) >= 2:
        inputs, targets = (as_data(item) for item in batch.items[:2])
        return replace(inputs or Data("generator"), targets=targets, batched=True)
    inputs = as_data(batch)
    return replace(inputs, batched=True) if inputs is not None else Data("generator", batched=True)


def unpack(data: Data, count: int) -> tuple[Value, ...] | None:
    """`a, b = data`: inputs and targets of a batch."""
    if data.targets is not None and count == 2:
        return (replace(data, targets=None), data.targets)
    return None


def prediction(method: str, place: Place) -> Value:
    """What `evaluate` and `predict` return, as far as it can matter."""
    return Data("prediction", place) if method.startswith("predict") else Unknown(place)


def whole(data: Data, step: DataStep) -> Data:
    """Data made whole numbers: what was measured may now be classes."""
    return data.after(step, labels=None if data.labels is LabelForm.CONTINUOUS else data.labels)


NUMBERED = (LabelForm.INTEGER, LabelForm.BINARY)
"""Forms of labels that are one number for each example."""


def statistic(data: Data, name: str, place: Place, axis: Value | None = None) -> Value:
    """A number worked out of data, or one for each row.

    It is known of class numbers only, of which the highest is one less than there are.
    """
    if name == "sum" and number(axis) in (1, -1):
        count = data.shape[1] if data.shape is not None and len(data.shape) == 2 else None
        known = data.range if count is not None else None
        return data.after(
            DataStep(StepKind.OTHER, name, place),
            range=Interval(known.low * count, known.high * count) if known is not None and count is not None else None,
            dtype="float64",
            shape=(data.samples,),
            labels=LabelForm.CONTINUOUS,
            classes=None,
            images=False,
        )
    if name in ("max", "amax", "nanmax") and data.classes is not None and data.labels in NUMBERED:
        return Constant(data.classes - 1, place)
    rows = axis.items[0] if isinstance(axis, Tuple) and axis.items else axis
    of_rows = data.rows is not None and (rows is None or is_none(rows) or number(rows) == 0)
    return Statistic(place, name, data) if of_rows else Unknown(place)


def class_ids(data: Data, place: Place) -> Value:
    """`argmax` of labels: one number for each row again."""
    if data.labels is not LabelForm.ONE_HOT:
        return Unknown(place)
    step = DataStep(StepKind.ENCODED, "argmax", place)
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

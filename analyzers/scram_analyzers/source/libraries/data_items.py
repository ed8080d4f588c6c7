"""What items make of data: some of its samples or columns, taken out or written anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import WHOLE, Data, DataStep, Interval, LabelForm, Rows, StepKind
from scram_analyzers.source.libraries import loaders, table_columns
from scram_analyzers.source.libraries.data_operations import (
    as_data,
    attribute,
    column_of_classes,
    element_of,
    is_scaled_by_column,
    named_column,
    one_hot,
    range_of_columns,
)
from scram_analyzers.source.libraries.moving_windows import WINDOW, window_length
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import parents
from scram_analyzers.source.values import (
    ColumnNames,
    Constant,
    OneOf,
    Ref,
    Symbol,
    Unknown,
    Value,
    WholeNumber,
    integer,
    is_none,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

PERMUTATION = "numpy.random.permutation"
"""The source of an array of row numbers in random order."""

_IN_BUNCHES = ("data", "target", "images", "target_names", "feature_names", "DESCR", "filename")
"""What scikit-learn's bunches, which are dicts as well, hold under these keys."""

FOLDS = "sklearn.model_selection.split"
"""The source of the row numbers that a cross-validation gives: those to train on, and those held out."""


def select(interpreter: Interpreter, data: Data, keys: list[Value | slice], place: Place) -> Value:
    """`data[...]`: some of its samples or columns."""
    if _only_adds_axes(keys):
        return data.after(DataStep(StepKind.OTHER, "expand_dims", place), shape=_with_axes(data.shape, keys))
    if data.shape is not None:
        keys = _without_ellipsis(keys, len(data.shape))
    key = keys[0]
    item = _item(data, key, place, alone=len(keys) == 1)
    if item is not None:
        return item
    step = DataStep(StepKind.SELECTED, _way_of(key), place, column=None if isinstance(key, slice) else text(key))
    if step.name == WINDOW and isinstance(key, slice):
        step = replace(step, number=window_length(interpreter, key, place))
    if isinstance(key, Data):
        data, step = _in_order_of(key, data, step)
    targets = select(interpreter, data.targets, keys, place) if data.targets is not None else None
    one = replace(data.after(step), targets=targets if isinstance(targets, Data) else None)
    if len(keys) == 1 and table_columns.names_columns(interpreter, key):
        return _columns(interpreter, data, one, key)
    every_row = step.kind is StepKind.SHUFFLED and isinstance(key, Data) and key.rows == WHOLE
    one = replace(one, rows=data.rows if every_row else _rows(data, key))
    if len(keys) == 1 and isinstance(key, slice):
        return replace(one, shape=_sliced(data, key))
    return _block(data, one, keys, place) if len(keys) > 1 else _rows_picked(data, one, key, place)


def _item(data: Data, key: Value | slice, place: Place, *, alone: bool) -> Value | None:
    """What one key takes whole: a batch, a member, the rows of classes; `alone` if no other key stands beside it."""
    if data.batched and data.targets is not None and alone and not isinstance(key, slice) and integer(key) is not None:
        return element_of(data)  # generator[0]: a batch
    if data.targets is not None and isinstance(key, Constant) and key.value in _IN_BUNCHES:
        return attribute(data, str(key.value), place)  # scikit-learn's bunches are dicts as well
    if data.source == "numpy.eye" and isinstance(key, Data):
        return one_hot(key, data.classes, place)  # np.eye(classes)[labels]
    if data.source == "numpy.eye" and isinstance(key, (OneOf, WholeNumber)):
        return replace(one_hot(replace(data, shape=None), data.classes, place), one_row=True)  # the row of one class
    return None


def _in_order_of(key: Data, data: Data, step: DataStep) -> tuple[Data, DataStep]:
    """The data and the step that takes rows of them, where the key holds a random order or the rows of a fold."""
    if _is_random_order(key) and not _is_flat_row(data):
        first = float(key.rows.start) if key.rows is not None and key.rows != WHOLE else None
        step = DataStep(StepKind.SHUFFLED, "permutation", key.place, first)  # two arrays by one key stay together
        data = replace(data, steps=(*data.steps, *_stretch_of_order(key)))
    if key.source == FOLDS:
        step = DataStep(StepKind.SPLIT, "fold", key.place)
        data = replace(data, part=key.part)
    return data, step


def _columns(interpreter: Interpreter, data: Data, one: Data, key: Value | slice) -> Data:
    """The columns of a table that a key names."""
    if isinstance(key, ColumnNames) and key.one:
        return replace(one, shape=(data.samples,), range=None)
    if isinstance(key, Constant):
        return named_column(data, replace(one, roots=loaders.member_roots(interpreter, data, text(key))), text(key))
    names = table_columns.names_of_columns(interpreter, key)
    return replace(
        one,
        steps=(*one.steps[:-1], replace(one.steps[-1], columns=names)),
        shape=table_columns.shape_of_columns(interpreter, data, key),
        range=range_of_columns(data, names),
        labels=table_columns.form_of_columns(interpreter, key),
    )


def _block(data: Data, one: Data, keys: list[Value | slice], place: Place) -> Data:
    """What several keys take, one for each axis: `x[:, 3]`."""
    one_column = any(not isinstance(each, slice) for each in keys[1:]) and not data.images
    single = len(keys) == 2 and not isinstance(keys[1], slice) and integer(keys[1]) is not None
    interval = data.range if not one_column or is_scaled_by_column(data) else None
    return replace(column_of_classes(one) if single else one, shape=_of_columns(data, keys, place), range=interval)


def _rows_picked(data: Data, one: Data, key: Value | slice, place: Place) -> Data:
    """The row at a position, or the rows that a mask or a list of positions picks."""
    position = integer(key) if not isinstance(key, slice) else None
    may_be_column = data.is_table and not data.in_numpy and len(data.shape or ()) == 2
    single = position is not None or _is_moving(key) or (_counts(place) and not may_be_column)
    shape = data.shape[1:] if data.shape and single else None
    if data.shape and isinstance(key, Data) and (key.source == FOLDS or len(key.shape or ()) == 1):
        shape = (None, *data.shape[1:])
    one = replace(one, shape=shape)
    if position is not None and data.is_table and len(data.shape or ()) == 2:
        one = replace(one, range=None)  # `table[187]`, of columns named by numbers: each has a range of its own
    return replace(one, classes=None) if _picks_by_value(key) else one


def _only_adds_axes(keys: list[Value | slice]) -> bool:
    """Whether all of the data are taken, in another shape: `x[..., None]`, `x[:, np.newaxis]`."""
    return all(each == slice(None, None, None) or _is_axis(each) for each in keys) and any(map(_is_axis, keys))


def _is_axis(key: Value | slice) -> bool:
    if isinstance(key, slice):
        return False
    return _is_ellipsis(key) or is_none(key) or (isinstance(key, Symbol) and key.dotted.endswith(".newaxis"))


def _is_ellipsis(key: Value | slice) -> bool:
    return isinstance(key, Unknown) and key.place is not None and isinstance(key.place.node, cst.Ellipsis)


def _without_ellipsis(keys: list[Value | slice], count: int) -> list[Value | slice]:
    """The keys with one for each axis that an ellipsis stands for: `x[..., 0]` of pictures is `x[:, :, :, 0]`."""
    at = next((position for position, key in enumerate(keys) if _is_ellipsis(key)), None)
    if at is None or len(keys) > count + 1 or any(map(_is_axis, [*keys[:at], *keys[at + 1 :]])):
        return keys
    return [*keys[:at], *[slice(None)] * (count - len(keys) + 1), *keys[at + 1 :]]


def _with_axes(shape: tuple[int | None, ...] | None, keys: list[Value | slice]) -> tuple[int | None, ...] | None:
    """The shape with an axis of one for each that a key adds: `x[..., None]`, `x[:, None]`."""
    taken = sum(isinstance(key, slice) for key in keys)
    if shape is None or taken > len(shape):
        return None
    found: list[int | None] = []
    rest = list(shape)
    for position, key in enumerate(keys):
        if isinstance(key, slice):
            found.append(rest.pop(0))
        elif _is_ellipsis(key):
            later = sum(isinstance(each, slice) for each in keys[position + 1 :])
            found += rest[: len(rest) - later]
            rest = rest[len(rest) - later :]
        else:
            found.append(1)
    return (*found, *rest)


def _is_random_order(key: Data) -> bool:
    """Whether a key holds the numbers of all rows in random order."""
    shuffled = any(step.kind is StepKind.SHUFFLED for step in key.steps)
    return key.source == PERMUTATION or (key.source == "numpy.arange" and shuffled)


def _stretch_of_order(key: Data) -> tuple[DataStep, ...]:
    """The step that took a stretch of an order, up to a bound that is not known: `order[:n]`."""
    last = key.steps[-1] if key.steps and key.rows is None else None
    cut = last is not None and last.kind is StepKind.SELECTED and isinstance(last.node, cst.Subscript)
    return (last,) if cut and last is not None else ()


def _is_flat_row(data: Data) -> bool:
    """Whether what stands side by side are the values of one example, such as the pixels of an image."""
    return data.one_row and any(step.name in ("flatten", "ravel", "reshape") for step in data.steps)


def _is_moving(key: Value | slice) -> bool:
    """Whether a key is a position that a loop moves along (`y[i + 60]`): masks and lists are never added up."""
    node = key.place.node if isinstance(key, Unknown) and key.place is not None else None
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract))


def _counts(place: Place) -> bool:
    """Whether the rows are taken one by one, by the number that a loop around counts: `x[i, 0]`."""
    node = place.node
    first = node.slice[0].slice if isinstance(node, cst.Subscript) else None
    row = first.value if isinstance(first, cst.Index) else None
    if not isinstance(row, cst.Name):
        return False
    for around in parents.ancestors(place):
        if isinstance(around, (cst.For, cst.CompFor)) and row.deep_equals(around.target):
            loop = around.iter
            return isinstance(loop, cst.Call) and isinstance(loop.func, cst.Name) and loop.func.value == "range"
    return False


def _way_of(key: Value | slice) -> str:
    """How rows are taken: by a moving window, sorted by something, or any other way."""
    if _is_window(key):
        return WINDOW
    return "argsort" if isinstance(key, Data) and key.steps and key.steps[-1].name == "argsort" else "getitem"


def _picks_by_value(key: Value | slice) -> bool:
    """Whether a key picks rows for what they hold (`y[y < 5]`), so that whole classes may be gone."""
    if isinstance(key, Ref):
        return True  # a list of positions, made by whatever condition
    names = {step.name for step in key.steps} if isinstance(key, Data) else frozenset()
    return not names.isdisjoint(("compare", "isin", "in1d")) or {"argsort", "getitem"} <= names


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


def _of_columns(data: Data, keys: list[Value | slice], place: Place) -> tuple[int | None, ...] | None:
    """The shape of `data[:, 3]` and `data[:, 0:8]`, as far as the row and column keys tell it."""
    if data.shape is None and len(keys) == 2 and data.source in ("numpy.loadtxt", "numpy.genfromtxt"):
        data = replace(data, shape=(None, None))
    if data.shape is None or len(keys) > len(data.shape):
        return None
    shape: list[int | None] = []
    for position, (size, key) in enumerate(zip(data.shape, keys, strict=False)):
        if not isinstance(key, slice):
            if integer(key) is None and not _is_moving(key) and not (position == 0 and _counts(place)):
                return None
            continue
        kept = _sliced(replace(data, shape=(size,)), key)
        shape.append(kept[0] if kept and kept[0] is not None else _span(key) if position == 1 else None)
    return (*shape, *data.shape[len(keys) :])


def _span(key: slice) -> int | None:
    """How many columns a slice between two numbers takes of a table that has them all: `table.iloc[:, 3:13]`."""
    start, stop = (None if bound is None or is_none(bound) else integer(bound) for bound in (key.start, key.stop))
    if stop is None or (start is None and key.start is not None) or (key.step is not None and not is_none(key.step)):
        return None
    first = start or 0
    return stop - first if 0 <= first < stop else None


def _sliced(data: Data, key: slice) -> tuple[int | None, ...] | None:
    if data.shape is None:
        return None
    given = (key.start, key.stop, key.step)
    bounds = [None if bound is None else integer(bound) for bound in given]
    known = all(bound is None or held is not None for bound, held in zip(given, bounds, strict=True))
    if not known or data.samples is None or bounds[2] == 0:
        return (None, *data.shape[1:])
    return (len(range(*slice(*bounds).indices(data.samples))), *data.shape[1:])


def with_item(
    data: Data, value: Value, place: Place, column: str | None = None, wrote: tuple[str, bool] | None = None
) -> Data:
    """`data[...] = value`: part of it changed; `column` is the name of the column that it is, where it is one.

    `wrote` names the column of which some rows or all of them are written, and says whether all are.
    """
    given = as_data(value)
    if given is not None and data.source in BLANK and not data.scaled:
        return _filled(data, given, place)
    kind = StepKind.SCALED if given is not None and given.scaled else StepKind.OTHER
    encoded = given is not None and not given.scaled and any(step.kind is StepKind.ENCODED for step in given.steps)
    learned = [each.learned for each in given.learned_steps()][-1:] if given is not None else []
    put = (column, given) if column is not None and given is not None else None
    name = ENCODED_COLUMN if encoded else "setitem"
    if given is not None and given.roots == data.roots and given.steps and given.steps[-1].name in _FILLING:
        name = given.steps[-1].name  # `table[columns] = table[columns].fillna(0)`
    step = DataStep(kind, name, place, number(value), learned=next(iter(learned), None), put=put, wrote=wrote)
    interval = None if kind is StepKind.SCALED else _widened(data, value)
    facts: dict[str, object] = {"range": interval}
    if interval is not None and data.labels is LabelForm.BINARY and interval != Interval(0, 1):
        facts |= {"labels": None, "classes": None}
    last = data.steps[-1] if data.steps else None
    if last is not None and last.place is not None and last.place.node is place.node:  # once more round a loop
        return replace(data, steps=data.steps[:-1]).after(step, **facts)
    return data.after(step, **facts)


_FILLING = ("fillna", "ffill", "bfill", "interpolate")


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

MARKS = "marks"
"""The step of data that tell where in a blank array a constant is written."""


_YES_OR_NO = ("bool", "bool_")


def _filled(data: Data, given: Data, place: Place) -> Data:
    """A blank array after rows of other data were written into it: it holds what they held."""
    written = DataStep(StepKind.OTHER, "setitem", place)
    interval = given.range.hull(Interval(0, 0)) if given.range is not None else None
    if data.dtype in _YES_OR_NO:
        interval = Interval(0, 1)  # whatever is not 0 is true there
    if given.steps and given.steps[-1].name == MARKS:  # its rows come in the order of theirs
        origins = data.origins | given.roots | given.origins
        return replace(data, steps=(*given.steps, written), range=interval, origins=origins)
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

"""Methods of data: of arrays, tables and datasets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data, DataStep, Interval, LabelForm, StepKind
from scram_analyzers.source.libraries import (
    array_shapes,
    class_codes,
    data_arithmetic,
    data_operations,
    joint_inputs,
    loaders,
    noise,
    reshaping,
    value_maps,
)
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Class,
    Constant,
    Function,
    Ref,
    Symbol,
    Tuple,
    Unknown,
    Value,
    integer,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_SAME = frozenset(
    [
        "copy",
        "to_numpy",
        "toarray",
        "todense",
        "numpy",
        "as_matrix",
        "tolist",
        "sample",
        "shuffle",
        "repeat",
        "prefetch",
        "cache",
        "resize",
        "convert",
        "take",
        "skip",
        "fillna",
        "dropna",
        "drop",
        "head",
        "tail",
        "reset_index",
        "set_index",
        "sort_values",
        "transpose",
        "as_numpy_iterator",
        "with_options",
        *("float", "double", "long", "detach", "cpu", "contiguous"),  # of PyTorch
        "filter",
        "squeeze",
    ]
)
_CHANGING_SHAPE = frozenset(["resize", "transpose", "squeeze", "drop", "dropna", "apply", "filter", "tolist"])
_LEAVING_SOME = frozenset(["drop", "dropna", "filter", "head", "sample", "tail"])
"""Methods of tables that leave some of the rows or columns, and the rank as it is."""

_REARRANGING = frozenset(["flatten", "ravel", "expand_dims", "swapaxes", "unbatch"])

_EACH_BY_EACH = frozenset(
    [
        *("abs", "add", "sub", "mul", "div", "truediv", "pow", "mod", "round", "where", "mask", "rank"),
        *("shift", "diff", "pct_change", "cumsum", "cumprod", "cummax", "cummin"),
        *("interpolate", "ffill", "bfill", "pad", "backfill", "replace", "rename", "infer_objects", "len"),
        *("lower", "upper", "strip", "title", "capitalize", "zfill"),
    ]
)
"""Methods of tables and columns that give another value for each, or for the one at its side."""

_GROUPING = frozenset(["groupby", "resample", "rolling", "ewm"])
"""Methods of tables after which a mean or sum is one of each group."""

_MOVING = frozenset(["rolling", "ewm"])
"""Those whose groups move along: there are as many as rows."""

_ASKING = frozenset(
    [
        *("isin", "isna", "isnull", "notna", "notnull", "between", "eq", "ne", "gt", "ge", "lt", "le"),
        *("contains", "startswith", "endswith", "match", "fullmatch"),
    ]
)
"""Methods that say true or false for each value."""


@dataclass(frozen=True)
class _Asked:
    """`data.name(arguments)`."""

    interpreter: Interpreter
    data: Data
    name: str
    arguments: Arguments
    place: Place

    def step(self, kind: StepKind = StepKind.OTHER, number: float | None = None) -> DataStep:
        return DataStep(kind, self.name, self.place, number)


def call(interpreter: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Value:
    """`data.name(arguments)`."""
    asked = _Asked(interpreter, data, name, arguments, place)
    answer = _METHODS[name](asked) if name in _METHODS else None
    return answer if answer is not None else _other_values(asked)


def _other_values(asked: _Asked) -> Data:
    """What a method of no other kind gives: values that can't be told."""
    data = asked.data
    beside = data_operations.as_data(asked.arguments.value("right", 0)) if asked.name in ("merge", "join") else None
    marks = [replace(each, certain=False) for each in beside.steps if each.kind is StepKind.ENCODED] if beside else []
    whole = replace(data, steps=(*data.steps, *marks))
    shape = data.shape if asked.name in _EACH_BY_EACH and data.is_table else None
    return whole.after(asked.step(), range=None, shape=shape, labels=None, rows=None)


def _converted(asked: _Asked) -> Data:
    data, dtype = asked.data, _dtype(asked.arguments)
    converted = data_operations.whole(data, asked.step(StepKind.CONVERTED))
    return replace(converted, dtype=dtype, labels=data.labels if dtype and "float" in dtype else converted.labels)


def _compared(asked: _Asked) -> Data:
    return data_arithmetic.compare(asked.data, asked.place)


def _class_ids(asked: _Asked) -> Value:
    picked = data_operations.class_ids(asked.data, asked.place)
    _note_as_function(asked.interpreter, "numpy.argmax", asked.data, asked.arguments, asked.place, picked)
    return picked


def _factorized(asked: _Asked) -> Value:
    return class_codes.factorized(asked.data, asked.name, asked.place)


def _each_value_changed(asked: _Asked) -> Value | None:
    """`column.map({"yes": 1})`, `column.apply(function)`; None where neither its values nor the function tell."""
    given = (asked.interpreter, asked.data, asked.name, asked.arguments, asked.place)
    return value_maps.answers(*given) or value_maps.followed(*given)


def _mapped_values(asked: _Asked) -> Value:
    answered = _each_value_changed(asked)
    return answered if answered is not None else _mapped(asked.interpreter, asked.data, asked.arguments, asked.place)


def _values_kept(asked: _Asked) -> Data:
    data, name = asked.data, asked.name
    numbers = name == "tolist" and data.dtype is not None  # others may be arrays themselves
    kept = data.after(asked.step())
    if name in _CHANGING_SHAPE and not numbers:
        kept = replace(kept, shape=array_shapes.rearranged(asked.interpreter, name, data.shape, asked.arguments))
    kept = replace(kept, in_numpy=True) if name in ("to_numpy", "as_matrix") else kept
    left = _with_rows(asked.interpreter, kept, name, asked.arguments, asked.place)
    is_smaller = left.shape is None and data.is_table and not data.in_numpy and name in _LEAVING_SOME
    return replace(left, shape=(None,) * len(data.shape)) if is_smaller and data.shape else left


def _applied(asked: _Asked) -> Value:
    answered = _each_value_changed(asked)
    return answered if answered is not None else _values_kept(asked)


def _clipped(asked: _Asked) -> Value:
    return data_operations.clipped(asked.data, asked.arguments, asked.step())


def _reshaped(asked: _Asked) -> Data:
    shape = reshaping.reshaped(asked.interpreter, asked.data, asked.arguments.positional, asked.place)
    return asked.data.after(asked.step(), shape=shape)


def _rearranged(asked: _Asked) -> Data:
    shape = array_shapes.rearranged(asked.interpreter, asked.name, asked.data.shape, asked.arguments)
    return asked.data.after(asked.step(), shape=shape)


def _batched(asked: _Asked) -> Data:
    size = number(asked.arguments.value("batch_size", 0))
    return replace(asked.data.after(asked.step(number=size)), batched=True)


def _rows_in_turn(asked: _Asked) -> Value:
    row = asked.data.after(asked.step(StepKind.SELECTED), shape=None, rows=None)
    return asked.interpreter.new_list((Tuple((Unknown(asked.place), row), asked.place),), asked.place, open=True)


def _element(asked: _Asked) -> Value:
    return data_operations.element_of(asked.data)


def _column(asked: _Asked) -> Value:
    column = text(asked.arguments.value("item", 0))
    taken = asked.data.after(DataStep(StepKind.SELECTED, asked.name, asked.place, column=column))
    return data_operations.named_column(asked.data, taken, column)


def _grouped(asked: _Asked) -> Data:
    return asked.data.after(asked.step(), shape=asked.data.shape if asked.name in _MOVING else None, rows=None)


def _statistic(asked: _Asked) -> Value:
    data = asked.data
    if any(each.name in _GROUPING for each in data.steps[-2:]):
        return data.after(asked.step(), range=None, labels=None)  # a row for each group, or of each stretch that moves
    return data_operations.statistic(data, asked.name, asked.place, asked.arguments, 0)


def _different_values(asked: _Asked) -> Value | None:
    data = asked.data
    if data.classes is not None and data.labels in data_operations.NUMBERED:
        return Constant(data.classes, asked.place)
    if data.steps and data.steps[-1].name in value_maps.OF_ONE_COLUMN:
        return data_operations.different_values(data, asked.place)
    return None


def _marks_of_texts(asked: _Asked) -> Data:
    """Of texts that hold several marks each: `table["genres"].str.get_dummies("|")`."""
    step = asked.step(StepKind.ENCODED)
    return asked.data.after(step, range=Interval(0, 1), shape=None, labels=LabelForm.MULTI_HOT, classes=None, rows=None)


_METHODS: Mapping[str, Callable[[_Asked], Value | None]] = MappingProxyType(
    {
        **dict.fromkeys(_SAME, _values_kept),
        **dict.fromkeys(_ASKING, _compared),
        **dict.fromkeys(_REARRANGING, _rearranged),
        **dict.fromkeys(_GROUPING, _grouped),
        **dict.fromkeys(data_operations.STATISTICS, _statistic),
        "astype": _converted,
        "argmax": _class_ids,
        "factorize": _factorized,
        "map": _mapped_values,
        "apply": _applied,
        "replace": _each_value_changed,
        "clip": _clipped,
        "reshape": _reshaped,
        "batch": _batched,
        "padded_batch": _batched,
        "iterrows": _rows_in_turn,
        "next": _element,
        "__next__": _element,
        "pop": _column,
        "get": _column,
        "nunique": _different_values,
        "get_dummies": _marks_of_texts,
    }
)
"""What each method gives, by its name; an answer of None could not be told."""


def _note_as_function(
    interpreter: Interpreter, name: str, data: Data, arguments: Arguments, place: Place, result: Value
) -> None:
    """Note `data.argmax(axis=1)` as the `numpy.argmax(data, axis=1)` that it is."""
    function = place.node.func if isinstance(place.node, cst.Call) else None
    written = Place(place.section, function.value) if isinstance(function, cst.Attribute) else None
    given = Arguments((Argument(data, written), *arguments.positional), arguments.keywords, arguments.open)
    interpreter.recording.calls.append(Call(name, name, given, place, result))


def _with_rows(interpreter: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Data:
    """Which rows are left after a method that keeps the values, and whether in another order."""
    count = integer(arguments.value("count", 0) or arguments.value("n", 0))
    if name == "shuffle":
        size = number(arguments.value("buffer_size", 0))
        return _last_step(data, DataStep(StepKind.SHUFFLED, name, place, size))
    if name == "sample":
        whole = number(arguments.value("frac")) == 1
        data = _last_step(data, DataStep(StepKind.SHUFFLED, name, place))
        return data if whole else replace(data, rows=None, shape=None)
    if name in ("take", "head", "skip") and data.rows is not None and count is not None and count >= 0:
        rows = data.rows.part(count, None) if name == "skip" else data.rows.part(0, count)
        return replace(data, rows=rows, shape=None)
    if name == "repeat" and not any(step.name == "from_tensor_slices" for step in data.steps):
        return replace(data, shape=None)
    by_column = number(arguments.value("axis", 1)) == 1 or "columns" in arguments.keywords
    if name == "filter" and data.is_table and number(arguments.value("axis")) != 0:
        return replace(data, shape=None)  # a table's own takes columns by their names
    if name in ("take", "head", "skip", "tail", "filter", "apply", "dropna") or (name == "drop" and not by_column):
        return replace(data, rows=None, shape=None)
    return data


def _last_step(data: Data, step: DataStep) -> Data:
    return replace(data, steps=(*data.steps[:-1], step))


def _dtype(arguments: Arguments) -> str | None:
    value = arguments.value("dtype", 0)
    if isinstance(value, Symbol):
        return value.dotted.rpartition(".")[2]
    return text(value)


def _mapped(interpreter: Interpreter, data: Data, arguments: Arguments, place: Place) -> Value:
    """`dataset.map(function)`: the function is followed with one element."""
    function = arguments.value("map_func", 0)
    step = DataStep(StepKind.OTHER, "map", place)
    shape = data.shape if data.is_table else None
    unknown = data.after(step, range=None, dtype=None, shape=shape, labels=None, targets=None, parts=(), further=())
    if not isinstance(function, (Function, Class, Ref, Symbol)):
        return unknown
    one = joint_inputs.element(interpreter, data, place)
    elements = (one,) if data.targets is None else (one, data.targets, *data.further)
    result = interpreter.call(function, Arguments(tuple(Argument(each, None) for each in elements)), place)
    items = interpreter.items_of(result)
    if items is not None and len(items) >= 2:
        x, y = data_operations.as_data(items[0]) or unknown, data_operations.as_data(items[1])
        x = joint_inputs.together(interpreter, unknown, items[0]) or x
        y = _in_order_of(data, y) if y is not None else None
        further = joint_inputs.rest_of_element(interpreter, items)
        x = _in_order_of(data, noise.drawn_anew(data, x, y))
        return replace(x, targets=y, batched=data.batched, further=further)
    mapped = data_operations.as_data(result)
    if mapped is not None:
        return replace(_in_order_of(data, mapped), batched=data.batched)
    return unknown


def _in_order_of(names: Data, read: Data) -> Data:
    """What a function read for each name of a dataset, which comes in the order of the names."""
    if read.source == names.source or any(step in names.steps for step in read.steps):
        return read
    order = tuple(step for step in names.steps if step.kind in _ORDERING or step.name in _OF_NAMES)
    return replace(read, steps=(*order, *read.steps))


_ORDERING = (StepKind.SHUFFLED, StepKind.SPLIT)
_OF_NAMES = (loaders.UNSHUFFLED, "from_tensor_slices")
"""What tells of the order of names, and that a dataset goes through them one by one."""

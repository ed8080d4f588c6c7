"""Reading and setting items: `a[0]`, `d["x"]`, `x[:, 1:]`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data, DataStep, Interval, StepKind
from scram_analyzers.source.graph import Operation, Tensor
from scram_analyzers.source.interpreting import attributes, iteration, keras_models, marked_rows, settings
from scram_analyzers.source.interpreting.state import Created, DictObject, ListObject, join_values
from scram_analyzers.source.libraries import data_items, data_operations
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    UNKNOWN,
    Arguments,
    Between,
    Choice,
    ColumnNames,
    Constant,
    OneOf,
    Ref,
    Tuple,
    Unknown,
    Value,
    integer,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def get_item(interpreter: Interpreter, node: cst.Subscript) -> Value:
    """`owner[index]`."""
    owner = interpreter.evaluate(node.value)
    place = interpreter.place(node)
    keys = [_key(interpreter, element) for element in node.slice]
    return item(interpreter, owner, keys, place)


def item(interpreter: Interpreter, owner: Value, keys: list[Value | slice], place: Place) -> Value:
    """The item of `owner` at `keys`; a `slice` among them holds the values of its bounds."""
    if isinstance(owner, Tensor):
        return Tensor(Operation("operator.getitem", Arguments()), (owner,), place)
    data = data_operations.as_data(owner)
    if data is not None:
        return data_items.select(interpreter, data, keys, place)
    if isinstance(owner, Choice):
        results = [item(interpreter, option, keys, place) for option in owner.options]
        joined = results[0]
        for result in results[1:]:
            joined = join_values(joined, result)
        return joined
    if len(keys) != 1:
        return Unknown(place)
    if isinstance(owner, ColumnNames):
        return ColumnNames(place, one=not isinstance(keys[0], (slice, Data)))
    return _item_of_container(interpreter, owner, keys[0], place)


def _item_of_container(interpreter: Interpreter, owner: Value, key: Value | slice, place: Place) -> Value:
    thing = interpreter.object_of(owner)
    if isinstance(thing, DictObject):
        found = thing.entries.get(key.value) if isinstance(key, Constant) else thing.rest or _any_number(thing, place)
        return found if found is not None else Unknown(place)
    if isinstance(thing, Created) and not isinstance(key, slice):
        return settings.item(thing, key, place)
    items = interpreter.items_of(owner)
    if isinstance(thing, ListObject) and thing.open:
        items = thing.items
        if isinstance(key, slice):
            kept = items if key.start is None and key.stop is None else ()
            return interpreter.allocate(ListObject(kept, open=True, rest=thing.rest), place)
        position = integer(key) if not isinstance(key, slice) else None
        if position is None and isinstance(any_of_them := iteration.element_of(interpreter, owner), Between):
            return any_of_them
        known = position is not None and 0 <= position < len(items)
        return items[position] if known and position is not None else _some_picture(interpreter, owner, place)
    if items is None:
        return Unknown(place)
    if isinstance(owner, Ref) and interpreter.fact(keras_models.HIDDEN, owner.identity) and _counts_from_front(key):
        return interpreter.new_list((), place, open=True) if isinstance(key, slice) else Unknown(place)
    if isinstance(key, slice):
        bounds = (key.start, key.stop, key.step)
        start, stop, step = (None if bound is None else integer(bound) for bound in bounds)
        if any(bound is not None and integer(bound) is None for bound in bounds):
            return Unknown(place)
        part = items[start:stop:step]
        return Tuple(part, place) if isinstance(owner, Tuple) else interpreter.new_list(part, place)
    position = integer(key)
    if position is None or not -len(items) <= position < len(items):
        return Unknown(place)
    return items[position]


def _counts_from_front(key: Value | slice) -> bool:
    bounds = (key.start, key.stop) if isinstance(key, slice) else (key,)
    return any((integer(bound) or 0) > 0 for bound in bounds if bound is not None)


def _key(interpreter: Interpreter, element: cst.SubscriptElement) -> Value | slice:
    index = element.slice
    if isinstance(index, cst.Index):
        return interpreter.evaluate(index.value)
    assert isinstance(index, cst.Slice)
    lower = interpreter.evaluate(index.lower) if index.lower is not None else None
    upper = interpreter.evaluate(index.upper) if index.upper is not None else None
    step = interpreter.evaluate(index.step) if index.step is not None else None
    return slice(lower, upper, step)


def _some_picture(interpreter: Interpreter, owner: Value, place: Place) -> Value:
    """One of a list of pictures, of which it can't be told which; unknown of a list of anything else."""
    any_of_them = iteration.element_of(interpreter, owner)
    if not isinstance(any_of_them, Data) or not any_of_them.images:
        return Unknown(place)
    return replace(any_of_them, roots=frozenset(), origins=frozenset(), rows=None)


def _any_number(thing: DictObject, place: Place) -> Value | None:
    """One of the whole numbers that a dict holds, as of classes by their names; None where it holds anything else."""
    numbers = [number(each) for each in thing.entries.values()]
    whole = [int(each) for each in numbers if each is not None and each.is_integer()]
    if thing.open or len(whole) < len(numbers) or len(set(whole)) < FEWEST:
        return None
    return OneOf(place, frozenset(whole))


FEWEST = 2


def set_item(interpreter: Interpreter, node: cst.Subscript, value: Value) -> None:
    """`owner[index] = value`."""
    owner = interpreter.evaluate(node.value)
    keys = [_key(interpreter, element) for element in node.slice]
    key = keys[0] if len(keys) == 1 else None
    thing = interpreter.object_of(owner)
    if not isinstance(owner, Ref):
        classes = _marked_classes(owner, keys, value)
        place = interpreter.place(node)
        blank = marked_rows.blank_array(interpreter, node, value)
        value = data_operations.stacked(interpreter, value) or _marks(owner, keys, value, place) or value
        if _replaces_all(node, owner, value):
            assert isinstance(node.value, cst.Name)
            assert isinstance(owner, Data)
            assert isinstance(value, Data)
            interpreter.bind(node.value.value, replace(value, shape=owner.shape, in_numpy=owner.in_numpy))
            return
        _change_data(interpreter, node.value, owner, value, place, _column_name(keys), _written_column(node, keys))
        if classes is not None and isinstance(node.value, cst.Name):
            interpreter.bind(node.value.value, data_operations.one_hot(classes, classes.classes, place))
        elif blank is not None:
            marked_rows.after_mark(interpreter, node, blank)
        return
    if isinstance(thing, DictObject):
        if isinstance(key, Constant):
            interpreter.replace_object(owner, replace(thing, entries={**thing.entries, key.value: value}))
        else:
            interpreter.replace_object(owner, replace(thing, open=True, rest=None))
    elif isinstance(thing, Created) and thing.kind in settings.NAMESPACES and isinstance(key, Constant):
        attributes.set_attribute(interpreter, owner, str(key.value), value, interpreter.place(node))
    elif isinstance(thing, ListObject):
        position = integer(key) if not isinstance(key, slice) else None
        if position is not None and -len(thing.items) <= position < len(thing.items):
            items = list(thing.items)
            items[position] = value
            interpreter.replace_object(owner, ListObject(tuple(items), thing.open))
        elif not marked_rows.mark_list(interpreter, node, owner, thing, value):
            interpreter.replace_object(owner, ListObject(tuple(UNKNOWN for _ in thing.items), thing.open))


def _replaces_all(node: cst.Subscript, owner: Value, value: Value) -> bool:
    """Whether all rows and columns are written anew with what was made of them.

    `table[table.columns] = scaler.fit_transform(table)`, `x[:] = ...`.
    """
    if not isinstance(owner, Data) or not isinstance(value, Data) or not isinstance(node.value, cst.Name):
        return False
    if owner.roots != value.roots or not owner.roots or value.steps[: len(owner.steps)] != owner.steps:
        return False
    return all(_is_everything(node.value, each.slice) for each in node.slice)


def _is_everything(table: cst.Name, key: cst.BaseSlice) -> bool:
    if isinstance(key, cst.Slice):
        return key.lower is None and key.upper is None and key.step is None
    columns = key.value if isinstance(key, cst.Index) else None
    return isinstance(columns, cst.Attribute) and columns.attr.value == "columns" and columns.value.deep_equals(table)


def set_column(interpreter: Interpreter, node: cst.Attribute, table: Data, value: Value) -> None:
    """`table.name = value`: a column of a table, unless the name is one that every table has."""
    name = node.attr.value
    if table.is_table and name not in _OF_EVERY_TABLE:
        _change_data(interpreter, node.value, table, value, interpreter.place(node), name, (name, True))


_OF_EVERY_TABLE = frozenset(("columns", "index", "name", "attrs", "flags", "values"))


def _column_name(keys: list[Value | slice]) -> str | None:
    """The column that `table["name"]` and `table.loc[:, "name"]` stand for."""
    last = keys[-1]
    whole = len(keys) == 1 or (len(keys) == 2 and keys[0] == slice(None, None, None))
    return text(last) if whole and not isinstance(last, slice) else None


def _written_column(node: cst.Subscript, keys: list[Value | slice]) -> tuple[str, bool] | None:
    """The column into which `table["name"]`, `table.loc[rows, "name"]` or `table["name"][rows]` writes; if all rows."""
    name = _column_name(keys)
    if name is not None:
        return name, True
    last = keys[-1]
    if len(keys) == ROWS_AND_COLUMN:
        part = text(last) if not isinstance(last, slice) else None
        return (part, False) if part is not None else None
    holder = node.value
    if isinstance(holder, cst.Attribute) and holder.attr.value in ("loc", "iloc"):
        holder = holder.value
    key = holder.slice[0].slice if isinstance(holder, cst.Subscript) and len(holder.slice) == 1 else None
    written = key.value if isinstance(key, cst.Index) else None
    part = written.raw_value if isinstance(written, cst.SimpleString) else None
    return (part, False) if part is not None else None


ROWS_AND_COLUMN = 2
"""The keys of `table.loc[rows, "name"]`."""


def _change_data(
    interpreter: Interpreter,
    holder: cst.BaseExpression,
    owner: Value,
    value: Value,
    place: Place,
    column: str | None = None,
    wrote: tuple[str, bool] | None = None,
) -> None:
    """Part of what `holder` stands for changed: `x[...] = `, `self.x[...] = `, `table.loc[...] = `, `x[0][1] = `."""
    data = data_operations.as_data(owner)
    if data is None:
        return
    if isinstance(holder, cst.Name):
        interpreter.bind(holder.value, data_items.with_item(data, value, place, column, wrote))
    elif isinstance(holder, cst.Subscript):
        _change_data(interpreter, holder.value, interpreter.evaluate(holder.value), value, place, wrote=wrote)
    elif isinstance(holder, cst.Attribute):
        whole = interpreter.evaluate(holder.value)
        if isinstance(whole, Ref):
            changed = data_items.with_item(data, value, place, column, wrote)
            attributes.set_attribute(interpreter, whole, holder.attr.value, changed, place)
        else:
            _change_data(interpreter, holder.value, whole, value, place, column, wrote)


def _marks(owner: Value, keys: list[Value | slice], value: Value, place: Place) -> Data | None:
    """What a blank array holds of the data that tell where in it a constant is written: `rows[i, y[i]] = 1`."""
    where = next((key for key in reversed(keys) if isinstance(key, Data)), None)
    mark = number(value)
    if where is None or mark is None or not isinstance(owner, Data) or owner.source not in data_items.BLANK:
        return None
    step = DataStep(StepKind.ENCODED, data_items.MARKS, place)
    return where.after(step, range=Interval(mark, mark), labels=None, classes=None, token_ids=False)


def _marked_classes(owner: Value, keys: list[Value | slice], value: Value) -> Data | None:
    """The class numbers y of `rows[np.arange(n), y] = 1` in an array of zeros, which makes their one-hot rows."""
    blank = isinstance(owner, Data) and owner.source == "numpy.zeros" and not owner.steps
    columns = keys[1] if len(keys) == 2 else None
    numbered = isinstance(columns, Data) and columns.labels in data_operations.NUMBERED
    return columns if blank and numbered and isinstance(columns, Data) and number(value) == 1 else None

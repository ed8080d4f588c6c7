"""Columns of a table taken by their names: `table["age"]`, `table[["age", "fare"]]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data, LabelForm
from scram_analyzers.source.interpreting.state import ListObject
from scram_analyzers.source.libraries import datasets
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import ColumnNames, Constant, Unknown, Value, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def names_columns(interpreter: Interpreter, key: Value | slice) -> bool:
    """Whether a key is the name of a column, or a list of names."""
    if isinstance(key, slice):
        return False
    if isinstance(key, Constant):
        return isinstance(key.value, str)
    if isinstance(key, ColumnNames):
        return True
    thing = interpreter.object_of(key)
    return isinstance(thing, ListObject) and any(_is_name(item) for item in (*thing.items, *thing.rest))


def _is_name(item: Value) -> bool:
    written = item.place.node if isinstance(item, Unknown) and item.place is not None else None
    return isinstance(item, ColumnNames) or text(item) is not None or isinstance(written, cst.FormattedString)


_KEEPING_NAMES = frozenset(("drop", "difference", "intersection", "union", "tolist", "to_list", "copy", "sort_values"))


def of_names(names: ColumnNames, method: str, place: Place) -> Value:
    """What a method of `table.columns` gives: other names, most often."""
    return ColumnNames(place) if method in _KEEPING_NAMES else Unknown(place)


def names_of_columns(interpreter: Interpreter, key: Value | slice) -> tuple[str, ...]:
    """The names of the columns that a list takes out of a table; none unless all of them are known."""
    items = None if isinstance(key, slice) else interpreter.items_of(key)
    names = [text(item) for item in items or ()]
    known = tuple(name for name in names if name is not None)
    return known if len(known) == len(names) else ()


def shape_of_columns(interpreter: Interpreter, table: Data, key: Value | slice) -> tuple[int | None, ...] | None:
    """A row for each of the table's and a column for each name, how many are known where all are written out."""
    if not table.is_table or len(table.shape or ()) != 2:
        return None
    names = None if isinstance(key, slice) else interpreter.items_of(key)
    return (table.samples, len(names) if names and all(text(name) for name in names) else None)


def form_of_columns(interpreter: Interpreter, key: Value | slice) -> LabelForm | None:
    """What columns of a well-known table are as labels, by their names."""
    names = frozenset(text(item) for item in (() if isinstance(key, slice) else interpreter.items_of(key)) or ())
    return LabelForm.MULTI_HOT if names in datasets.MULTI_HOT_COLUMNS else None

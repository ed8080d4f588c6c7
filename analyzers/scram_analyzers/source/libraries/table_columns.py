"""Columns of a table taken by their names: `table["age"]`, `table[["age", "fare"]]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data, LabelForm
from scram_analyzers.source.interpreting.state import ListObject
from scram_analyzers.source.libraries import datasets
from scram_analyzers.source.values import Constant, Value, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def names_columns(interpreter: Interpreter, key: Value | slice) -> bool:
    """Whether a key is the name of a column, or a list of names."""
    if isinstance(key, slice):
        return False
    if isinstance(key, Constant):
        return isinstance(key.value, str)
    thing = interpreter.object_of(key)
    return isinstance(thing, ListObject) and any(isinstance(text(item), str) for item in thing.items)


def names_of_columns(interpreter: Interpreter, key: Value | slice) -> tuple[str, ...]:
    """The names of the columns that a list takes out of a table; none unless all of them are known."""
    items = None if isinstance(key, slice) else interpreter.items_of(key)
    names = [text(item) for item in items or ()]
    known = tuple(name for name in names if name is not None)
    return known if len(known) == len(names) else ()


def shape_of_columns(interpreter: Interpreter, table: Data, key: Value | slice) -> tuple[int | None, ...] | None:
    """A row for each of the table's and a column for each name, where all names are written out."""
    names = None if isinstance(key, slice) else interpreter.items_of(key)
    if not names or not table.is_table or len(table.shape or ()) != 2 or not all(text(name) for name in names):
        return None
    return (table.samples, len(names))


def form_of_columns(interpreter: Interpreter, key: Value | slice) -> LabelForm | None:
    """What columns of a well-known table are as labels, by their names."""
    names = frozenset(text(item) for item in (() if isinstance(key, slice) else interpreter.items_of(key)) or ())
    return LabelForm.MULTI_HOT if names in datasets.MULTI_HOT_COLUMNS else None

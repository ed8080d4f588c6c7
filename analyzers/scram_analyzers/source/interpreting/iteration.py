"""What loops and unpacking meet in a value: its items, one of them, or several at once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.interpreting.state import DictObject, ListObject, join_values
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.reading.walk import bound_names
from scram_analyzers.source.values import (
    UNKNOWN,
    Between,
    Choice,
    ColumnNames,
    Constant,
    Counter,
    OneOf,
    Value,
    integer,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

MAX_UNROLLED = 24
"""Loops over more items than this are followed once, with an unknown item."""

MAX_TURNS = 6 * MAX_UNROLLED
"""So are loops within loops whose body would be followed more often than this; a training loop has some fifty steps."""


MAX_STEPS_IN_LOOPS = 20_000
"""So are all further loops of a function or statement that has taken this many steps: half a second or more."""


def may_unroll(interpreter: Interpreter, count: int) -> bool:
    """Whether a loop over `count` items may be followed item by item here."""
    return (
        count <= MAX_UNROLLED
        and count * interpreter.turns <= MAX_TURNS
        and interpreter.steps <= interpreter.loops_until
    )


def loops_until(interpreter: Interpreter) -> int:
    """Up to which step a stretch that begins now may follow loops item by item: not in the later half of the budget.

    So that a module of many models is read to its end.
    """
    if interpreter.is_late:
        return interpreter.steps
    return interpreter.steps + min(MAX_STEPS_IN_LOOPS, interpreter.budget // 4)


def iterated(interpreter: Interpreter, value: Value) -> tuple[Value, ...] | None:
    """The items that a loop over `value` meets, when all of them are known."""
    items = interpreter.items_of(value)
    if items is not None:
        return items
    thing = interpreter.object_of(value)
    if isinstance(thing, DictObject) and not thing.open:
        return tuple(Constant(key) for key in thing.entries if isinstance(key, (str, int, float, bool)))
    return None


def count_of(interpreter: Interpreter, value: Value) -> int | None:
    """How many items a loop over `value` meets; None where the source does not tell."""
    items, thing = iterated(interpreter, value), interpreter.object_of(value)
    if items is not None:
        return len(items)
    if isinstance(value, Data):
        return None if value.batched else value.samples
    return thing.count if isinstance(thing, ListObject) else None


def element_of(interpreter: Interpreter, value: Value) -> Value:
    """What one item of an iterable may be."""
    if isinstance(value, ColumnNames):
        return ColumnNames(value.place, one=True)
    thing = interpreter.object_of(value)
    if isinstance(thing, ListObject) and not thing.open and _counts_up(thing.items):
        return Counter(None, len(thing.items))
    if isinstance(thing, ListObject) and not thing.open and (counted := _counted_through(thing.items)) is not None:
        return counted
    if isinstance(thing, ListObject) and (items := (*thing.items, *thing.rest)):
        joined = items[0]
        for item in items[1:]:
            joined = join_values(joined, item)
        return UNKNOWN if isinstance(joined, (Constant, OneOf)) and thing.open else joined
    if isinstance(value, Data) and value.is_table and len(value.shape or ()) == 2 and not value.in_numpy:
        return ColumnNames(value.place, one=True)
    if isinstance(value, Data):
        return data_operations.element_of(value)
    return UNKNOWN


def _counts_up(items: tuple[Value, ...]) -> bool:
    """Whether these are the numbers from 0 on, more of them than a loop is followed through."""
    return len(items) > MAX_UNROLLED and all(
        isinstance(item, Constant) and item.value == number for number, item in enumerate(items)
    )


def _counted_through(items: tuple[Value, ...]) -> Between | None:
    """Whole numbers, more of them than a loop is followed through, as one of them: `range(-50, 50)`."""
    if len(items) <= MAX_UNROLLED or not all(isinstance(each, Constant) and not each.assumed for each in items):
        return None
    numbers = [each for item in items if (each := integer(item)) is not None]
    return Between(None, min(numbers), max(numbers)) if len(numbers) == len(items) else None


def counted_groups(loop: cst.For) -> tuple[str, ...]:
    """Names that a loop over groups counts them by: `label += 1` beside a loop over what the group holds."""
    if not any(isinstance(each, cst.For) for each in loop.body.body):
        return ()
    lines = (each for each in loop.body.body if isinstance(each, cst.SimpleStatementLine))
    counted = [name for line in lines for part in line.body if (name := _counted(part)) is not None]
    bound = bound_names(loop.body) if counted else []
    return tuple(name for name in counted if bound.count(name) == 1)


def _counted(statement: cst.CSTNode) -> str | None:
    """The name to which a statement adds 1."""
    if not isinstance(statement, cst.AugAssign) or not isinstance(statement.operator, cst.AddAssign):
        return None
    target, step = statement.target, statement.value
    one = isinstance(step, cst.Integer) and step.evaluated_value == 1
    return target.value if one and isinstance(target, cst.Name) else None


def unpacked(interpreter: Interpreter, value: Value, count: int) -> tuple[Value, ...] | None:
    """The `count` values that unpacking yields, when they are known."""
    items = interpreter.items_of(value)
    if items is not None:
        return items if len(items) == count else None
    if isinstance(value, Data):
        return data_operations.unpack(value, count)
    if isinstance(value, Tensor):
        return (value,) * count
    if isinstance(value, Choice):  # one of several pairs: of each position what they agree on
        rows = [unpacked(interpreter, option, count) for option in value.options]
        known = [row for row in rows if row is not None]
        if len(known) == len(rows):
            return tuple(functools.reduce(join_values, column) for column in zip(*known, strict=True))
    return None

"""What `map`, `apply` and `replace` of a table's column make of it, value by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data, DataStep, Interval, StepKind
from scram_analyzers.source.interpreting.state import DictObject, ListObject
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Choice,
    Function,
    Method,
    OneOf,
    Symbol,
    Unknown,
    Value,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

OF_ONE_COLUMN = ("column", "getitem", "get", "pop")
"""Steps that take one column out of a table."""

_FEWEST = 2


def answers(interpreter: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Data | None:
    """The few whole numbers that every value, or every row by `axis=1`, becomes; None for anything else."""
    if data.batched or data.targets is not None:
        return None
    last = data.steps[-1] if data.steps else None
    by_column = last is not None and last.name in OF_ONE_COLUMN
    is_named = by_column and last is not None and (last.name != "getitem" or last.column is not None)
    by_row = name == "apply" and number(arguments.value("axis", 1)) == 1
    given = arguments.positional[0].value if arguments.positional else None
    thing = interpreter.object_of(given)
    if isinstance(given, (Function, Method)) and data.is_table and (by_row or is_named):
        range_ = _of_function(interpreter, given, place)
    elif isinstance(thing, DictObject) and by_column:
        range_ = _of_dict(thing, place)
    elif name == "replace" and by_column and any(map(text, interpreter.items_of(given) or ())):
        range_ = _range_of(interpreter.items_of(arguments.value("value", 1)) or (), place)
    else:
        return None
    if range_ is None:
        return None
    step = DataStep(StepKind.ENCODED, name, place)
    shape = (data.samples,) if by_column else None  # a row may be compared as a whole
    return data.after(step, range=range_, dtype="int64", shape=shape, labels=None, classes=None)


def followed(interpreter: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Data | None:
    """What a function makes of each column, or of each value: `table.apply(lambda column: column / column.max())`.

    None for what takes whole rows, and where nothing is known of the answer.
    """
    given = arguments.positional[0].value if len(arguments.positional) == 1 else None
    if not isinstance(given, (Function, Symbol)) or not data.is_table or data.batched or name == "replace":
        return None
    if "axis" in arguments.keywords or "args" in arguments.keywords:
        return None
    answer = interpreter.call(given, Arguments((Argument(data, None),)), place)
    if not isinstance(answer, Data) or answer.roots != data.roots or answer.labels is not data.labels:
        return None
    step = DataStep(StepKind.OTHER, name, place)
    return replace(answer.after(step), rows=data.rows, shape=data.shape, batched=data.batched)


def _of_dict(thing: DictObject, place: Place) -> Interval | None:
    """`{"ham": 0, "spam": 1}`; of numbers for numbers, others may stay as they are."""
    if thing.open or len(thing.entries) < _FEWEST or not any(isinstance(key, str) for key in thing.entries):
        return None
    return _range_of(list(thing.entries.values()), place)


def _of_function(interpreter: Interpreter, function: Function | Method, place: Place) -> Interval | None:
    """`lambda grade: grade > 5`, `lambda grade: 1 if grade == "good" else 0`, and `names.index` or `numbers.get`."""
    if isinstance(function, Method):
        thing = interpreter.object_of(function.owner)
        if isinstance(thing, DictObject):
            return _of_dict(thing, place) if function.name in ("get", "__getitem__") else None
        if not isinstance(thing, ListObject) or function.name != "index":
            return None
    elif isinstance(function.node, cst.Lambda) and _is_yes_or_no(function.node.body):
        return Interval(0, 1)
    result = interpreter.call(function, Arguments((Argument(Unknown(place), None),)), place)
    if isinstance(result, OneOf):
        return Interval(min(result.numbers), max(result.numbers))
    return _range_of(result.options, place) if isinstance(result, Choice) else None


def _is_yes_or_no(body: cst.BaseExpression) -> bool:
    if isinstance(body, cst.Call) and isinstance(body.func, cst.Name) and len(body.args) == 1:
        return body.func.value in ("int", "bool", "float") and _is_yes_or_no(body.args[0].value)
    if isinstance(body, cst.BooleanOperation):
        return _is_yes_or_no(body.left) and _is_yes_or_no(body.right)
    return isinstance(body, cst.Comparison) or (
        isinstance(body, cst.UnaryOperation) and isinstance(body.operator, cst.Not)
    )


def _range_of(values: Sequence[Value], place: Place) -> Interval | None:
    numbers = [number(each) for each in values]
    known = [each for each in numbers if each is not None]
    found = data_operations.one_of(known, place) if len(known) == len(numbers) else None
    return found.range if found is not None else None

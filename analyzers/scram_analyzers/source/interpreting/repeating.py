"""Functions that call another for each of several items, or put lists together: `map`, `reduce`, `sum`, `chain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting import containers, iteration
from scram_analyzers.source.interpreting.state import ListObject
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import UNKNOWN, Argument, Arguments, Function, Symbol, Unknown, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_CAN_BE_CALLED = (Function, Symbol)


def mapped(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`map(function, items)`: what the function makes of each item, where all of them are known."""
    given = [argument.value for argument in arguments.positional]
    items = interpreter.items_of(given[1]) if len(given) == 2 else None
    if items is None or not isinstance(given[0], _CAN_BE_CALLED) or not iteration.may_unroll(interpreter, len(items)):
        return interpreter.allocate(ListObject((), open=True), place)
    made = [interpreter.call(given[0], Arguments((Argument(item, place),)), place) for item in items]
    return interpreter.new_list(made, place)


def reduce(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """`functools.reduce(function, items, start)`."""
    given = [argument.value for argument in arguments.positional]
    items = interpreter.items_of(given[1]) if len(given) > 1 else None
    if items is None or not isinstance(given[0], _CAN_BE_CALLED) or not iteration.may_unroll(interpreter, len(items)):
        return Unknown(place)
    waiting = [*given[2:], *items]
    made = waiting[0] if waiting else UNKNOWN
    for item in waiting[1:]:
        made = interpreter.call(given[0], Arguments((Argument(made, place), Argument(item, place))), place)
    return made


def summed(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`sum(blocks, [])`: lists put together; of numbers what they come to is not followed."""
    start, items = arguments.value("start", 1), interpreter.items_of(arguments.value("iterable", 0))
    if items is None or not isinstance(interpreter.object_of(start), ListObject):
        return Unknown(place)
    return _together(interpreter, items, place)


def chained(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`itertools.chain(one, other)`, and `chain.from_iterable(blocks)`."""
    whole = tuple(argument.value for argument in arguments.positional)
    items = interpreter.items_of(whole[0]) if name.endswith("from_iterable") and whole else whole
    if items is None or arguments.open:
        return None
    return _together(interpreter, items, place)


def _together(interpreter: Interpreter, lists: tuple[Value, ...], place: Place) -> Value:
    made: Value = interpreter.new_list((), place)
    for each in lists:
        items = interpreter.items_of(each)
        if items is None:
            return Unknown(place)
        made = containers.concatenated(interpreter, made, interpreter.new_list(items, place), place)
    return made

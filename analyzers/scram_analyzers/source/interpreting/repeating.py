"""Functions that call another for each of several items, or put lists together: `map`, `reduce`, `sum`, `chain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting import containers, iteration
from scram_analyzers.source.interpreting.state import ListObject, rest_of
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import UNKNOWN, Argument, Arguments, Function, OneOf, Symbol, Unknown, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_CAN_BE_CALLED = (Function, Symbol)


def mapped(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`map(function, items)`: what the function makes of each item, where all of them are known."""
    given = [argument.value for argument in arguments.positional]
    items = interpreter.items_of(given[1]) if len(given) > 1 else None
    if len(given) < FUNCTION_AND_ITEMS or not isinstance(given[0], _CAN_BE_CALLED):
        return interpreter.allocate(ListObject((), open=True), place)
    if len(given) > FUNCTION_AND_ITEMS or items is None or not iteration.may_unroll(interpreter, len(items)):
        return _of_each(interpreter, given[0], given[1:], place)
    made = [interpreter.call(given[0], Arguments((Argument(item, place),)), place) for item in items]
    return interpreter.new_list(made, place)


FUNCTION_AND_ITEMS = 2


def _of_each(interpreter: Interpreter, function: Value, iterables: list[Value], place: Place) -> Value:
    """What a function makes of each of many items that are not gone through one by one."""
    elements = tuple(Argument(iteration.element_of(interpreter, each), place) for each in iterables)
    made = interpreter.call(function, Arguments(elements), place)
    if isinstance(made, OneOf):
        made = data_operations.one_of([*map(float, made.numbers)], place) or made
    count = iteration.count_of(interpreter, iterables[0])
    return interpreter.allocate(ListObject((made,), True, rest_of((made,)), count), place)


POOLS = frozenset(
    [
        *(f"multiprocessing.{each}" for each in ("Pool", "pool.Pool", "pool.ThreadPool", "dummy.Pool")),
        *("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
    ]
)
"""What calls a function for each of several items by its method `map`, many at a time."""

MAPPING = frozenset(("map", "imap", "imap_unordered"))
PARALLEL, DELAYED = "joblib.Parallel", "joblib.delayed"
BY_THREADS = ("tqdm.contrib.concurrent.thread_map", "tqdm.contrib.concurrent.process_map")


def mapped_by_threads(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """`thread_map(function, items)`."""
    return mapped(interpreter, arguments, place)


def called_later(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`delayed(function)`, which stands for the function: `Parallel(...)` calls it."""
    return arguments.positional[0].value if arguments.positional else None


def columns_of(interpreter: Interpreter, rows: Value, place: Place) -> Value | None:
    """`zip(*rows)`: of rows that are not told one by one, a list for each of their columns."""
    row = iteration.element_of(interpreter, rows)
    items, count = interpreter.items_of(row), iteration.count_of(interpreter, rows)
    if not items:
        return None
    columns = [interpreter.allocate(ListObject((each,), True, rest_of((each,)), count), place) for each in items]
    return interpreter.new_list(columns, place)


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

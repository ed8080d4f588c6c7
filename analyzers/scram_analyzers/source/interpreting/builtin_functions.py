"""Python's own functions, as far as Keras programs lean on them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data
from scram_analyzers.source.interpreting import arithmetic, containers, repeating
from scram_analyzers.source.interpreting.attributes import DICT, SUPER, get_attribute, set_attribute
from scram_analyzers.source.interpreting.state import Created, DictObject, Instance, ListObject, join_values
from scram_analyzers.source.libraries import command_line, data_operations, loaders
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    UNKNOWN,
    WORD_INDEX,
    Arguments,
    Between,
    ColumnNames,
    Constant,
    Counter,
    Method,
    Statistic,
    Symbol,
    Tuple,
    Unknown,
    Value,
    WholeNumber,
    constant,
    integer,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

MAX_RANGE = 256
"""A `range` of more numbers stays unknown: no loop that long is unrolled."""

NO_RETURN = Symbol("builtins.NoReturn")
"""The value of a call that ends the program."""


def call(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """The value of a built-in function's call."""
    handler = _HANDLERS.get(name)
    if handler is None:
        return Unknown(place)
    return handler(interpreter, arguments, place)


def _first(arguments: Arguments) -> Value:
    return arguments.positional[0].value if arguments.positional else UNKNOWN


def _exit(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    return NO_RETURN


def _super(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    function = interpreter.frame.function
    owner = function.owner if function is not None else None
    return Method(owner, SUPER, place) if owner is not None else Unknown(place)


def _range(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    numbers = [integer(argument.value) for argument in arguments.positional]
    if not numbers or None in numbers or (len(numbers) == 3 and numbers[2] == 0):
        return interpreter.new_list((), place, open=True)
    counted = range(*(each for each in numbers if each is not None))
    if len(counted) > MAX_RANGE:
        rest = (Between(None, min(counted), max(counted)),)
        return interpreter.allocate(ListObject((), open=True, rest=rest, length=len(counted)), place)
    return interpreter.new_list((Constant(each) for each in counted), place)


def _length(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    value = _first(arguments)
    items = interpreter.items_of(value)
    if items is not None:
        return Constant(len(items), place)
    string = text(value)
    if string is not None:
        return Constant(len(string), place)
    thing = interpreter.object_of(value)
    if isinstance(thing, ListObject) and thing.count is not None:
        return Constant(thing.count, place)
    if isinstance(thing, DictObject) and not thing.open:
        return Constant(len(thing.entries), place)
    data = data_operations.as_data(value)
    if data is not None and data.samples is not None:
        return Constant(data.samples, place)
    different = data_operations.count_of_different(data, place) if data is not None else None
    if different is not None:
        return different
    if isinstance(value, Method) and value.name == WORD_INDEX:
        return Statistic(place, WORD_INDEX)
    return WholeNumber(place)


def _sequence(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`list(...)`, `tuple(...)`, `sorted(...)`, `reversed(...)`: the same items."""
    if not arguments.positional:
        return interpreter.new_list((), place, open=arguments.open)
    value = _first(arguments)
    data = data_operations.as_data(value)
    if data is not None:
        return data
    if isinstance(value, ColumnNames):
        return value
    items = interpreter.items_of(value)
    if items is not None:
        return interpreter.new_list(items, place)
    thing = interpreter.object_of(value)
    if isinstance(thing, ListObject):
        return interpreter.allocate(replace(thing), place)  # a copy of a list of which not all is known
    return interpreter.new_list((), place, open=True)


def _tuple(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    items = interpreter.items_of(_first(arguments)) if arguments.positional else ()
    return Tuple(items, place) if items is not None else Unknown(place)


def _reversed(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    items = interpreter.items_of(_first(arguments))
    if items is None:
        return interpreter.new_list((), place, open=True)
    return interpreter.new_list(reversed(items), place)


def _sorted(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    if isinstance(_first(arguments), ColumnNames):
        return _first(arguments)
    return interpreter.new_list((), place, open=True)


def _dict(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    entries: dict[object, Value] = {}
    table = _first(arguments)
    if isinstance(table, Data) and table.is_table and not arguments.keywords:
        return table  # its columns by their names, as a table has them as well
    given = _entries(interpreter, table) if arguments.positional else {}
    entries.update(given or {})
    entries.update({name: argument.value for name, argument in arguments.keywords.items()})
    known = given is not None
    rest = containers.word_number(place) if containers.is_dict_of_word_numbers(place.node) else None
    return interpreter.allocate(DictObject(entries, arguments.open or not known, rest), place)


def _entries(interpreter: Interpreter, given: Value) -> Mapping[object, Value] | None:
    """What another dict holds, or a list of pairs, as of `zip(names, range(3))`; None where a key is not told."""
    entries = interpreter.entries_of(given)
    pairs = interpreter.items_of(given) if entries is None else None
    if pairs is None:
        return entries
    halves = [interpreter.items_of(pair) or () for pair in pairs]
    told = [(half[0].value, half[1]) for half in halves if len(half) == PAIR and isinstance(half[0], Constant)]
    return dict[object, Value](told) if len(told) == len(halves) else None


PAIR = 2
"""A key and what belongs to it."""


def _enumerate(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    items = interpreter.items_of(_first(arguments))
    if items is None:
        element = _element(interpreter, _first(arguments))
        from_zero = arguments.get("start", 1) is None
        counter = Counter(place) if from_zero else Unknown(place)
        pair = Tuple((counter, element if element is not None else Unknown(place)), place)
        return interpreter.new_list((pair,), place, open=True)
    start = integer(arguments.value("start", 1)) or 0
    pairs = (Tuple((Constant(position), item), place) for position, item in enumerate(items, start))
    return interpreter.new_list(pairs, place)


def _element(interpreter: Interpreter, value: Value) -> Value | None:
    """What an iterable of unknown length gives each time; None where nothing is known of it."""
    data = data_operations.as_data(value)
    if data is not None:
        return data_operations.element_of(data)
    thing = interpreter.object_of(value)
    if isinstance(thing, ListObject) and thing.items and not isinstance(thing.items[0], Constant):
        return functools.reduce(join_values, thing.items)
    return None


def _same(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`iter(...)`: what it goes through."""
    return _first(arguments)


def _next(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    element = _element(interpreter, _first(arguments))
    return element if element is not None else Unknown(place)


def _zip(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    rows = _starred(place) if arguments.open and not arguments.positional else None
    turned = repeating.columns_of(interpreter, interpreter.evaluate(rows), place) if rows is not None else None
    if turned is not None:
        return turned
    columns = [interpreter.items_of(argument.value) for argument in arguments.positional]
    known = [column for column in columns if column is not None]
    if not known or len(known) < len(columns):
        elements = [_element(interpreter, argument.value) for argument in arguments.positional]
        row = Tuple(tuple(each if each is not None else Unknown(place) for each in elements), place)
        told = any(each is not None for each in elements)
        return interpreter.new_list((row,) if told else (), place, open=True)
    return interpreter.new_list((Tuple(row, place) for row in zip(*known, strict=False)), place)


def _starred(place: Place) -> cst.BaseExpression | None:
    """The rows of `zip(*rows)`, by their name."""
    call = place.node
    only = call.args[0] if isinstance(call, cst.Call) and len(call.args) == 1 else None
    return only.value if only is not None and only.star == "*" and isinstance(only.value, cst.Name) else None


def _cast(function: Callable[..., object]) -> Callable[[Interpreter, Arguments, Place], Value]:
    def cast(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
        value = _first(arguments)
        if isinstance(value, Data) and function in (float, int):  # a number out of what was read
            return replace(value, dtype="int64" if function is int else value.dtype or "float64", shape=())
        if isinstance(value, Between) and function in (float, int):
            return replace(value, place=place, whole=value.whole or function is int)
        if not isinstance(value, Constant) or len(arguments.positional) != 1:
            return WholeNumber(place) if function is int else Unknown(place)
        try:
            result = function(value.value)
        except (TypeError, ValueError, OverflowError):
            return Unknown(place)
        if not isinstance(result, (int, float, str, bool)) or not arithmetic.worth_keeping(result):
            return Unknown(place)
        return Constant(result, place, value.assumed)

    return cast


def _extreme(function: Callable[..., float]) -> Callable[[Interpreter, Arguments, Place], Value]:
    def extreme(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
        items: tuple[Value, ...] | None = tuple(argument.value for argument in arguments.positional)
        if items is not None and len(items) == 1:
            items = interpreter.items_of(items[0])
        numbers = [constant(item) for item in items or () if number(item) is not None]
        if not items or len(numbers) != len(items):
            return Unknown(place)
        return Constant(function(numbers), place)

    return extreme


def _get_attribute(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    name = text(arguments.value("name", 1))
    if name is None:
        return Unknown(place)
    return get_attribute(interpreter, _first(arguments), name, place)


def _set_attribute(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    name, value = text(arguments.value("name", 1)), arguments.value("value", 2)
    if name is not None and value is not None:
        set_attribute(interpreter, _first(arguments), name, value, place)
    return Constant(None, place)


def _open(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """A text file that is read: its lines are data, as those of a table are."""
    mode = arguments.value("mode", 1)
    if mode is not None and text(mode) not in ("r", "rt", "rU", "U"):
        return Unknown(place)
    return Data(loaders.TEXT_FILE, place, roots=loaders.new_root(interpreter))


def _open_list(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    return interpreter.allocate(ListObject((), open=True), place)


def _vars(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`vars(parser.parse_args())`: the options by their names."""
    thing = interpreter.object_of(_first(arguments))
    if isinstance(thing, Instance):
        return Method(_first(arguments), DICT, place)
    if not isinstance(thing, Created) or thing.kind != command_line.NAMESPACE:
        return Unknown(place)
    entries = dict[object, Value](thing.attributes.items())
    return interpreter.allocate(DictObject(entries), place)


_HANDLERS: Mapping[str, Callable[[Interpreter, Arguments, Place], Value]] = MappingProxyType(
    {
        "abs": _cast(abs),
        "bool": _cast(bool),
        "dict": _dict,
        "enumerate": _enumerate,
        "exit": _exit,
        "quit": _exit,
        "filter": _open_list,
        "float": _cast(float),
        "getattr": _get_attribute,
        "int": _cast(int),
        "iter": _same,
        "len": _length,
        "list": _sequence,
        "map": repeating.mapped,
        "max": _extreme(max),
        "min": _extreme(min),
        "next": _next,
        "open": _open,
        "range": _range,
        "reversed": _reversed,
        "round": _cast(round),
        "set": _open_list,
        "setattr": _set_attribute,
        "sorted": _sorted,
        "str": _cast(str),
        "sum": repeating.summed,
        "super": _super,
        "tuple": _tuple,
        "vars": _vars,
        "zip": _zip,
    }
)

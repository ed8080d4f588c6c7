"""Functions of the math module, and numpy's of the same names, of numbers that are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from scram_analyzers.source.values import Arguments, Constant, Symbol, Value, number

MODULES = ("math", "numpy", "tensorflow.math", "tensorflow", "keras.ops", "keras.backend")

_FUNCTIONS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "ceil": math.ceil,
        "cos": math.cos,
        "exp": math.exp,
        "floor": math.floor,
        "log": math.log,
        "log10": math.log10,
        "log2": math.log2,
        "pow": math.pow,
        "power": math.pow,
        "sin": math.sin,
        "sqrt": math.sqrt,
        "tanh": math.tanh,
    }
)


_THE_SAME = frozenset(("float16", "float32", "float64", "int32", "int64", "constant", "convert_to_tensor"))
"""What makes of a number the same number, of another type."""


def call(name: str, arguments: Arguments) -> Constant | None:
    """What a function gives for known numbers; None for any other function, for data, and where it has no value."""
    module, _, last = name.rpartition(".")
    if last in _THE_SAME and module in MODULES:
        return _same(arguments)
    function = _FUNCTIONS.get(last)
    if function is None or module not in MODULES or arguments.open or arguments.keywords:
        return None
    numbers = [number(argument.value) for argument in arguments.positional]
    known = [each for each in numbers if each is not None]
    if not known or len(known) < len(numbers):
        return None
    assumed = any(isinstance(each.value, Constant) and each.value.assumed for each in arguments.positional)
    try:
        return Constant(function(*known), assumed=assumed)
    except (ArithmeticError, TypeError, ValueError):  # no such number, or the wrong number of arguments
        return None


def _same(arguments: Arguments) -> Constant | None:
    given = arguments.positional[0].value if arguments.positional else None
    is_number = isinstance(given, Constant) and number(given) is not None and "shape" not in arguments.keywords
    return given if isinstance(given, Constant) and is_number else None


def known_number(value: Value) -> Value:
    """`math.pi` and `math.e`, by whatever module, as the numbers that they are; any other value as it is."""
    if not isinstance(value, Symbol):
        return value
    module, _, last = value.dotted.rpartition(".")
    if last not in ("pi", "e") or module not in MODULES:
        return value
    return Constant(math.pi if last == "pi" else math.e, value.place)

"""Numbers that a loop goes through, by the first and the last of them: what arithmetic makes of them, and lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from scram_analyzers.source.data import Data, Interval, LabelForm
from scram_analyzers.source.libraries.mathematics import MODULES
from scram_analyzers.source.libraries.moved_ranges import moved_range
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Between, Counter, OneOf, Unknown, Value, number

_FROM_THE_LEFT = MappingProxyType({"Add": "Add", "Multiply": "Multiply"})
"""Operators whose sides may change places."""


def span_of(value: Value) -> Between | None:
    """Between which numbers a value lies: one that a loop goes through, or a known one."""
    if isinstance(value, Between):
        return value
    if isinstance(value, Counter):
        return Between(value.place, 0, value.count - 1) if value.count else None
    if isinstance(value, OneOf) and value.numbers:
        return Between(value.place, min(value.numbers), max(value.numbers))
    known = number(value)
    if known is None or not math.isfinite(known):
        return None
    return Between(value.place, known, known, known.is_integer())


def operate(operator: str, left: Value, right: Value, place: Place) -> Value | None:
    """`left <operator> right` where one side is gone through by a loop and the other is a number; None otherwise."""
    given, constant = _counted(left), number(right)
    if given is None and operator in _FROM_THE_LEFT:
        given, constant = _counted(right), number(left)
    if given is None and operator == "Subtract":
        given, constant = _negated(_counted(right)), number(left)
        operator = "Add"
    if given is None or constant is None or not math.isfinite(constant):
        return None
    whole = given.whole and constant.is_integer() and operator != "Divide"
    if operator == "Modulo" and whole:
        return _remainder(int(constant), place)
    if operator in ("BitAnd", "RightShift"):
        return _of_bits(operator, given, int(constant), place) if whole and given.low >= 0 <= constant else None
    moved = moved_range(operator, Interval(given.low, given.high), constant)
    return Between(place, moved.low, moved.high, whole) if moved is not None else None


def _counted(value: Value) -> Between | None:
    return span_of(value) if isinstance(value, (Between, Counter)) else None


def _negated(given: Between | None) -> Between | None:
    return Between(given.place, -given.high, -given.low, given.whole) if given is not None else None


def _remainder(divisor: int, place: Place) -> Value | None:
    """What is left of whole numbers: odd or even is one of two classes."""
    if divisor == 2:
        return OneOf(place, frozenset((0, 1)))
    return Between(place, 0, divisor - 1) if divisor > 0 else None


def _of_bits(operator: str, given: Between, constant: int, place: Place) -> Value:
    """`number >> 3`, `number & 1`: numbers written in bits, for networks that count or play fizz-buzz."""
    if operator == "RightShift":
        return Between(place, int(given.low) >> constant, int(given.high) >> constant)
    return OneOf(place, frozenset((0, 1))) if constant == 1 else Between(place, 0, min(constant, given.high))


def negated(value: Value, place: Place) -> Value | None:
    """`-value`."""
    given = _negated(_counted(value))
    return Between(place, given.low, given.high, given.whole) if given is not None else None


_RISING: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {"exp": math.exp, "log": math.log, "log2": math.log2, "log10": math.log10, "sqrt": math.sqrt, "tanh": math.tanh}
)
_WAVES = frozenset(("sin", "cos"))


def call(name: str, arguments: Arguments, place: Place) -> Value | None:
    """A function of the math module, or numpy's of the same name, of numbers that a loop goes through."""
    module, _, last = name.rpartition(".")
    if module not in MODULES or len(arguments.positional) != 1 or arguments.keywords or arguments.open:
        return None
    given = _counted(arguments.positional[0].value)
    if given is None:
        return None
    if last in _WAVES:
        return Between(place, -1, 1, False)
    rising = _RISING.get(last)
    try:
        return Between(place, rising(given.low), rising(given.high), False) if rising is not None else None
    except (ArithmeticError, ValueError):  # no such number at one of the ends
        return None


def as_data(held: tuple[Value, ...], length: int | None, place: Place | None, root: int) -> Data | None:
    """A list of nothing but such numbers, and known ones beside them, as data; None for any other list."""
    spans = [span_of(each) for each in held]
    known = [each for each in spans if each is not None]
    if not known or len(known) < len(spans) or not any(isinstance(each, Unknown) for each in held):
        return None
    is_label = len(held) == 1 and isinstance(held[0], OneOf) and held[0].numbers == {0, 1}
    return Data(
        "list",
        place,
        range=Interval(min(each.low for each in known), max(each.high for each in known)),
        dtype="int64" if all(each.whole for each in known) else "float64",
        shape=(length,),
        labels=LabelForm.BINARY if is_label else None,
        roots=frozenset((root,)),
    )

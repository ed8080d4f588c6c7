"""Operators on constants, with bounds on what is worth computing."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from scram_analyzers.source.values import UNKNOWN, Constant, Value

MAX_EXPONENT = 400
MAX_LENGTH = 10_000
MAX_BITS = 1_000

_BINARY: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "Add": operator.add,
        "Subtract": operator.sub,
        "Multiply": operator.mul,
        "Divide": operator.truediv,
        "FloorDivide": operator.floordiv,
        "Modulo": operator.mod,
        "Power": operator.pow,
        "BitAnd": operator.and_,
        "BitOr": operator.or_,
        "LeftShift": operator.lshift,
        "RightShift": operator.rshift,
    }
)
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "Equal": operator.eq,
        "NotEqual": operator.ne,
        "LessThan": operator.lt,
        "LessThanEqual": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEqual": operator.ge,
    }
)


def binary(name: str, left: Constant, right: Constant) -> Value:
    """`left <operator> right` for constants; `Unknown` where Python would raise or the result is too large."""
    function = _BINARY.get(name)
    a, b = left.value, right.value
    if function is None or not _worth_computing(name, a, b):
        return UNKNOWN
    try:
        result = function(a, b)
    except (ArithmeticError, TypeError, ValueError):
        return UNKNOWN
    if not isinstance(result, (int, float, str, bool, bytes)) or not worth_keeping(result):
        return UNKNOWN
    return Constant(result, assumed=left.assumed or right.assumed)


def worth_keeping(value: object) -> bool:
    """Whether `value` is small enough to work on with.

    A text that is added to itself 30 times fills a machine; a whole number of more bits is none that a float can be.
    """
    if isinstance(value, int):
        return value.bit_length() <= MAX_BITS
    return not isinstance(value, (str, bytes)) or len(value) <= MAX_LENGTH


def _worth_computing(name: str, left: object, right: object) -> bool:
    if name in ("Power", "LeftShift"):
        return isinstance(left, (int, float)) and isinstance(right, (int, float)) and abs(right) <= MAX_EXPONENT
    if name == "Multiply":
        for text, count in ((left, right), (right, left)):
            if isinstance(text, (str, bytes)):
                return isinstance(count, int) and len(text) * count <= MAX_LENGTH
    if name == "Modulo":
        return not isinstance(left, (str, bytes))
    return True


def compare(name: str, left: Constant, right: Constant) -> bool | None:
    """A comparison of constants; None where it can't be told."""
    function = _COMPARE.get(name)
    if function is None:
        return None
    try:
        return bool(function(left.value, right.value))
    except TypeError:
        return None


def unary(name: str, operand: Constant) -> Value:
    """`<operator> operand` for a constant."""
    value = operand.value
    if not isinstance(value, (int, float)):
        return UNKNOWN
    if name == "Minus":
        return Constant(-value, assumed=operand.assumed)
    if name == "Plus":
        return Constant(+value, assumed=operand.assumed)
    if name == "BitInvert" and isinstance(value, int):
        return Constant(~value, assumed=operand.assumed)
    return UNKNOWN

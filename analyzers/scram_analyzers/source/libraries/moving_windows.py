"""How many rows a window holds that moves along with a loop: `x[i : i + LENGTH]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Unknown, Value, integer

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

WINDOW = "window"
"""The name of the step that takes such rows out; its number says how many they are."""

_PLAIN = (cst.Name, cst.Integer, cst.Attribute)
"""What a length is written as; to work out anything else again might do something twice."""


def window_length(interpreter: Interpreter, key: slice, place: Place) -> int | None:
    """The rows from `i` to `i + n`, or from `i - n` to `i`; the bounds may have been given names before."""
    node = place.node
    written = node.slice[0].slice if isinstance(node, cst.Subscript) else None
    if not isinstance(written, cst.Slice) or written.step is not None or written.lower is None or written.upper is None:
        return None
    lower, upper = _source_of(key.start, written.lower), _source_of(key.stop, written.upper)
    for bound, other, operator in ((upper, written.lower, cst.Add), (lower, written.upper, cst.Subtract)):
        if not isinstance(bound, cst.BinaryOperation) or not isinstance(bound.operator, operator):
            continue
        if bound.left.deep_equals(other) and isinstance(bound.right, _PLAIN):
            length = integer(interpreter.evaluate(bound.right))
            return length if length is not None and length > 0 else None
    return None


def _source_of(bound: Value | None, written: cst.BaseExpression) -> cst.CSTNode:
    """The expression that a bound comes from, where it was given a name."""
    named = isinstance(written, cst.Name) and isinstance(bound, Unknown) and bound.place is not None
    return bound.place.node if named and isinstance(bound, Unknown) and bound.place is not None else written


def shape_as_row(data: Data) -> tuple[int | None, ...] | None:
    """The shape of an array that becomes one of many: a window that was taken out of others knows its length by then.

    Before that it doesn't: how many rows a loop takes at a time is not how many there are.
    """
    step = next((each for each in reversed(data.steps) if each.kind not in _KEEPING), None)
    if not data.shape or data.shape[0] is not None or step is None or step.name != WINDOW or step.number is None:
        return data.shape
    return (int(step.number), *data.shape[1:])


_KEEPING = (StepKind.CONVERTED, StepKind.SCALED)

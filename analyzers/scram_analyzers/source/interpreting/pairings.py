"""Operators that set what a model gives against labels (`predictions - y`) or a number (`predictions > 0.5`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import PREDICTION, Data
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.interpreting import loss_calls
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Pairing, Threshold
from scram_analyzers.source.reading import parents
from scram_analyzers.source.values import Constant, Value, number

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

PAIRING = frozenset(("Subtract", "Equal", "NotEqual"))
ORDERING = frozenset(("GreaterThan", "GreaterThanEqual", "LessThan", "LessThanEqual"))


def note(interpreter: Interpreter, operator: str, left: Value, right: Value, place: Place) -> None:
    """Note an operator between predictions and data; a difference within a tape is a loss as well."""
    if operator in ORDERING or operator == "Equal":
        _note_threshold(interpreter, left, right, place, exact=operator == "Equal")
    if operator not in PAIRING:
        return
    for predicted, labels in ((left, right), (right, left)):
        if not isinstance(labels, Data) or labels.source == PREDICTION:
            continue
        if isinstance(predicted, Data) and predicted.source == PREDICTION:
            interpreter.recording.pairings.append(Pairing(operator, labels, place, made=predicted))
        elif isinstance(predicted, Tensor) and (fed := loss_calls.fed_to(interpreter, predicted)) is not None:
            interpreter.recording.pairings.append(Pairing(operator, labels, place, model=fed.model, x=fed.x))
            if operator == "Subtract" and _within_tape(place):
                loss_calls.of_difference(interpreter, predicted, labels, place)


def _note_threshold(interpreter: Interpreter, left: Value, right: Value, place: Place, *, exact: bool) -> None:
    """Note predictions that are compared with a number."""
    for made, bound in ((left, right), (right, left)):
        held = number(bound) if isinstance(bound, Constant) else None
        if isinstance(made, Data) and made.source == PREDICTION and held is not None:
            interpreter.recording.thresholds.append(Threshold(made, held, place, exact))


def _within_tape(place: Place) -> bool:
    """Whether it is worked out in a `with tf.GradientTape()`, or in a function called a loss."""
    for node in parents.ancestors(place):
        if isinstance(node, cst.With) and any("Tape" in _code(place, item.item) for item in node.items):
            return True
        if isinstance(node, cst.FunctionDef) and "loss" in node.name.value.lower():
            return True
    return False


def _code(place: Place, node: cst.CSTNode) -> str:
    return Place(place.section, node).text

"""Losses with a minus before them: made small, they are never negative and so would be made large."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.api import tapes
from scram_analyzers.rules.api.applied_gradients import applied_of
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES, REGRESSION
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name

_ON_PURPOSE = re.compile(r"advers|attack|ascen|unlearn|forget|maximi[sz]|revers|reward|policy|critic", re.IGNORECASE)
"""Words of programs that make a loss large because they want to."""

_OF_MODEL = ("compute_loss", "compiled_loss")
_MEANS = frozenset(("mean", "sum", "reduce_mean", "reduce_sum"))
_EVEN = frozenset(("square", "abs", "absolute", "squared_difference"))


def turned(program: Program) -> Iterator[Place]:
    """Where a step's own loss gets its minus, whose gradients then train the model that it judges."""
    called = {id(each.place.node) for each in program.loss_calls if each.loss.name in CROSS_ENTROPIES | REGRESSION}
    for tape in tapes.tapes(program):
        asked = tapes.asked_of(tape)
        if len(asked) != 1 or not applied_of(tape) or not isinstance(tape.around, cst.FunctionDef | cst.Module):
            continue
        beside = [each for each in tapes.tapes(program) if each.around is tape.around]
        if len(beside) > 1 or _ON_PURPOSE.search(Place(tape.section, tape.around).text):
            continue
        found = _turned_in(tape, asked[0].call.args[0].value, called)
        if found is not None:
            yield Place(tape.section, found)


def _turned_in(tape: tapes.Tape, loss: cst.BaseExpression, called: set[int]) -> cst.BaseExpression | None:
    """The expression with the minus: what the tape is asked for itself, or what gave its name last."""
    given: list[cst.BaseExpression] = []
    if isinstance(loss, cst.Name):
        given = _given(tape, loss.value)
        if not given or len(given) > 2:
            return None
        loss = given[-1]
    held = without_minus(loss)
    if held is None:
        return None
    held = _within_means(held)
    if isinstance(held, cst.Name):
        named = _given(tape, held.value)
        is_itself = len(given) == 2 and named == given
        if not is_itself and (len(named) != 1 or len(given) > 1):
            return None
        held = _within_means(named[0])
    return loss if _is_loss(held, called) else None


def _given(tape: tapes.Tape, name: str) -> list[cst.BaseExpression]:
    """What the function gives a name, in its order; nothing where it does so in a branch, or changes it in place."""
    values: list[cst.BaseExpression] = []
    for node in search.nodes(tape.around, cst.AssignTarget):
        if any(each.value == name for each in search.nodes(node.target, cst.Name)):
            above = list(tape.section.parsed.ancestors(node))
            if not isinstance(node.target, cst.Name) or not isinstance(above[0], cst.Assign):
                return []
            if any(isinstance(each, cst.If | cst.Try) for each in _up_to(above, tape.around)):
                return []
            values.append(above[0].value)
    changed = [each.target for each in search.nodes(tape.around, cst.AugAssign)]
    return [] if any(isinstance(each, cst.Name) and each.value == name for each in changed) else values


def _up_to(above: list[cst.CSTNode], end: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for node in above:
        if node is end:
            return
        yield node


def without_minus(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What has a minus before it, or a factor below zero; None where nothing has."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return None if _number(node.expression) is not None else node.expression
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        for factor, other in ((node.left, node.right), (node.right, node.left)):
            if (_number(factor) or 0.0) < 0:
                return other
    return None


def never_negative(node: cst.BaseExpression) -> bool:
    """Whether an expression is a square, or another number that is 0 at least: `square(a - b)`, `(a - b) ** 2`."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power):
        return _number(node.right) == 2
    last = (dotted_name(node.func) or "").rpartition(".")[2] if isinstance(node, cst.Call) else ""
    return last in _EVEN


def _is_loss(node: cst.BaseExpression, called: set[int]) -> bool:
    """Whether this calls a loss that is never below zero."""
    if not isinstance(node, cst.Call):
        return False
    return id(node) in called or (dotted_name(node.func) or "").rpartition(".")[2] in _OF_MODEL


def _within_means(node: cst.BaseExpression) -> cst.BaseExpression:
    while isinstance(node, cst.Call) and node.args and (dotted_name(node.func) or "").rpartition(".")[2] in _MEANS:
        node = node.args[0].value
    return node


def _number(node: cst.BaseExpression) -> float | None:
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        held = _number(node.expression)
        return -held if held is not None else None
    return float(node.evaluated_value) if isinstance(node, cst.Integer | cst.Float) else None

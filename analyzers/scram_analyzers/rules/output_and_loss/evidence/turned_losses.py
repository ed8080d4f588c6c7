"""Losses with a minus before them: made small, they are never negative and so would be made large."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.rules.api.evidence.applied_gradients import applied_of, zipped_gradients
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES, REGRESSION
from scram_analyzers.source.once import once
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
    called = _called(program)
    for tape in tapes.tapes(program):
        asked = tapes.asked_of(tape)
        if len(asked) != 1 or not applied_of(tape) or not isinstance(tape.around, cst.FunctionDef | cst.Module):
            continue
        minus = _minus(tape)
        if minus is None or not _Losses(program, tape, called).reach(minus.held, minus.before):
            continue
        if _is_meant_small(program, tape):
            yield Place(tape.section, minus.whole)


def turned_gradients(program: Program) -> Iterator[Place]:
    """Where all gradients of such a loss get a minus on their way to the optimizer: `[-each for each in gradients]`."""
    called = _called(program)
    for tape in tapes.tapes(program):
        asked = tapes.asked_of(tape)
        if len(asked) != 1 or not isinstance(tape.around, cst.FunctionDef | cst.Module):
            continue
        name = tapes.name_given(asked[0])
        for gradients in zipped_gradients(tape):
            given = _given(tape, gradients.value) if isinstance(gradients, cst.Name) else [gradients]
            if not given or not _turns(given[-1], name) or not _is_meant_small(program, tape):
                continue
            if _Losses(program, tape, called).reach(asked[0].call.args[0].value, {}):
                yield Place(tape.section, given[-1])


def _turns(node: cst.BaseExpression, name: str | None) -> bool:
    """Whether a comprehension puts a minus before each of what `name` holds, and does nothing else."""
    if not isinstance(node, cst.ListComp | cst.GeneratorExp) or node.for_in.inner_for_in is not None:
        return False
    held, each, gone_through = without_minus(node.elt), node.for_in.target, node.for_in.iter
    if not isinstance(held, cst.Name) or not isinstance(each, cst.Name) or not isinstance(gone_through, cst.Name):
        return False
    return held.value == each.value and gone_through.value == name


def _called(program: Program) -> set[int]:
    return {id(each.place.node) for each in program.loss_calls if each.loss.name in CROSS_ENTROPIES | REGRESSION}


def _is_meant_small(program: Program, tape: tapes.Tape) -> bool:
    """Whether the function around a tape has no other one, and no word of making anything large."""
    beside = [each for each in tapes.tapes(program) if each.around is tape.around]
    return len(beside) == 1 and not _ON_PURPOSE.search(Place(tape.section, tape.around).text)


@dataclass(frozen=True, slots=True)
class _Minus:
    """An expression with a minus and what that stands before; `before` as `_Losses.reach` takes it."""

    whole: cst.BaseExpression
    held: cst.BaseExpression
    before: Mapping[str, int]


@once
def _minus(tape: tapes.Tape) -> _Minus | None:
    """The expression with the minus: what the tape is asked for itself, or what gave its name last."""
    asked = tapes.asked_of(tape)[0].call.args[0].value
    given = _given(tape, asked.value) if isinstance(asked, cst.Name) else [asked]
    if not given or len(given) > MOST_VALUES:
        return None
    held = without_minus(given[-1])
    if held is None:
        return None
    return _Minus(given[-1], held, {asked.value: len(given) - 1} if isinstance(asked, cst.Name) else {})


MOST_VALUES = 3
"""A name that is given more values than these is not followed."""


@dataclass(frozen=True)
class _Losses:
    """Which expressions of the function around a tape are losses that are never below zero.

    `called`: the `id` of each call that is understood as one.
    """

    program: Program
    tape: tapes.Tape
    called: Set[int]

    def reach(self, node: cst.BaseExpression, before: Mapping[str, int]) -> bool:
        """Whether an expression is such a loss, by the names it is made of, or one and something added to it.

        `before` says how many of its values a name has been given where the expression stands.
        """
        node = _within_means(node)
        if isinstance(node, cst.Name):
            values = _given(self.tape, node.value)
            count = before.get(node.value, len(values))
            if not 0 < count <= MOST_VALUES:
                return False
            return self.reach(values[count - 1], {**before, node.value: count - 1})
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
            parts = (node.left, node.right)
            turned_back = any(without_minus(part) is not None for part in parts)
            return not turned_back and any(self.reach(part, before) for part in parts)
        return never_negative(node) or (isinstance(node, cst.Call) and self._is_loss(node))

    def _is_loss(self, call: cst.Call) -> bool:
        name = dotted_name(call.func) or ""
        if id(call) in self.called or name.rpartition(".")[2] in _OF_MODEL:
            return True
        returned = _returned(self.program, name)
        return bool(returned) and all(id(_within_means(each)) in self.called for each in returned)


def _returned(program: Program, function: str) -> list[cst.BaseExpression]:
    """What a function of the module returns; nothing where it is not the one definition of this name."""
    named = [node for node, _ in search.found(program, cst.FunctionDef, function) if node.name.value == function]
    if not function or len(named) != 1:
        return []
    returns = list(search.nodes(named[0], cst.Return))
    values = [each.value for each in returns if each.value is not None]
    return values if len(values) == len(returns) else []


def _given(tape: tapes.Tape, name: str) -> list[cst.BaseExpression]:
    """What the function gives a name, in its order; nothing where it does so in a branch, or changes it in place."""
    values: list[cst.BaseExpression] = []
    for node in search.within(tape.section, tape.around, cst.AssignTarget):
        if any(each.value == name for each in search.nodes(node.target, cst.Name)):
            above = list(tape.section.parsed.ancestors(node))
            if not isinstance(node.target, cst.Name) or not isinstance(above[0], cst.Assign):
                return []
            if any(isinstance(each, cst.If | cst.Try) for each in _up_to(above, tape.around)):
                return []
            values.append(above[0].value)
    changed = [each.target for each in search.within(tape.section, tape.around, cst.AugAssign)]
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


def _within_means(node: cst.BaseExpression) -> cst.BaseExpression:
    """What is averaged, added up, divided by a count or weighed with a number above zero."""
    while True:
        if isinstance(node, cst.Call) and node.args and (dotted_name(node.func) or "").rpartition(".")[2] in _MEANS:
            node = node.args[0].value
        elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
            node = node.left
        elif (weighed := _weighed(node)) is not None:
            node = weighed
        else:
            return node


def _weighed(node: cst.BaseExpression) -> cst.BaseExpression | None:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        for factor, other in ((node.left, node.right), (node.right, node.left)):
            if (_number(factor) or 0.0) > 0:
                return other
    return None


def _number(node: cst.BaseExpression) -> float | None:
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        held = _number(node.expression)
        return -held if held is not None else None
    return float(node.evaluated_value) if isinstance(node, cst.Integer | cst.Float) else None

"""Predictions from which a loop's own loss can't be followed back, as what is made of them has no gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name

_WHOLE = frozenset(("round", "rint", "floor", "ceil", "trunc", "sign", "argmax", "argmin", "argsort", "numpy"))
"""Last names of functions whose results stay the same, or jump, when what they are given changes a little."""

_WHOLE_TYPES = ("int", "uint", "bool")

_LOOKS_ON = frozenset(("update_state", "print", "append"))
"""Last names of calls that the loss does not depend on."""

_OTHER_LOSSES = frozenset(("losses", "add_loss"))


@dataclass(frozen=True, slots=True)
class Stop:
    """`stop` is what has no gradient, `forward` the call of the model whose output it is made of."""

    stop: Place
    forward: Place


def stops(program: Program) -> Iterator[Stop]:
    """One for each tape under which all that is made of a model's only prediction has no gradient."""
    for tape in tapes.tapes(program):
        found = _in_tape(tape)
        if found is not None:
            yield found


@once
def _in_tape(tape: tapes.Tape) -> Stop | None:
    asked = tapes.asked_of(tape)
    if len(asked) != 1:
        return None
    forwards = [call for call in tapes.calls_under(tape) if dotted_name(call.func) == asked[0].model]
    found = _stop_of(tape, forwards[0]) if len(forwards) == 1 and not _has_other_losses(tape) else None
    return Stop(Place(tape.section, found), Place(tape.section, forwards[0])) if found is not None else None


def _has_other_losses(tape: tapes.Tape) -> bool:
    return any(each.attr.value in _OTHER_LOSSES for each in search.nodes(tape.statement.body, cst.Attribute))


def _stop_of(tape: tapes.Tape, forward: cst.Call) -> cst.BaseExpression | None:
    """The first thing without a gradient that is made of the prediction, where nothing else is made of it."""
    uses: list[cst.BaseExpression] = [forward]
    given = next(iter(tape.section.parsed.ancestors(forward)), None)
    if isinstance(given, cst.Assign):
        target = given.targets[0].target
        if len(given.targets) != 1 or not isinstance(target, cst.Name):
            return None
        uses = _uses(tape, target)
    around = [_around(tape, use) for use in uses if not _only_looks_on(tape, use)]
    return around[0] if around and all(around) else None


def _uses(tape: tapes.Tape, target: cst.Name) -> list[cst.BaseExpression]:
    """Where else the block has the name; a place where it is given another value has nothing around it that stops."""
    body = tape.statement.body
    beside = {id(each.keyword) for each in search.nodes(body, cst.Arg)}
    beside |= {id(each.attr) for each in search.nodes(body, cst.Attribute)}
    named = [each for each in search.nodes(body, cst.Name) if each.value == target.value and id(each) not in beside]
    return [each for each in named if each is not target]


def _above(tape: tapes.Tape, node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The expressions around one, in its statement."""
    for each in tape.section.parsed.ancestors(node):
        if isinstance(each, cst.BaseSmallStatement | cst.BaseCompoundStatement):
            return
        if isinstance(each, cst.BaseExpression):
            yield each


def _around(tape: tapes.Tape, use: cst.BaseExpression) -> cst.BaseExpression | None:
    """The innermost expression around a use that has no gradient."""
    return next((each for each in _above(tape, use) if _has_none(each)), None)


def _only_looks_on(tape: tapes.Tape, use: cst.BaseExpression) -> bool:
    calls = [each for each in _above(tape, use) if isinstance(each, cst.Call)]
    return any(_last(each.func) in _LOOKS_ON for each in calls)


def _has_none(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Comparison):
        return True
    if not isinstance(node, cst.Call):
        return False
    name = _last(node.func)
    return name in _WHOLE or (name == "cast" and any(_is_whole_type(each.value) for each in node.args[1:]))


def _is_whole_type(node: cst.BaseExpression) -> bool:
    text = node.raw_value if isinstance(node, cst.SimpleString) else _last(node)
    return str(text).startswith(_WHOLE_TYPES)


def _last(node: cst.BaseExpression) -> str:
    """The last part of a dotted name, of whatever it may be a part."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""

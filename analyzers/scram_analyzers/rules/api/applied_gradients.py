"""Gradients on their way to an optimizer: `optimizer.apply_gradients(zip(gradients, model.trainable_variables))`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.rules.api import tapes
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name

_APPLYING = frozenset(("apply_gradients", "apply"))


@dataclass(frozen=True, eq=False, slots=True)
class Applied:
    """A call that pairs what a tape was asked for with weights; `owner` is how the program names their model."""

    asked: tapes.Gradients
    owner: str
    weights: str
    call: cst.Call

    @property
    def place(self) -> Place:
        """The call of the optimizer."""
        return Place(self.asked.section, self.call)

    def round_left(self) -> cst.For | cst.While | None:
        """The loop that asks for the gradients in each round, where they are applied only after its last."""
        above = self.asked.section.parsed.ancestors
        around = next((each for each in above(self.asked.call) if isinstance(each, (cst.For, cst.While))), None)
        if around is None or any(each is around for each in above(self.call)):
            return None
        return around


@once
def applied_of(tape: tapes.Tape) -> tuple[Applied, ...]:
    """Where the function around a tape hands on what the tape was asked for."""
    asked = {id(each.call): each for each in tapes.asked_of(tape)}
    return tuple(_applied(tape, asked)) if asked else ()


def _applied(tape: tapes.Tape, asked: dict[int, tapes.Gradients]) -> Iterator[Applied]:
    for call in search.nodes(tape.around, cst.Call):
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value not in _APPLYING or not call.args:
            continue
        zipped = call.args[0].value
        if not isinstance(zipped, cst.Call) or dotted_name(zipped.func) != "zip" or len(zipped.args) != 2:
            continue
        given = _asked_for(tape, zipped.args[0].value, asked)
        weights = tapes.written_out(zipped.args[1].value, tape.section) or ""
        owner, _, attribute = weights.rpartition(".")
        if given is not None and owner and attribute in tapes.WEIGHTS:
            yield Applied(given, owner, weights, call)


def _asked_for(
    tape: tapes.Tape, gradients: cst.BaseExpression, asked: dict[int, tapes.Gradients]
) -> tapes.Gradients | None:
    """What the tape was asked for under this name, which is assigned once, or in this very place."""
    if isinstance(gradients, cst.Name):
        named = [each for each in search.nodes(tape.around, cst.Assign) if _assigns(each, gradients.value)]
        if len(named) != 1 or len(named[0].targets) != 1 or not isinstance(named[0].targets[0].target, cst.Name):
            return None
        gradients = named[0].value
    return asked.get(id(gradients))


def _assigns(assigned: cst.Assign, name: str) -> bool:
    return any(each.value == name for target in assigned.targets for each in search.nodes(target, cst.Name))

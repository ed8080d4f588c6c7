"""Where a program divides data by a number to scale them, for edits that do something else there."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.rules.data.evidence.judging import judged_by
from scram_analyzers.source.data import StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program


def divisions(program: Program, fit: Fit, position: int, scalings: int) -> tuple[Place, ...]:
    """The scaling at a position, of the training's inputs and of all that they are compared with.

    None at all where one of these is scaled more or less often than `scalings` times.
    """
    found: dict[cst.CSTNode, Place] = {}
    for data in (fit.inputs, *(each.data for each in judged_by(program, fit))):
        steps = [step for step in data.steps if step.kind is StepKind.SCALED] if data is not None else []
        place = steps[position].place if len(steps) == scalings else None
        if place is None or not steps[position].certain:
            return ()
        found[place.node] = place
    return tuple(found.values())

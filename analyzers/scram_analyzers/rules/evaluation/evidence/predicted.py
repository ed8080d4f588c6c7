"""Predictions, and the output of the model that gave them."""

from __future__ import annotations

from scram_analyzers.rules.base import Related
from scram_analyzers.rules.output_and_loss.evidence import cases
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.data import Data
from scram_analyzers.source.program import Program


def are_classes(program: Program, made: Data) -> bool:
    """Whether the model was asked for classes, as `predict_classes` did it."""
    calls = [each for each in program.evaluations if made.place is not None and each.place.key == made.place.key]
    return any(each.method.endswith("classes") for each in calls)


def case_of(program: Program, made: Data) -> Case | None:
    """The one output of the model that gave these predictions, with its loss and labels."""
    place = made.place
    asked = next((each for each in program.evaluations if place is not None and each.place.key == place.key), None)
    model = asked.model if asked is not None else None
    if model is None or len(model.outputs) != 1:
        return None
    found = [
        case
        for case in cases.cases(program)
        if case.compiled is not None
        and case.compiled.model is not None
        and case.compiled.model.identity == model.identity
    ]
    return found[0] if len(found) == 1 else None


def head_related(case: Case) -> tuple[Related, ...]:
    """The last activation, where there is one."""
    place = case.head.activation_place or case.head.place
    return (Related(place, "The last activation."),) if place is not None and case.head.activation != "linear" else ()

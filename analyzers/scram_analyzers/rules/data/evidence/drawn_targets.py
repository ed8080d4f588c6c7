"""Targets that were put in a drawn order of which nothing else can know, whatever they are."""

from __future__ import annotations

import re

import libcst as cst

from scram_analyzers.rules.data.evidence.judging import PICKING, stretch
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.libraries.data_items import PERMUTATION
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading.search import nodes


def drawn_targets(program: Program, fit: Fit) -> Place | None:
    """The call that mixes an array of targets: `rng.permutation(y)`, where the inputs can't have its order."""
    targets, given = fit.targets, fit.y.place if fit.y is not None else None
    if targets is None or given is None or targets.source != PERMUTATION or targets.place is None:
        return None
    call = targets.place.node
    if not isinstance(call, cst.Call):
        return None
    if call is given.node:
        return targets.place
    is_made = isinstance(given.node, cst.Name) and _is_made_before(program, fit.inputs, targets.place, given.node.value)
    return targets.place if is_made and not _has_twin(program, fit.inputs, call) else None


def drawn_in_dataset(inputs: Data | None, targets: Data | None) -> Place | None:
    """The call that mixes the targets as a dataset is made of them: `from_tensor_slices((x, rng.permutation(y)))`."""
    if inputs is None or targets is None or targets.source != PERMUTATION or targets.place is None:
        return None
    made = next((step.place for step in inputs.steps if step.name == "from_tensor_slices"), None)
    within = nodes(made.node, cst.Call) if made is not None else ()
    return targets.place if any(each is targets.place.node for each in within) else None


def _is_made_before(program: Program, inputs: Data | None, drawn: Place, name: str) -> bool:
    """Whether the inputs were there before the targets were drawn, and were not put together by them later."""
    if inputs is None or inputs.place is None or not (inputs.roots | inputs.origins):
        return False
    used = re.compile(rf"\bin\b[^\n]*\b{name}\b")  # a loop over the drawn targets may make inputs for them
    picked = [step.place for step in inputs.steps if step.kind in PICKING and stretch(step) is None]
    places = [inputs.place, *(place for place in picked if place is not None)]
    if len(places) <= len(picked) or any(place.key == drawn.key for place in places):
        return False
    return all(program.line_of(place) <= program.line_of(drawn) for place in places) and not program.matches(used)


def _has_twin(program: Program, inputs: Data | None, call: cst.Call) -> bool:
    """Whether inputs may have been drawn in the same order: by a seed set again, or by another generator."""
    mixed = [step for step in inputs.steps if step.kind is StepKind.SHUFFLED] if inputs is not None else []
    if not mixed:
        return False
    seeds_anew = any(each.name.endswith((".seed", ".set_state")) for each in program.calls)
    generator = call.func.value if isinstance(call.func, cst.Attribute) else None
    return (
        seeds_anew
        or not isinstance(generator, (cst.Name, cst.Attribute))
        or not all(_is_drawn_by(step, generator) for step in mixed)
    )


def _is_drawn_by(step: DataStep, generator: cst.BaseExpression) -> bool:
    node = step.node
    func = node.func if isinstance(node, cst.Call) else None
    return isinstance(func, cst.Attribute) and func.value.deep_equals(generator)

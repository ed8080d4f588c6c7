"""Normalization layers that are given nothing to normalize by."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading import search

_FILLED = re.compile(r"load_weights|set_weights|load_model|from_pretrained|\bweights\s*=|\.assign\(")
"""By which such a layer may come to its mean and variance without `adapt`."""

_ADAPT = ".adapt"


def unadapted_layers(program: Program, fit: Fit) -> Iterator[Report]:
    """Each Normalization of the model in training that has no statistics and is never adapted."""
    layers = fit.model.layers if fit.model is not None else ()
    empty = [layer for layer in layers if layer.class_name == "Normalization" and _is_empty(layer)]
    if not empty or program.matches(_FILLED) or (program.mentions("adapt") and _may_be_adapted(program)):
        return
    for layer in empty:
        yield Report(
            layer.place,
            "This Normalization is never adapted to the training data: it leaves its inputs as they are.",
            (Related(fit.place, "The model is trained on them."),),
            recipe="normalization.adapt(x_train)  # before fit",
        )


def _may_be_adapted(program: Program) -> bool:
    """Whether anything is adapted, or said to be, but layers of other classes (`lookup.adapt(words)`)."""
    calls = [call for call in program.method_calls if call.name.endswith(_ADAPT)]
    others = {id(call.place.node) for call in calls if not call.name.endswith(f"Normalization{_ADAPT}")}
    if any(id(call.place.node) not in others for call in calls):
        return True
    told = {id(call.func) for call, _ in search.found(program, cst.Call, "adapt") if id(call) in others}
    written = (each for each, _ in search.found(program, cst.Attribute, "adapt") if each.attr.value == "adapt")
    return any(id(each) not in told for each in written)


def _is_empty(layer: Layer) -> bool:
    given = (layer.arguments.get("mean", 1), layer.arguments.get("variance", 2))
    return not layer.arguments.open and not any(given)

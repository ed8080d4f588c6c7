"""Layers that number words or categories, and were never shown any."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.program import Fit, Program

LAYERS = ("TextVectorization", "StringLookup", "IntegerLookup", "Discretization")

_FILLED = re.compile(r"adapt\b|load_weights|set_weights|set_vocabulary|load_model|from_pretrained|load_assets")
"""By which such a layer may come to what it has to know."""

_GIVEN = ("vocabulary", "bin_boundaries")


def untaught_layers(program: Program, fit: Fit) -> Iterator[Report]:
    """Report each such layer of the model in training that has no vocabulary and is never adapted."""
    layers = [each for each in fit.model.layers if each.class_name in LAYERS] if fit.model is not None else []
    if not layers or program.matches(_FILLED):
        return
    for layer in layers:
        if _is_empty(layer):
            yield Report(
                layer.place,
                f"This {layer.class_name} is never adapted: it knows none of its words or values yet, and the first "
                "step ends with an error.",
                (Related(fit.place, "The model that it is part of is trained here."),),
                severity=Severity.ERROR,
                recipe=f"{layer.class_name.lower()}.adapt(x_train)  # before fit",
            )


def _is_empty(layer: Layer) -> bool:
    positional = layer.arguments.get("bin_boundaries", 0) if layer.class_name == "Discretization" else None
    given = (layer.arguments.get(name) for name in _GIVEN)
    return not layer.arguments.open and positional is None and all(each is None for each in given)

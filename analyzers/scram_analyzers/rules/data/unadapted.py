"""Normalization layers that are given nothing to normalize by."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.program import Fit, Program

_FILLED = re.compile(r"adapt\b|load_weights|set_weights|load_model|from_pretrained|\bweights\s*=|\.assign\(")
"""By which such a layer may come to its mean and variance."""


def unadapted_layers(program: Program, fit: Fit) -> Iterator[Report]:
    """Each Normalization of the model in training that has no statistics and is never adapted."""
    layers = fit.model.layers if fit.model is not None else ()
    empty = [layer for layer in layers if layer.class_name == "Normalization" and _is_empty(layer)]
    if not empty or program.matches(_FILLED):
        return
    for layer in empty:
        yield Report(
            layer.place,
            "This Normalization is never adapted to the training data: it leaves its inputs as they are.",
            (Related(fit.place, "The model is trained on them."),),
            recipe="normalization.adapt(x_train)  # before fit",
        )


def _is_empty(layer: Layer) -> bool:
    given = (layer.arguments.get("mean", 1), layer.arguments.get("variance", 2))
    return not layer.arguments.open and not any(given)

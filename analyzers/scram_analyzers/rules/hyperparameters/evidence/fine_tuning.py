"""Ready-made networks whose trained weights an optimizer moves."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.values import is_none, text


def fine_tuned(program: Program, optimizer: Optimizer) -> str | None:
    """The name of the trained network that training moves as a whole; None where it is frozen, in part or at first."""
    return _tuned(program).get(id(optimizer))


@once
def _tuned(program: Program) -> Mapping[int, str]:
    """The networks by the `id` of an optimizer all of whose models hold one that it moves."""
    found: dict[int, str] = {}
    others: set[int] = set()
    for each in program.compiles:
        name = _moved(each.model) if each.model is not None else None
        if name is not None and name.startswith("TF") and program.matches(_FREEZING):
            name = None
        if name is None:
            others.add(id(each.optimizer))
        else:
            found.setdefault(id(each.optimizer), name)
    return {optimizer: name for optimizer, name in found.items() if optimizer not in others}


FINE_TUNING = 0.005
"""Rates above this, of optimizers that take steps of about their rate, undo what a network had learned. Ours."""

TUNING_RATE = "1e-5"
"""A rate to begin with where a whole network is tuned, as text."""

UNNORMALIZED = ("VGG16", "VGG19")
"""Networks without batch normalization, whose activations such steps drive apart within a few batches."""

UNNORMALIZED_TUNING = 0.0009
"""For those, and for language models, even the default of Adam and RMSprop is too much. Ours."""

_FREEZING = re.compile(r"\btrainable\s*=\s*(?!True\b)")
"""What may freeze a part of a language model, of which the program shows nothing."""


def tuning_limit(name: str) -> float:
    """The highest rate by which an optimizer that takes steps of about its rate leaves a network what it learned."""
    return UNNORMALIZED_TUNING if name in UNNORMALIZED or name.startswith("TF") else FINE_TUNING


def forgets(name: str) -> str:
    """What too high a rate does to such a network, in words."""
    return f"steps of this size undo what {name} has learned, which wants 0.00001 to 0.0001"


def _moved(model: Model) -> str | None:
    parts = (model, *model.nested) if (model.application or "").startswith("transformers.") else model.nested
    return next((_name(each) for each in parts if _moves(model, each)), None)


def _moves(model: Model, backbone: Model) -> bool:
    """Whether a network came with its weights and nothing in it is frozen when the model is compiled."""
    weights = backbone.arguments.get("weights")
    trained = weights is None or text(weights) == "imagenet"
    if backbone.application is None or not trained or is_none(weights):
        return False
    # What was frozen of it when it was taken into the model may have been thawed since, which `model` knows.
    inside = (backbone.identity, *backbone.frozen, *(layer.identity for layer in backbone.layers))
    return model.frozen.isdisjoint(inside)


def _name(backbone: Model) -> str:
    return (backbone.application or "").rpartition(".")[2]

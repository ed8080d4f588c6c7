"""Ready-made networks whose trained weights an optimizer moves."""

from __future__ import annotations

from collections.abc import Mapping

from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Compile, Optimizer, Program
from scram_analyzers.source.values import is_none, text


def fine_tuned(program: Program, optimizer: Optimizer) -> str | None:
    """The name of the trained network that training moves as a whole; None where it is frozen, in part or at first."""
    moved = [_moved(each.model) for each in _compiles(program).get(id(optimizer), ())]
    return moved[0] if moved and all(moved) else None


@once
def _compiles(program: Program) -> Mapping[int, list[Compile]]:
    """The compiles by the `id` of their optimizer."""
    found: dict[int, list[Compile]] = {}
    for each in program.compiles:
        if each.optimizer is not None:
            found.setdefault(id(each.optimizer), []).append(each)
    return found


FINE_TUNING = 0.005
"""Rates above this, of optimizers that take steps of about their rate, undo what a network had learned. Ours."""

TUNING_RATE = "1e-5"
"""A rate to begin with where a whole network is tuned, as text."""

UNNORMALIZED = ("VGG16", "VGG19")
"""Networks without batch normalization, whose activations such steps drive apart within a few batches."""

UNNORMALIZED_TUNING = 0.0009
"""For those even the default of Adam and RMSprop is too much. Ours."""


def tuning_limit(name: str) -> float:
    """The highest rate by which an optimizer that takes steps of about its rate leaves a network what it learned."""
    return UNNORMALIZED_TUNING if name in UNNORMALIZED else FINE_TUNING


def forgets(name: str) -> str:
    """What too high a rate does to such a network, in words."""
    return f"steps of this size undo what {name} has learned, which wants 0.00001 to 0.0001"


def _moved(model: Model | None) -> str | None:
    return None if model is None else next((_name(nested) for nested in model.nested if _moves(model, nested)), None)


def _moves(model: Model, backbone: Model) -> bool:
    """Whether a network came with its weights and nothing in it is frozen when the model is compiled."""
    weights = backbone.arguments.get("weights")
    trained = weights is None or text(weights) == "imagenet"
    if backbone.application is None or not trained or is_none(weights):
        return False
    return not backbone.frozen and backbone.identity not in model.frozen


def _name(backbone: Model) -> str:
    return (backbone.application or "").rpartition(".")[2]

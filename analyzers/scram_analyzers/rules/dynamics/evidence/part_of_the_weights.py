"""Training steps that ask a tape for the gradients of one layer alone, so that all other layers stay random."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search

_ON_PURPOSE = re.compile(
    r"load_weights|load_model|applications|from_pretrained|from_preset|\bhub\b|pretrain|\btrainable\s*=[^=]|fr[eo]ez|"
    r"prob(e|ing)|random.?feature|reservoir|extreme.?learning|fine.?tun|transfer|warm.?up",
    re.IGNORECASE,
)
"""Words of programs whose other layers have learned before, or are to stay as they are."""


@dataclass(frozen=True, slots=True)
class OneLayer:
    """A call that asks for the gradients of one layer's weights, how the program names it, and what is left out."""

    place: Place
    asked: str
    left_out: tuple[Layer, ...]


def one_layer_alone(program: Program) -> Iterator[OneLayer]:
    """The only gradients that a program asks for, where those are a single layer's of a model made in it."""
    found = list(tapes.tapes(program))
    if len(found) != 1:
        return
    tape = found[0]
    calls = [call for call in search.within(tape.section, tape.around, cst.Call) if _asks(call, tape.name)]
    model = _trained(program, tape)
    if len(calls) != 1 or model is None or any(_trains_it_whole(program, model)):
        return
    part = _part(tape, calls[0].args[1].value)
    learning = [each for each in model.layers if each.class_name in WEIGHTED and not model.is_frozen(each)]
    layer = _layer(model, learning, tape, part) if part is not None else None
    left_out = tuple(each for each in learning if each is not layer)
    if part is not None and layer is not None and left_out and not program.matches(_ON_PURPOSE):
        yield OneLayer(Place(tape.section, calls[0]), Place(tape.section, part).text, left_out)


def _asks(call: cst.Call, tape: str) -> bool:
    function = call.func
    if not isinstance(function, cst.Attribute) or function.attr.value != "gradient" or len(call.args) < 2:
        return False
    return isinstance(function.value, cst.Name) and function.value.value == tape


def _trained(program: Program, tape: tapes.Tape) -> Model | None:
    """The model whose output the tape's loss judges; the only one there is where the loss is worked out by hand."""
    under = {id(call) for call in tapes.calls_under(tape)}
    judged = [each.model for each in program.loss_calls if id(each.place.node) in under and each.model is not None]
    models = {each.identity: each for each in judged}
    if not judged:
        models = {each.identity: each for each in program.models if each.trains_itself}
        models = models or {each.identity: each for each in (*program.models, *program.drafts)}
    return next(iter(models.values())) if len(models) == 1 else None


def _trains_it_whole(program: Program, model: Model) -> Iterator[bool]:
    """Whether Keras trains the model as well, all of it."""
    for fit in program.fits:
        yield fit.model is None or (fit.model.identity == model.identity and not fit.model.trains_itself)


def _part(tape: tapes.Tape, weights: cst.BaseExpression) -> cst.BaseExpression | None:
    """What the weights are of: `self.head` of `self.head.trainable_weights`, through a name given once."""
    if isinstance(weights, cst.Name):
        assigned = search.within(tape.section, tape.around, cst.Assign)
        given = [each.value for each in assigned if _gives(each, weights.value)]
        if len(given) != 1:
            return None
        weights = given[0]
    return weights.value if isinstance(weights, cst.Attribute) and weights.attr.value in tapes.WEIGHTS else None


def _gives(assigned: cst.Assign, name: str) -> bool:
    return any(isinstance(each.target, cst.Name) and each.target.value == name for each in assigned.targets)


def _layer(model: Model, learning: list[Layer], tape: tapes.Tape, part: cst.BaseExpression) -> Layer | None:
    """The layer meant: by its number among a model's layers, or by the attribute that it was assigned to."""
    if isinstance(part, cst.Subscript):
        is_layers = isinstance(part.value, cst.Attribute) and part.value.attr.value == "layers"
        key = part.slice[0].slice if is_layers and len(part.slice) == 1 else None
        last = isinstance(key, cst.Index) and Place(tape.section, key.value).text == "-1"
        layer = model.layers[-1] if last and model.layers else None
        return layer if layer in learning else None
    if isinstance(part, cst.Attribute) and isinstance(part.value, cst.Name) and part.value.value == "self":
        return next((each for each in learning if _assigned_to(each) == part.attr.value), None)
    return None


def _assigned_to(layer: Layer) -> str | None:
    """The attribute of `self` that takes the layer where it is made."""
    around = next(iter(parents.ancestors(layer.place)), None)
    target = around.targets[0].target if isinstance(around, cst.Assign) and len(around.targets) == 1 else None
    is_own = isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name) and target.value.value == "self"
    return target.attr.value if is_own and isinstance(target, cst.Attribute) else None

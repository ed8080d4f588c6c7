"""What the rules about heads and losses share: words for messages, and edits of heads and losses."""

from __future__ import annotations

import itertools

import libcst as cst

from scram_analyzers import fixes, layer_edits
from scram_analyzers.findings import SourceRange, TextEdit
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.heads import Head, heads_with_losses, judged_heads
from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Loss, Program

CLASSES = {
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
}
"""The class of each cross-entropy, by its name."""


@once
def heads_and_losses(program: Program) -> tuple[tuple[Head, Loss], ...]:
    """Every head with the loss that reads it, each pair of places once."""
    found: dict[tuple[Place, Place], tuple[Head, Loss]] = {}
    compiled = (pair for each in compiles_for_training(program) for pair in heads_with_losses(each))
    for head, loss in itertools.chain(compiled, judged_heads(program.loss_calls)):
        if head.place is None:
            continue
        found.setdefault((head.place, loss.place), (head, loss))
    return tuple(found.values())


@once
def compiles_for_training(program: Program) -> tuple[Compile, ...]:
    """The compiles but those of a model whose own loss nobody reads.

    Such a model learns only inside another one, as a GAN's generator does, or does nothing but predict.
    """
    fitted = {fit.model.identity: fit.model for fit in program.fits if fit.model is not None}
    inside = {part.identity for model in fitted.values() for part in model.nested} - set(fitted)
    unread = inside | _only_predicting(program, set(fitted))
    return tuple(each for each in program.compiles if each.model is None or each.model.identity not in unread)


def _only_predicting(program: Program, fitted: set[int]) -> set[int]:
    """The models that only predict here, where others are trained: they take their weights from a file."""
    if not fitted or any(fit.model is None for fit in program.fits):
        return set()
    asked = [(each.method, each.model.identity) for each in program.evaluations if each.model is not None]
    evaluated = {identity for method, identity in asked if not method.startswith("predict")}
    return {identity for _, identity in asked} - evaluated - fitted


def pair_at(program: Program, marked: SourceRange) -> tuple[Head, Loss] | None:
    """The first pair whose head layer, activation or loss a finding's range marks."""
    for head, loss in heads_and_losses(program):
        places = (head.place, head.activation_place, loss.place)
        if any(place is not None and program.range_of(place) == marked for place in places):
            return head, loss
    return None


def layer_words(head: Head) -> str:
    """The head's layer for a message: "Dense(10)"."""
    if head.layer is None:
        return "the last layer"
    return f"{head.layer.class_name}({head.units})" if head.units is not None else head.layer.class_name


def activation_edits(program: Program, head: Head, activation: str) -> tuple[TextEdit, ...]:
    """Give the head the activation, wherever its present one is written; none where that can't be done."""
    quoted = f'"{activation}"'
    place = head.activation_place
    if place is None:
        if head.layer is None or not takes_activation(head.layer):
            return ()
        edit = fixes.set_argument(program, head.layer.place, "activation", quoted)
        return (edit,) if edit is not None else ()
    if _is_name_of_activation(place):
        return (fixes.replace(program, place, quoted),)
    layer = next((each for each in program.layers if each.place.key == place.key), None)
    if layer is None:
        return ()
    if activation == "linear":
        return layer_edits.take_out(program, layer)
    spelling = program.imports.spell("keras.layers.Activation")
    return (fixes.replace(program, place, f"{spelling.text}({quoted})"), *fixes.import_edits(program, (spelling,)))


def takes_activation(layer: Layer) -> bool:
    """Whether a layer has an argument for its activation: `RNN` has not, it leaves that to its cells."""
    return "activation" in signatures().get(layer.kind, ())


def _is_name_of_activation(place: Place) -> bool:
    return isinstance(place.node, (cst.SimpleString, cst.Attribute, cst.Name))


def logits_edits(program: Program, loss: Loss) -> tuple[TextEdit, ...]:
    """The edits that make the loss take logits; none where that can't be done by one."""
    if isinstance(loss.place.node, cst.Call):
        edit = fixes.set_argument(program, loss.place, "from_logits", "True")
        return (edit,) if edit is not None else ()
    if loss.name not in CLASSES:
        return ()
    spelling = program.imports.spell(f"keras.losses.{CLASSES[loss.name]}")
    return (
        fixes.replace(program, loss.place, f"{spelling.text}(from_logits=True)"),
        *fixes.import_edits(program, (spelling,)),
    )


def loss_edits(program: Program, loss: Loss, name: str) -> tuple[TextEdit, ...]:
    """The edits that put another cross-entropy in the place of this one."""
    if loss.function is not None:
        return ()
    node = loss.place.node
    if isinstance(node, cst.Call):
        if loss.arguments.keywords or loss.arguments.positional:
            return ()
        spelling = program.imports.spell(f"keras.losses.{CLASSES[name]}")
        return (fixes.replace(program, loss.place, f"{spelling.text}()"), *fixes.import_edits(program, (spelling,)))
    return (fixes.replace(program, loss.place, f'"{name}"'),)


def twin_edits(program: Program, loss: Loss, name: str) -> tuple[TextEdit, ...]:
    """The edits that name another cross-entropy and leave its arguments as they are."""
    node = loss.place.node
    if not isinstance(node, cst.Call) or loss.function is not None:
        return loss_edits(program, loss, name)
    spelling = program.imports.spell(f"keras.losses.{CLASSES[name]}")
    place = Place(loss.place.section, node.func)
    return (fixes.replace(program, place, spelling.text), *fixes.import_edits(program, (spelling,)))

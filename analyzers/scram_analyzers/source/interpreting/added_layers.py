"""What branches and loops of unknown length put into a sequential model, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting import keras_layers
from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.keras_api.layers import ACTIVATIONS, NEUTRAL, NORMALIZING, RESHAPING
from scram_analyzers.source.model import ModelObject
from scram_analyzers.source.values import Arguments, Choice, FurtherTurns, Sometimes, Unknown, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def repeated(interpreter: Interpreter, old: ModelObject, new: ModelObject) -> tuple[Value, ...]:
    """A model's layers after a loop that was followed once: those of its first turn, of further ones, of its last."""
    further = FurtherTurns(new.place)
    *added, _ = taken_for_put(interpreter, (*new.layers[len(old.layers) :], further))
    last = _another_turn(interpreter, added)
    if not last:
        return (*new.layers, Unknown(new.place))
    return (*old.layers, *added, further, *last)


def taken_for_put(interpreter: Interpreter, entries: tuple[Value, ...]) -> Iterator[Value]:
    """A model's entries, those of one path alone among them where they keep shapes and places, as dropout does.

    What one path alone puts at the end stays unknown: it is what the model answers with.
    """
    for position, entry in enumerate(entries, 1):
        is_kept = isinstance(entry, Sometimes) and all(_keeps_shape(interpreter, each) for each in entry.layers)
        if isinstance(entry, Sometimes) and is_kept and position < len(entries):
            yield from entry.layers
        elif isinstance(entry, Choice) and _differ_in_shape_alone(interpreter, entry):
            yield entry.options[0]
        else:
            yield entry


def _differ_in_shape_alone(interpreter: Interpreter, choice: Choice) -> bool:
    """Whether branches make the same layer, but for what the first of a model says of its input."""
    made = [interpreter.object_of(each) for each in choice.options]
    layers = [each for each in made if isinstance(each, Created) and each.kind.startswith("keras.layers.")]
    if len(layers) < len(made) or len({each.kind for each in layers}) != 1:
        return False
    first, *others = (_without_shape(each) for each in layers)
    return all(_alike(first, each) for each in others)


def _alike(one: Arguments, other: Arguments) -> bool:
    given = [{name: each.value for name, each in side.keywords.items()} for side in (one, other)]
    return given[0] == given[1] and one.positional == other.positional == ()


def _keeps_shape(interpreter: Interpreter, entry: Value) -> bool:
    made = interpreter.object_of(entry)
    name = made.kind.removeprefix("keras.layers.") if isinstance(made, Created) else ""
    return name == "Activation" or name in ACTIVATIONS or name in NORMALIZING or name in NEUTRAL - RESHAPING


def _another_turn(interpreter: Interpreter, added: Sequence[Value]) -> tuple[Value, ...]:
    """The layers that the last turn of a loop adds, made as in its first; nothing where any is no layer of Keras."""
    made = [interpreter.object_of(each) for each in added]
    layers = [each for each in made if isinstance(each, Created) and each.kind.startswith("keras.layers.")]
    if len(layers) < len(made):
        return ()
    return tuple(keras_layers.create(interpreter, each.kind, _without_shape(each), each.place) for each in layers)


def _without_shape(layer: Created) -> Arguments:
    if layer.kind == "keras.layers.Embedding":  # its input_dim is the size of the vocabulary
        return layer.arguments
    kept = {name: each for name, each in layer.arguments.keywords.items() if name not in DECLARING}
    return replace(layer.arguments, keywords=kept)


DECLARING = frozenset(("input_shape", "batch_input_shape", "input_dim", "input_length"))
"""Arguments of a model's first layer, which tell what it is given."""

"""What a program says of its layers and trainings, for hints, hovers and lenses: plain values with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.graph import Layer, Shape, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program
from scram_analyzers.source.shapes.model_shapes import ModelShapes

Known = TypeVar("Known")

_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class LayerUse:
    """A layer of a model. Shapes are without the batch dimension, None where they can't be told.

    `number` counts the layers of the same class in the model, from 0: Keras names them in that order.
    """

    place: SourceRange
    class_name: str
    name: str | None
    input_shape: Shape | None
    output_shape: Shape | None
    parameters: int | None
    number: int


@dataclass(frozen=True, slots=True)
class Training:
    """A call that trains, and where the learning rate is written that it trains with: its number, and its optimizer."""

    place: SourceRange
    method: str
    rates: tuple[SourceRange, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The layers and trainings of a program."""

    layers: tuple[LayerUse, ...]
    trainings: tuple[Training, ...]


NO_OUTLINE = Outline((), ())


def outline_of(program: Program) -> Outline:
    """Read the outline of a program; a layer that different models use differently says only what all agree on."""
    uses: dict[SourceRange, LayerUse] = {}
    for model in program.models:
        for use in _layers_of(program, model):
            known = uses.setdefault(use.place, use)
            if known != use:
                uses[use.place] = _agreed(known, use)
    trainings = {each.place: each for each in _trainings(program)}
    return Outline(
        tuple(sorted(uses.values(), key=lambda each: each.place)),
        tuple(sorted(trainings.values(), key=lambda each: each.place)),
    )


def keras_name(class_name: str) -> str:
    """The name that Keras gives the first layer of a class ("conv2d", "batch_normalization")."""
    return _WORD_START.sub("_", class_name).lower()


def shape_text(shape: Shape) -> str:
    """A shape for a reader: its sizes, with "?" for one that is not known."""
    return "×".join("?" if size is None else str(size) for size in shape) or "scalar"


def _layers_of(program: Program, model: Model) -> Iterator[LayerUse]:
    shapes = ModelShapes(model)
    tensors = _first_tensors(model)
    counts: dict[str, int] = {}
    for layer in model.layers:
        number = counts[layer.class_name] = counts.get(layer.class_name, -1) + 1
        tensor = tensors.get(layer.identity)
        if layer.class_name == "InputLayer":
            continue
        yield LayerUse(
            place=program.range_of(layer.place),
            class_name=layer.class_name,
            name=layer.name,
            input_shape=_input_shape(shapes, tensor.inputs) if tensor is not None else None,
            output_shape=shapes.output(tensor) if tensor is not None else None,
            parameters=shapes.parameters(layer),
            number=number,
        )


def _first_tensors(model: Model) -> dict[int, Tensor]:
    """The first output of each layer, by the layer's identity."""
    found: dict[int, Tensor] = {}
    for tensor in model.tensors():  # nearest to the outputs first
        if isinstance(tensor.producer, Layer):
            found[tensor.producer.identity] = tensor
    return found


def _input_shape(shapes: ModelShapes, inputs: Sequence[Tensor]) -> Shape | None:
    return shapes.output(inputs[0]) if len(inputs) == 1 else None


def _agreed(first: LayerUse, second: LayerUse) -> LayerUse:
    return LayerUse(
        place=first.place,
        class_name=first.class_name,
        name=_if_same(first.name, second.name),
        input_shape=_if_same(first.input_shape, second.input_shape),
        output_shape=_if_same(first.output_shape, second.output_shape),
        parameters=_if_same(first.parameters, second.parameters),
        number=first.number,
    )


def _if_same(first: Known, second: Known) -> Known | None:
    return first if first == second else None


def _trainings(program: Program) -> Iterator[Training]:
    for fit in program.fits:
        optimizer = fit.compile.optimizer if fit.compile is not None else None
        places = (optimizer.learning_rate.place, optimizer.place) if optimizer is not None else ()
        rates = tuple(program.range_of(each) for each in places if each is not None)
        yield Training(program.range_of(fit.place), fit.method, rates)


def smallest_around(places: Iterable[SourceRange], inside: SourceRange) -> SourceRange | None:
    """The innermost of the places that hold `inside`."""
    around = [each for each in places if each.contains(inside)]
    return max(around, key=lambda each: (each.start, (-each.end.line, -each.end.column)), default=None)

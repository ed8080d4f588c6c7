"""How layers follow one another in a model: what the rules of this family ask of its graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from scram_analyzers.rules.architecture.evidence.own_initializers import drawn_by
from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import InputSpec, Layer, Opaque, Producer, Shape, Tensor
from scram_analyzers.source.keras_api.layers import ACTIVATIONS
from scram_analyzers.source.libraries.image_generators import FROM_FILES
from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Call, Fit, Program
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import Arguments, Function, Ref, Symbol, Tuple, integer, text

LINEAR_MAPS = frozenset(
    [
        "Dense",
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "SeparableConv1D",
        "SeparableConv2D",
        "LocallyConnected1D",
        "LocallyConnected2D",
    ]
)
"""Layers that are a linear map and the activation they are given."""

DROPOUTS = frozenset(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout"))


class Paths:
    """The tensors of one model, with what reads each of them.

    `applied` holds every layer with a tensor it made, first to last.
    """

    def __init__(self, model: Model) -> None:
        self.tensors = tuple(reversed(list(model.tensors())))
        self.applied = tuple((each.producer, each) for each in self.tensors if isinstance(each.producer, Layer))
        self._readers = _readers(model)
        self._outputs = {id(output) for output in model.outputs}

    def readers(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """The tensors made directly from this one."""
        return tuple(self._readers.get(id(tensor), ()))

    def is_output(self, tensor: Tensor) -> bool:
        """Whether the model returns it."""
        return id(tensor) in self._outputs

    def is_lost(self, tensor: Tensor) -> bool:
        """Whether a tensor of the model was made of something that is not known."""
        return id(tensor) in self._lost

    @cached_property
    def _lost(self) -> frozenset[int]:
        found: set[int] = set()
        waiting = [each for each in self.tensors if isinstance(each.producer, Opaque) and not each.inputs]
        while waiting:
            tensor = waiting.pop()
            if id(tensor) not in found:
                found.add(id(tensor))
                waiting += self.readers(tensor)
        return frozenset(found)

    def only_reader(self, tensor: Tensor) -> Tensor | None:
        """The one tensor made from this one; None where there are more, or the model returns it."""
        readers = self.readers(tensor)
        return readers[0] if len(readers) == 1 and not self.is_output(tensor) else None


@once
def paths_of(model: Model) -> Paths:
    """The paths through a model."""
    return Paths(model)


def _readers(model: Model) -> Mapping[int, list[Tensor]]:
    readers: dict[int, list[Tensor]] = {}
    for tensor in reversed(list(model.tensors())):
        for source in tensor.inputs:
            readers.setdefault(id(source), []).append(tensor)
    return readers


@once
def models_of(program: Program) -> tuple[Model, ...]:
    """Every model of the program: what it compiles or trains, then its drafts, those inside other models included."""
    found = _with_nested(program.models)
    found.update((identity, each) for identity, each in _drafts(program).items() if identity not in found)
    return tuple(found.values())


@once
def _drafts(program: Program) -> dict[int, Model]:
    return _with_nested(program.drafts)


def is_draft(program: Program, model: Model) -> bool:
    """Whether the program leaves it to others to train this model: what for can't be told."""
    return model.identity in _drafts(program)


def _with_nested(models: Iterable[Model]) -> dict[int, Model]:
    found: dict[int, Model] = {}
    waiting = list(models)
    while waiting:
        model = waiting.pop(0)
        if model.identity not in found:
            found[model.identity] = model
            waiting.extend(model.nested)
    return found


def core(layer: Layer) -> Layer:
    """The layer that does the work: `TimeDistributed`'s inner one, or the layer itself."""
    return layer.inner if layer.class_name == "TimeDistributed" and layer.inner is not None else layer


def width(layer: Layer) -> int | None:
    """How many units or filters a layer has, where it says so."""
    inner = core(layer)
    given = inner.value("units")
    return integer(given if given is not None else inner.value("filters"))


def words(layer: Layer) -> str:
    """A layer for a message: "Dense(10)"."""
    inner, size = core(layer), width(layer)
    return f"{inner.class_name}({size})" if size is not None else inner.class_name


def is_activation(layer: Layer) -> bool:
    """Whether a layer is an activation and nothing else."""
    return layer.class_name == "Activation" or layer.class_name in ACTIVATIONS


def sample_shape(data: Data | None) -> Shape | None:
    """The shape of one example; None for batches and datasets, whose axes are not the same."""
    if data is None or not data.shape:
        return None
    if (data.batched or data.targets is not None) and not data.source.endswith(FROM_FILES):
        return None
    return data.shape[1:]


@once
def shaped_models(program: Program) -> tuple[tuple[Model, ModelShapes], ...]:
    """Every model with its shapes; those that declare none take the shape of what they are trained on."""
    trained = {fit.model.identity: fit for fit in program.fits if fit.model is not None}
    return tuple(program.each([(model, trained.get(model.identity)) for model in models_of(program)], _shaped))


def _shaped(_: Program, trained: tuple[Model, Fit | None]) -> Iterator[tuple[Model, ModelShapes]]:
    model, fit = trained
    yield model, ModelShapes(model, sample_shape(fit.inputs) if fit is not None else None)


def declared_input(model: Model | None) -> InputSpec | None:
    """The one input of the model; None where there are several or none is declared."""
    if model is None:
        return None
    only = _inputs(model)
    spec = only[0] if len(only) == 1 and isinstance(only[0], InputSpec) else None
    return _of_backbone(model) or spec if spec is not None and spec.shape is None else spec


def _of_backbone(model: Model) -> InputSpec | None:
    """The input that a published network declares, with which the model begins."""
    for tensor in model.tensors():
        network = tensor.producer
        if not isinstance(network, Model) or network.application is None or len(tensor.inputs) != 1:
            continue
        given = network.arguments.get("input_shape")
        if isinstance(tensor.inputs[0].producer, InputSpec) and isinstance(given, Tuple):
            sizes = tuple(integer(each) for each in given.items)
            return InputSpec(sizes, network.place) if None not in sizes else None
    return None


@once
def _inputs(model: Model) -> tuple[Producer, ...]:
    inputs = {id(each): each.producer for each in model.tensors() if isinstance(each.producer, InputSpec)}
    return tuple(inputs.values())


def written(shape: Shape) -> str:
    """A shape for a message: "(28, 28, 1)"."""
    sizes = ["?" if size is None else str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def by(sizes: Iterable[int | None]) -> str:
    """Sizes for a message: "3 by 3"."""
    return " by ".join("?" if size is None else str(size) for size in sizes)


def initializer_of(program: Program, layer: Layer, parameter: str) -> tuple[str, Arguments] | None:
    """The class of a layer's initializer in lower case without underscores, and its arguments."""
    value = layer.value(parameter)
    named = text(value)
    if named is not None:
        return named.lower().replace("_", ""), Arguments()
    if isinstance(value, Symbol) and value.name.startswith("keras.initializers."):
        return value.name.rpartition(".")[2].lower().replace("_", ""), Arguments()
    if isinstance(value, Function):
        return drawn_by(value)
    if isinstance(value, Ref):
        for call in program.calls_where(_makes_initializer):
            if call.result == value:
                return call.name.rpartition(".")[2].lower().replace("_", ""), call.arguments
    return None


def _makes_initializer(call: Call) -> bool:
    return call.name.startswith("keras.initializers.")

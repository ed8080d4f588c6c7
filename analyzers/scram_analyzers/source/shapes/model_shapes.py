"""The shapes and weights of a whole model, worked out from its inputs to its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scram_analyzers.source.activations import activation_of_function
from scram_analyzers.source.graph import InputSpec, Layer, Operation, Shape, Tensor
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.shapes import convolutions, elementary, sequences
from scram_analyzers.source.shapes.applications import application_effect
from scram_analyzers.source.shapes.effects import UNKNOWN, Effect, EffectOf, Inputs
from scram_analyzers.source.values import Constant

MAX_NESTING = 8
JOINING = frozenset(
    ("keras.layers.concatenate", "keras.ops.concatenate", "keras.backend.concatenate", "tensorflow.concat")
)
ELEMENTWISE = frozenset(
    ("operator.Add", "operator.Multiply", "operator.Subtract", "keras.layers.add", "keras.layers.multiply")
)
WRAPPERS = frozenset(("TimeDistributed", "SpectralNormalization"))

EFFECTS: Mapping[str, EffectOf] = MappingProxyType({**elementary.EFFECTS, **convolutions.EFFECTS, **sequences.EFFECTS})


class ModelShapes:
    """Shapes and parameter counts of one model's tensors, worked out once.

    `input_shape` stands in for an input whose shape the model does not declare.
    """

    def __init__(self, model: Model, input_shape: Shape | None = None, nesting: int = 0) -> None:
        self._model = model
        self._input_shape = input_shape
        self._nesting = nesting
        key = (ModelShapes, input_shape, nesting)
        known: tuple[dict[int, Shape | None], dict[int, int | None]] | None = model.answers.get(key)
        self._shapes, self._parameters = known or ({}, {})
        if known is not None:
            return
        model.answers[key] = self._shapes, self._parameters
        for tensor in reversed(list(model.tensors())):
            self._shape(tensor)

    def output(self, tensor: Tensor) -> Shape | None:
        """The shape of a tensor; a size of 0 or less where a window does not fit."""
        return self._shapes.get(id(tensor))

    def parameters(self, layer: Layer) -> int | None:
        """How many weights a layer has."""
        return self._parameters.get(layer.identity)

    def backbone_parameters(self, model: Model) -> int | None:
        """How many weights a nested model has, where it is one of `keras.applications`."""
        return self._parameters.get(model.identity)

    def total(self) -> int | None:
        """How many weights the whole model has; None when one part is not known."""
        weights = 0
        parts = [each.identity for each in self._model.layers]
        parts += [each.identity for each in self._model.nested if each.kind is ModelKind.APPLICATION]
        for identity in parts:
            known = self._parameters.get(identity)
            if known is None:
                return None
            weights += known
        return weights if self._model.complete or parts else None

    def _shape(self, tensor: Tensor) -> Shape | None:
        key = id(tensor)
        if key not in self._shapes:
            self._shapes[key] = None  # a graph that reads itself ends here
            inputs = tuple(_usable(self._shape(source)) for source in tensor.inputs)
            self._shapes[key] = self._computed(tensor, inputs)
        return self._shapes[key]

    def _computed(self, tensor: Tensor, inputs: Inputs) -> Shape | None:
        producer = tensor.producer
        if isinstance(producer, InputSpec):
            return producer.shape if producer.shape is not None else self._input_shape
        if isinstance(producer, Layer):
            effect = effect_of(producer, inputs)
            if self._parameters.get(producer.identity) is None:
                self._parameters[producer.identity] = effect.parameters
            return effect.shape
        if isinstance(producer, Model):
            return self._nested(producer, inputs[0] if len(inputs) == 1 else None)
        if isinstance(producer, Operation):
            return _of_operation(producer, inputs)
        return None

    def _nested(self, model: Model, source: Shape | None) -> Shape | None:
        if model.kind is ModelKind.APPLICATION:
            effect = application_effect(model, source)
            self._parameters[model.identity] = effect.parameters
            return effect.shape
        if self._nesting >= MAX_NESTING:
            return None
        inner = ModelShapes(model, source, self._nesting + 1)
        for identity, count in inner._parameters.items():
            self._parameters.setdefault(identity, count)
        return inner.output(model.outputs[0]) if len(model.outputs) == 1 else None


def effect_of(layer: Layer, inputs: Inputs) -> Effect:
    """What a layer makes of its inputs' shapes."""
    if not inputs or not layer.kind.startswith("keras.layers.") or layer.arguments.open:
        return UNKNOWN
    if layer.class_name in WRAPPERS:
        return _wrapped(layer, inputs)
    rule = EFFECTS.get(layer.class_name)
    return rule(layer, inputs) if rule is not None else UNKNOWN


def _wrapped(layer: Layer, inputs: Inputs) -> Effect:
    source = inputs[0]
    if layer.inner is None:
        return UNKNOWN
    if layer.class_name == "SpectralNormalization":
        return Effect(effect_of(layer.inner, inputs).shape)
    if not source:
        return UNKNOWN
    inner = effect_of(layer.inner, (_usable(source[1:]),))
    return Effect((source[0], *inner.shape) if inner.shape is not None else None, inner.parameters)


def _usable(shape: Shape | None) -> Shape | None:
    """A shape that later layers can work with: one with a size of 0 or less stands for a mistake."""
    return None if shape is None or any(size is not None and size <= 0 for size in shape) else shape


def _of_operation(operation: Operation, inputs: Inputs) -> Shape | None:
    if activation_of_function(operation.name) is not None and len(inputs) == 1:
        return inputs[0]
    if operation.name in JOINING and "axis" not in operation.arguments.keywords:
        return elementary.concatenated(inputs, -1) if len(operation.arguments.positional) == 1 else None
    if operation.name in (
        "operator.Add",
        "operator.Multiply",
        "operator.Subtract",
        "keras.layers.add",
        "keras.layers.multiply",
    ):
        others = () if operation.name.startswith("keras.") else operation.arguments.positional
        return inputs[0] if all(isinstance(each.value, Constant) for each in others) and len(set(inputs)) == 1 else None
    return None

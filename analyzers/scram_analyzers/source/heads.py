"""The head of a model: its last layer with weights, and the activation that is really the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from scram_analyzers.source.activations import activation_of_function, own_activation
from scram_analyzers.source.graph import Layer, Operation, Tensor
from scram_analyzers.source.keras_api.layers import ACTIVATIONS, NEUTRAL, RESHAPING
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Loss, LossCall
from scram_analyzers.source.values import Argument, Value, boolean, integer, is_none, text

_PASSING = frozenset(
    ("operator.getitem", "tensorflow.squeeze", "tensorflow.reshape", "tensorflow.cast", "tensorflow.identity")
)
_UNITS = {"Dense": "units", "LSTM": "units", "GRU": "units", "SimpleRNN": "units"}
_FILTERS = frozenset(("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv1DTranspose", "SeparableConv2D"))


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """The end of one output. `activation` is None when it can't be told, "linear" when there is none.

    `layer` is the last layer with weights, `units` how many values it gives for each example (None when a later
    layer rearranges them); `activation_place` is where the activation is
    written (the argument, or the layer or function that applies it), None for a layer without one.
    """

    layer: Layer | None
    units: int | None
    units_argument: Argument | None
    activation: str | None
    activation_place: Place | None
    output: Tensor

    @property
    def place(self) -> Place | None:
        """The place to mark for the head as a whole: its layer."""
        return self.layer.place if self.layer is not None else self.activation_place or self.output.place


@once
def heads_of(model: Model) -> tuple[Head, ...]:
    """One head for each output of the model."""
    if model.kind is ModelKind.APPLICATION:
        return (_of_application(model, "linear", None, Tensor(model, (), model.place)),)
    return tuple(_head(output) for output in model.outputs)


def head_of(output: Tensor) -> Head:
    """The head that ends in a tensor."""
    return _head(output)


def heads_with_losses(compiled: Compile) -> Iterator[tuple[Head, Loss]]:
    """Each output's head with the loss that reads it, where both are known."""
    return iter(_pairs(compiled))


@once
def _pairs(compiled: Compile) -> tuple[tuple[Head, Loss], ...]:
    return tuple(_paired(compiled))


def _paired(compiled: Compile) -> Iterator[tuple[Head, Loss]]:
    if compiled.model is None:
        return
    if not compiled.model.uses_compiled_loss:
        return
    heads = heads_of(compiled.model)
    for loss in compiled.losses:
        if loss.output is None or len(heads) == 1:
            for head in heads:
                yield head, loss
        elif isinstance(loss.output, int):
            if loss.output < len(heads):
                yield heads[loss.output], loss
        else:
            for position, head in enumerate(heads):
                names = compiled.model.output_names
                named = names[position] if position < len(names) else None
                layer_name = head.layer.name if head.layer is not None else None
                if loss.output in (named, layer_name, _output_name(head)):
                    yield head, loss


def judged_heads(calls: Iterable[LossCall]) -> Iterator[tuple[Head, Loss]]:
    """The heads whose outputs the program gives to losses itself."""
    for call in calls:
        yield _judged(call), call.loss


@once
def _judged(call: LossCall) -> Head:
    return _head(call.output)


def _output_name(head: Head) -> str | None:
    producer = head.output.producer
    return producer.name if isinstance(producer, Layer) else None


def _head(output: Tensor) -> Head:
    activation: str | None = "linear"
    place: Place | None = None
    reshaped = False
    tensor: Tensor | None = output
    while tensor is not None:
        producer = tensor.producer
        if isinstance(producer, Layer):
            own, argument = own_activation(producer)
            is_activation = producer.class_name == "Activation" or producer.class_name in ACTIVATIONS
            if producer.class_name in NEUTRAL:
                reshaped = reshaped or producer.class_name in RESHAPING
            elif is_activation:
                if producer.class_name in ("Softmax", "LogSoftmax") and not _of_last_axis(producer.value("axis")):
                    break
                if activation == "linear":
                    activation, place = own, argument.place if argument is not None else _applied(tensor, output)
            else:
                if activation == "linear":
                    activation, place = own, argument.place if argument is not None else None
                head = _ending(producer, activation, place, output)
                return replace(head, units=None) if reshaped else head
        elif isinstance(producer, Operation):
            applied = activation_of_function(producer.name)
            if applied in OVER_AN_AXIS and not _of_last_axis(producer.arguments.value("axis", 1)):
                break  # attention weighs places so: how many values each of them has says nothing
            if applied is not None and activation == "linear":
                activation, place = applied, tensor.place
            elif producer.name not in _PASSING:
                break
        elif isinstance(producer, Model):
            return _nested(producer, activation, place, output)
        else:
            break
        tensor = tensor.inputs[0] if len(tensor.inputs) == 1 else None
    return Head(None, None, None, None if activation == "linear" else activation, place, output)


OVER_AN_AXIS = frozenset(("softmax", "log_softmax", "sparsemax"))
"""Activations that compare the values along one axis: the last, where none is named."""


def _of_last_axis(axis: Value | None) -> bool:
    return axis is None or is_none(axis) or integer(axis) == -1


def _applied(tensor: Tensor, output: Tensor) -> Place | None:
    """Where an activation layer is made; where it is called, when other values go through it too."""
    layer = tensor.producer
    assert isinstance(layer, Layer)
    calls = sum(1 for each in output.ancestors() if each.producer is layer)
    return tensor.place if calls > 1 else layer.place


def _ending(layer: Layer, activation: str | None, place: Place | None, output: Tensor) -> Head:
    inner = layer.inner if layer.class_name == "TimeDistributed" and layer.inner is not None else layer
    parameter = _UNITS.get(inner.class_name) or ("filters" if inner.class_name in _FILTERS else None)
    argument = inner.arguments.get(parameter) if parameter is not None else None
    units = integer(argument.value) if argument is not None else None
    if parameter is None and activation == "linear":
        activation = None  # a layer whose output range is not known here
    return Head(layer, units, argument, activation, place, output)


def _of_application(model: Model, activation: str | None, place: Place | None, output: Tensor) -> Head:
    """A ready-made network ends in softmax, unless it comes without its top or with another activation."""
    if activation != "linear":
        return Head(None, None, None, activation, place, output)
    top, given = model.arguments.get("include_top"), model.arguments.get("classifier_activation")
    if top is not None and boolean(top) is not True:
        return Head(None, None, None, None, None, output)
    if given is not None:
        return Head(None, None, None, "linear" if is_none(given) else text(given), given.place, output)
    return Head(None, None, None, "softmax", model.place, output)


def _nested(model: Model, activation: str | None, place: Place | None, output: Tensor) -> Head:
    if model.kind is ModelKind.APPLICATION:
        return _of_application(model, activation, place, output)
    if len(model.outputs) != 1:
        return Head(None, None, None, None if activation == "linear" else activation, place, output)
    inner = _head(model.outputs[0])
    if activation == "linear":
        return Head(inner.layer, inner.units, inner.units_argument, inner.activation, inner.activation_place, output)
    return Head(inner.layer, inner.units, inner.units_argument, activation, place, output)

"""The layers that a model ends in: its dense ones, and the recurrent one that they read."""

from __future__ import annotations

from scram_analyzers.rules.architecture.evidence.paths import DROPOUTS, is_activation
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.values import boolean

RECURRENT = ("LSTM", "GRU", "SimpleRNN")


def last_recurrent(tensor: Tensor) -> Layer | None:
    """The recurrent layer that an output comes from with nothing but dense layers and activations between."""
    while isinstance(tensor.producer, Layer) and tensor.inputs:
        layer = tensor.producer
        recurrent = layer.inner if layer.class_name == "Bidirectional" and layer.inner is not None else layer
        if recurrent.class_name in RECURRENT:
            return recurrent
        if layer.class_name != "Dense" and not is_activation(layer) and layer.class_name not in DROPOUTS:
            return None
        if len(tensor.inputs) != 1:
            return None
        tensor = tensor.inputs[0]
    return None


def gives_every_step(recurrent: Layer) -> bool:
    """Whether a recurrent layer gives its output at every step, and not at the last alone."""
    return boolean(recurrent.arguments.value("return_sequences")) is True


def first_of_run(model: Model, dense: Layer) -> Layer:
    """The first of the dense layers that end in this one, with nothing but activations and dropout between."""
    first = dense
    tensor = next((each for each in model.tensors() if each.producer is dense), None)
    while tensor is not None and isinstance(tensor.producer, Layer):
        producer = tensor.producer
        if producer.class_name == "Dense":
            first = producer
        elif not is_activation(producer) and producer.class_name not in DROPOUTS:
            break
        tensor = tensor.inputs[0] if len(tensor.inputs) == 1 else None
    return first

"""The layers that data meets first in a model."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import InputSpec, Layer, Operation, Tensor
from scram_analyzers.source.keras_api.layers import AUGMENTING, NORMALIZING
from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once

_RESHAPING = frozenset(
    [
        "Reshape",
        "Flatten",
        "Permute",
        "Cropping1D",
        "Cropping2D",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "Masking",
        "Resizing",
        "CenterCrop",
        "RepeatVector",
        "Concatenate",
    ]
)


@once
def entries_of(model: Model) -> tuple[Tensor, ...]:
    """The tensors made directly from an input, past layers that only move or augment values."""
    return entries_from(model, tuple(each for each in model.tensors() if isinstance(each.producer, InputSpec)))


def entries_from(model: Model, starts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Those that some of the inputs lead to."""
    return tuple(_entries(model, starts))


def _entries(model: Model, starts: tuple[Tensor, ...]) -> Iterator[Tensor]:
    consumers: dict[int, list[Tensor]] = {}
    for tensor in model.tensors():
        for source in tensor.inputs:
            consumers.setdefault(id(source), []).append(tensor)
    waiting = list(starts)
    while waiting:
        tensor = waiting.pop()
        for consumer in consumers.get(id(tensor), ()):
            if _only_moves(consumer):
                waiting.append(consumer)
            elif not _asks_for_size(consumer):
                yield consumer


def _asks_for_size(tensor: Tensor) -> bool:
    """Whether an operation takes nothing of the values: `tf.shape(x)`, of the positions of words."""
    producer = tensor.producer
    return isinstance(producer, Operation) and producer.name.rpartition(".")[2] in (
        "shape",
        "int_shape",
        "rank",
        "size",
    )


def _only_moves(tensor: Tensor) -> bool:
    producer = tensor.producer
    if isinstance(producer, Layer):
        return producer.class_name in _RESHAPING or producer.class_name in AUGMENTING
    if isinstance(producer, Model):
        inner = producer.layers
        return (
            bool(inner)
            and producer.complete
            and all(layer.class_name in _RESHAPING or layer.class_name in AUGMENTING for layer in inner)
        )
    return isinstance(producer, Operation) and producer.name.rpartition(".")[2] in (
        "cast",
        "expand_dims",
        "reshape",
        "squeeze",
        "transpose",
        "concatenate",
        "identity",
    )


def entry_layers(tensor: Tensor) -> Iterator[Layer]:
    """The layers an entry begins with: the layer itself, or the first ones of a nested model."""
    producer = tensor.producer
    if isinstance(producer, Layer):
        yield producer
    elif isinstance(producer, Model):
        for inner in entries_of(producer):
            yield from entry_layers(inner)


def normalized_at_once(model: Model) -> bool:
    """Whether BatchNormalization follows the first layer's sums, before any activation."""
    entries = list(entries_of(model))
    layers = [(each, each.producer) for each in entries if isinstance(each.producer, Layer)]
    plain = [each for each, layer in layers if own_activation(layer)[0] == "linear"]
    normalized = {
        id(source)
        for tensor in model.tensors()
        if isinstance(tensor.producer, Layer) and tensor.producer.class_name in NORMALIZING
        for source in tensor.inputs
    }
    return bool(entries) and len(plain) == len(entries) and all(id(each) in normalized for each in plain)

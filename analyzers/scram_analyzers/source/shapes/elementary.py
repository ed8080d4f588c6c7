"""Dense, reshaping, normalizing, merging and preprocessing layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scram_analyzers.source.graph import Layer, Shape
from scram_analyzers.source.keras_api.layers import AUGMENTING
from scram_analyzers.source.shapes.effects import (
    UNKNOWN,
    Effect,
    EffectOf,
    Inputs,
    bias,
    count,
    flag,
    given,
    numbers,
    product,
    same_shape,
    total,
    width_of,
    word,
)
from scram_analyzers.source.values import Tuple, text


def _dense(layer: Layer, inputs: Inputs) -> Effect:
    units, source = count(layer, "units"), inputs[0]
    if not source:
        return UNKNOWN
    parameters = total([product([source[-1], units]), bias(layer, units)])
    return Effect((*source[:-1], units), None if given(layer, "lora_rank") else parameters)


def _einsum_dense(layer: Layer, inputs: Inputs) -> Effect:
    equation, source, target = text(layer.value("equation")), inputs[0], numbers(layer, "output_shape")
    if equation is None or source is None or target is None or "..." in equation:
        return UNKNOWN
    left, _, result = equation.replace(" ", "").partition("->")
    data, _, kernel = left.partition(",")
    if len(data) != len(source) + 1 or len(result) != len(target) + 1:
        return UNKNOWN
    lengths: dict[str, int | None] = dict(zip(data[1:], source, strict=True))
    lengths |= {letter: size for letter, size in zip(result[1:], target, strict=True) if size is not None}
    axes = text(layer.value("bias_axes")) if given(layer, "bias_axes") else ""
    biases = 0 if axes == "" else (product([lengths.get(each) for each in axes]) if axes is not None else None)
    return Effect(target, total([product([lengths.get(letter) for letter in kernel]), biases]))


# -- reshaping


def _flatten(layer: Layer, inputs: Inputs) -> Effect:
    return Effect((product(inputs[0]),) if inputs[0] is not None else None, 0)


def _reshape(layer: Layer, inputs: Inputs) -> Effect:
    target = numbers(layer, "target_shape")
    if target is None:
        return Effect(None, 0)
    if target.count(-1) != 1:
        return Effect(target, 0)
    whole = product(inputs[0]) if inputs[0] is not None else None
    rest = product(tuple(size for size in target if size != -1))
    missing = whole // rest if whole is not None and rest else None
    return Effect(tuple(missing if size == -1 else size for size in target), 0)


def _permute(layer: Layer, inputs: Inputs) -> Effect:
    source, order = inputs[0], numbers(layer, "dims")
    if source is None or order is None or sorted(each or 0 for each in order) != list(range(1, len(source) + 1)):
        return Effect(None, 0)
    return Effect(tuple(source[axis - 1] for axis in order if axis is not None), 0)


def _repeat(layer: Layer, inputs: Inputs) -> Effect:
    return Effect((count(layer, "n"), width_of(inputs[0])), 0)


def _function(layer: Layer, inputs: Inputs) -> Effect:
    return Effect(numbers(layer, "output_shape") if isinstance(layer.value("output_shape"), Tuple) else None, 0)


# -- normalizing


def _axes(layer: Layer, source: Shape) -> list[int | None] | None:
    """The sizes of the axes that a normalization keeps apart (`axis`, counted with the batch)."""
    chosen = numbers(layer, "axis") if given(layer, "axis") else (-1,)
    if chosen is None:
        return None
    kept: list[int | None] = []
    for axis in chosen:
        position = None if axis is None else (axis if axis < 0 else axis - 1)
        if position is None or not -len(source) <= position < len(source) or axis == 0:
            return None
        kept.append(source[position])
    return kept


def _normalization(weights: tuple[str, ...], fixed: int = 0, once: bool = False) -> EffectOf:
    """A layer that holds a number for each place along its axis, for each of its switches that is on."""

    def effect(layer: Layer, inputs: Inputs) -> Effect:
        source = inputs[0]
        kept = _axes(layer, source) if source else None
        if kept is None:
            return Effect(source)
        switches = [flag(layer, name, True) for name in weights]
        tables = None if None in switches else fixed + sum(1 for each in switches if each)
        return Effect(source, total([product([tables, *kept]), int(once)]))

    return effect


def _batch_normalization(layer: Layer, inputs: Inputs) -> Effect:
    effect = _normalization(("center", "scale"), fixed=2)(layer, inputs)
    return Effect(effect.shape) if flag(layer, "renorm", False) is not False else effect


def _feature_normalization(layer: Layer, inputs: Inputs) -> Effect:
    if given(layer, "mean") or given(layer, "variance"):
        return Effect(inputs[0], 0)
    if layer.value("axis") is not None and not given(layer, "axis"):
        return Effect(inputs[0], 3)
    return _normalization((), fixed=2, once=True)(layer, inputs)


def _prelu(layer: Layer, inputs: Inputs) -> Effect:
    source = inputs[0]
    if source is None:
        return UNKNOWN
    shared = numbers(layer, "shared_axes") if given(layer, "shared_axes") else ()
    if shared is None or None in shared:
        return Effect(source)
    slopes = [1 if axis + 1 in shared else size for axis, size in enumerate(source)]
    return Effect(source, product(slopes))


# -- merging


def _broadcast(layer: Layer, inputs: Inputs) -> Effect:
    if any(each is None for each in inputs):
        return Effect(None, 0)
    shapes = [each for each in inputs if each is not None]
    rank = max(len(each) for each in shapes)
    if any(len(each) != rank for each in shapes):
        return Effect(None, 0)
    merged: list[int | None] = []
    for lengths in zip(*shapes, strict=True):
        longer = {length for length in lengths if length != 1}
        merged.append(longer.pop() if len(longer) == 1 else (1 if not longer else None))
    return Effect(tuple(merged), 0)


def _concatenate(layer: Layer, inputs: Inputs) -> Effect:
    return Effect(concatenated(inputs, count(layer, "axis", -1)), 0)


def concatenated(inputs: Inputs, axis: int | None) -> Shape | None:
    """Shapes joined along an axis, which counts the batch."""
    shapes = [each for each in inputs if each]
    if len(shapes) < len(inputs) or axis is None or len({len(each) for each in shapes}) != 1:
        return None
    rank = len(shapes[0])
    place = axis + rank if axis < 0 else axis - 1
    if not 0 <= place < rank:
        return None
    joined: list[int | None] = []
    for position, lengths in enumerate(zip(*shapes, strict=True)):
        known = {length for length in lengths if length is not None}
        if position == place:
            joined.append(total(list(lengths)))
        else:
            joined.append(known.pop() if len(known) == 1 else None)
    return tuple(joined)


def _dot(layer: Layer, inputs: Inputs) -> Effect:
    if len(inputs) != 2 or inputs[0] is None or inputs[1] is None:
        return Effect(None, 0)
    axes = numbers(layer, "axes")
    if axes is None or None in axes:
        return Effect(None, 0)
    first, second = axes[0], axes[-1]
    left, right = _without(inputs[0], first), _without(inputs[1], second)
    if left is None or right is None:
        return Effect(None, 0)
    return Effect((*left, *right) or (1,), 0)


def _without(shape: Shape, axis: int | None) -> Shape | None:
    place = None if axis is None else (axis + len(shape) if axis < 0 else axis - 1)
    if place is None or not 0 <= place < len(shape):
        return None
    return (*shape[:place], *shape[place + 1 :])


# -- preprocessing


def _category_encoding(layer: Layer, inputs: Inputs) -> Effect:
    source, tokens, mode = inputs[0], count(layer, "num_tokens"), word(layer, "output_mode", "multi_hot")
    if source is None or mode is None:
        return Effect(None, 0)
    if not source:
        return Effect((tokens,), 0)
    if mode == "one_hot" and source[-1] != 1:
        return Effect((*source, tokens), 0)
    return Effect((*source[:-1], tokens), 0)


def _lookup(layer: Layer, inputs: Inputs) -> Effect:
    """Indices keep the shape of what they stand for; other modes depend on the vocabulary."""
    return Effect(inputs[0] if word(layer, "output_mode", "int") == "int" else None, 0)


def _text_vectorization(layer: Layer, inputs: Inputs) -> Effect:
    mode = word(layer, "output_mode", "int")
    if mode == "int":
        return Effect((count(layer, "output_sequence_length"),), 0)
    fixed = flag(layer, "pad_to_max_tokens", False)
    return Effect((count(layer, "max_tokens") if fixed else None,) if mode is not None else None, 0)


SAME_SHAPE = (
    *("Activation", "ActivityRegularization", "AlphaDropout", "Dropout", "ELU", "GaussianDropout", "GaussianNoise"),
    *("Identity", "LeakyReLU", "Masking", "ReLU", "Rescaling", "Softmax", "SpatialDropout1D", "SpatialDropout2D"),
    *("SpatialDropout3D", "ThresholdedReLU", "UnitNormalization"),
    *(AUGMENTING - {"RandomCrop", "RandomHeight", "RandomWidth", "MixUp", "CutMix", "RandomGrayscale"}),
)

EFFECTS: Mapping[str, EffectOf] = MappingProxyType(
    {
        **dict.fromkeys(SAME_SHAPE, same_shape),
        **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), _broadcast),
        **dict.fromkeys(("Discretization", "Hashing", "IntegerLookup", "StringLookup"), _lookup),
        "BatchNormalization": _batch_normalization,
        "CategoryEncoding": _category_encoding,
        "Concatenate": _concatenate,
        "Dense": _dense,
        "Dot": _dot,
        "EinsumDense": _einsum_dense,
        "Flatten": _flatten,
        "GroupNormalization": _normalization(("center", "scale")),
        "Lambda": _function,
        "LayerNormalization": _normalization(("center", "scale")),
        "Normalization": _feature_normalization,
        "PReLU": _prelu,
        "Permute": _permute,
        "RMSNormalization": _normalization((), fixed=1),
        "RepeatVector": _repeat,
        "Reshape": _reshape,
        "TextVectorization": _text_vectorization,
    }
)

"""Statistics of layers' outputs and of weights, computed in the graph of any Keras backend.

Each is one vector of float32, so that few values leave the device; `read_layer` and `read_weight` name them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy.typing as npt

from scram_analyzers.run.records import LayerObservation

FLAT_SLOPE = 0.05
"""A sigmoid or tanh is flat where its slope is under this share of its greatest. Ours: there a gradient that
passes through is cut to a twentieth."""

FLAT_SHARE = 0.9
"""A unit is saturated when it is flat for more than this share of rows and positions."""

_RELU_FAMILY = ("relu", "relu6")
_SQUASHING = ("sigmoid", "tanh")

UNKNOWN = float("nan")


def activation_of(layer: Any) -> str | None:
    """The name of the function that a layer's output comes straight out of; None where it does not or is unknown.

    The gates of a recurrent layer are inside it, so its activation is not its output's.
    """
    import keras

    if isinstance(layer, keras.layers.RNN):
        return None
    if isinstance(layer, keras.layers.ReLU):
        return "relu" if not layer.negative_slope and not layer.threshold else None
    name = getattr(getattr(layer, "activation", None), "__name__", None)
    return name if isinstance(name, str) else None


def unit_axis(layer: Any) -> int:
    """The axis that counts a layer's units: the last, or that of the channels."""
    return 1 if getattr(layer, "data_format", None) == "channels_first" else -1


def float_tensors(structure: Any) -> list[Any]:
    """The dense tensors of floating numbers in what a layer gives back."""
    import keras

    return [
        each
        for each in keras.tree.flatten(structure)
        if keras.ops.is_tensor(each)
        and _has_static_rank(each)
        and keras.backend.is_float_dtype(keras.backend.standardize_dtype(each.dtype))
    ]


def _has_static_rank(tensor: Any) -> bool:
    rank = getattr(getattr(tensor, "shape", None), "rank", 0)  # TensorFlow may not know it
    return rank is not None and not hasattr(tensor, "dense_shape") and not hasattr(tensor, "row_splits")


def layer_statistics(layer: Any, outputs: Any) -> Any | None:
    """What `read_layer` reads; None for outputs that are no floating numbers."""
    from keras import ops

    tensors = float_tensors(outputs)
    if not tensors:
        return None
    main = ops.stop_gradient(tensors[0])
    finite = ops.isfinite(main)
    size = ops.cast(ops.size(main), "float32")
    bad = sum(count_nonfinite(each) for each in tensors)
    sound = ops.where(finite, ops.cast(main, "float32"), 0.0)
    count = ops.maximum(ops.sum(ops.cast(finite, "float32")), 1.0)
    mean = ops.sum(sound) / count
    deviation = ops.sqrt(ops.sum(ops.where(finite, ops.square(sound - mean), 0.0)) / count)
    zeros = ops.sum(ops.cast(ops.equal(main, 0), "float32")) / ops.maximum(size, 1.0)
    return ops.stack(
        [mean, deviation, ops.max(ops.abs(sound), initial=0.0), zeros, bad, *_unit_statistics(layer, main)]
    )


def _unit_statistics(layer: Any, output: Any) -> list[Any]:
    """Units, dead and saturated share, each as a scalar tensor."""
    from keras import ops

    unknown = ops.convert_to_tensor(UNKNOWN, "float32")
    rank, axis = len(output.shape), unit_axis(layer)
    if rank < 2 or output.shape[axis] is None:
        return [unknown, unknown, unknown]
    others = [each for each in range(rank) if each != axis % rank]
    units = ops.convert_to_tensor(float(output.shape[axis]), "float32")
    activation = activation_of(layer)
    if activation in _RELU_FAMILY:
        is_dead = ops.all(ops.equal(output, 0), axis=others)
        return [units, ops.mean(ops.cast(is_dead, "float32")), unknown]
    if activation in _SQUASHING:
        flat_share = ops.mean(ops.cast(_is_flat(output, activation), "float32"), axis=others)
        return [units, unknown, ops.mean(ops.cast(flat_share > FLAT_SHARE, "float32"))]
    return [units, unknown, unknown]


def _is_flat(output: Any, activation: str | None) -> Any:
    """Where the slope, known from the output, is nearly none: y(1 - y) of at most 1/4, or 1 - y² of at most 1."""
    from keras import ops

    values = ops.cast(output, "float32")
    if activation == "sigmoid":
        return values * (1.0 - values) < FLAT_SLOPE / 4
    return 1.0 - ops.square(values) < FLAT_SLOPE


def count_nonfinite(tensor: Any) -> Any:
    """How many values are NaN or infinite, as float32."""
    from keras import ops

    return ops.sum(ops.cast(ops.logical_not(ops.isfinite(tensor)), "float32"))


def weight_statistics(value: Any, previous: Any, gradient: Any | None) -> Any:
    """Norm, deviation and bad values of a weight, norm of its change since `previous`, norm (-1: there is none)
    and bad values of its gradient.
    """
    from keras import ops

    value, previous = ops.stop_gradient(value), ops.stop_gradient(previous)
    missing = [ops.convert_to_tensor(-1.0, "float32"), ops.convert_to_tensor(0.0, "float32")]
    of_gradient = missing if gradient is None else [norm(gradient), count_nonfinite(gradient)]
    return ops.stack(
        [
            norm(value),
            ops.std(ops.cast(value, "float32")),
            count_nonfinite(value),
            norm(ops.cast(value, "float32") - ops.cast(previous, "float32")),
            *of_gradient,
        ]
    )


def norm(tensor: Any) -> Any:
    """The Euclidean norm, without overflow in its squares."""
    from keras import ops

    values = ops.cast(tensor, "float32")
    largest = ops.max(ops.abs(values), initial=0.0)
    scale = ops.where(largest > 0, largest, 1.0)
    return scale * ops.sqrt(ops.sum(ops.square(values / scale)))


def read_layer(layer: str, numbers: npt.NDArray[Any]) -> LayerObservation:
    """The vector of `layer_statistics` as a record."""
    mean, deviation, maximum, zeros, bad, units, dead, saturated = (float(each) for each in numbers)
    return LayerObservation(
        layer=layer,
        mean=known(mean),
        deviation=known(deviation),
        maximum=known(maximum),
        zero_share=known(zeros),
        nonfinite=int(bad),
        units=None if math.isnan(units) else int(units),
        dead_share=known(dead),
        saturated_share=known(saturated),
    )


def known(number: float) -> float | None:
    """The number, or None where it is not finite."""
    return float(number) if math.isfinite(number) else None

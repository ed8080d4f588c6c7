"""Statistics of layers' outputs and of weights, computed in the graph of any Keras backend.

Each is one vector of float32, so that few values leave the device; `read_layer` and `read_weight` name them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from scram_analyzers.run.records import LayerObservation
from scram_lsp.training.model.shared_graphs import readable, traced_once

FLAT_SLOPE = 0.05
"""A sigmoid or tanh is flat where its slope is under this share of its greatest. Ours: there a gradient that
passes through is cut to a twentieth."""

FLAT_SHARE = 0.9
"""A unit is saturated when it is flat for more than this share of rows and positions."""

_RELU_FAMILY = ("relu", "relu6")

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
    main, *others = [_without_gradient(each) for each in float_tensors(outputs)] or [None]
    if main is None:
        return None
    numbers = traced_once(*_by_unit(layer, main))
    if others:
        bad = sum(count_nonfinite(each) for each in others)
        numbers = numbers + _arithmetic(main).stack([0.0, 0.0, 0.0, 0.0, bad, 0.0, 0.0, 0.0])
    return numbers


def _without_gradient(tensor: Any) -> Any:
    from keras import ops

    array = readable(tensor)
    return array if isinstance(array, np.ndarray) else ops.stop_gradient(array)


def _by_unit(layer: Any, output: Any) -> tuple[Callable[[Any], Any], Any]:
    """What looks at an output, and the output with a column for each unit; one column where units are unknown."""
    xp, rank, axis = _arithmetic(output), len(output.shape), unit_axis(layer)
    if rank < 2 or output.shape[axis] is None:
        return _statistics, xp.reshape(output, (-1, 1))
    if axis != -1:
        output = xp.moveaxis(output, axis, -1)
    table = xp.reshape(output, (-1, output.shape[-1]))
    activation = activation_of(layer)
    if activation in _RELU_FAMILY:
        return _statistics_of_relu, table
    return _SQUASHING.get(activation or "", _statistics_of_units), table


def _statistics(table: Any, units: Any = UNKNOWN, dead: Any = UNKNOWN, saturated: Any = UNKNOWN) -> Any:
    """A vector of what every output has and, where they are known, its units and the shares of dead and saturated."""
    xp = _arithmetic(table)
    finite = xp.isfinite(table)
    sound = xp.where(finite, _float32(xp, table), 0.0)
    size = _float32(xp, xp.size(table))
    count = xp.maximum(xp.sum(_float32(xp, finite)), 1.0)
    mean = xp.sum(sound) / count
    deviation = xp.sqrt(xp.sum(xp.where(finite, xp.square(sound - mean), 0.0)) / count)
    zeros = xp.sum(_float32(xp, xp.equal(table, 0))) / xp.maximum(size, 1.0)
    largest = xp.max(xp.abs(sound), initial=0.0)
    return xp.stack([mean, deviation, largest, zeros, count_nonfinite(table), units, dead, saturated])


def _statistics_of_units(table: Any) -> Any:
    return _statistics(table, _unit_count(table))


def _statistics_of_relu(table: Any) -> Any:
    xp = _arithmetic(table)
    is_dead = xp.all(xp.equal(table, 0), axis=0)
    return _statistics(table, _unit_count(table), dead=xp.mean(_float32(xp, is_dead)))


def _statistics_of_sigmoid(table: Any) -> Any:
    return _statistics(table, _unit_count(table), saturated=_saturated_share(table, "sigmoid"))


def _statistics_of_tanh(table: Any) -> Any:
    return _statistics(table, _unit_count(table), saturated=_saturated_share(table, "tanh"))


_SQUASHING: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {"sigmoid": _statistics_of_sigmoid, "tanh": _statistics_of_tanh}
)


def _unit_count(table: Any) -> Any:
    xp = _arithmetic(table)
    return _float32(xp, xp.shape(table)[1])


def _saturated_share(table: Any, activation: str) -> Any:
    xp = _arithmetic(table)
    flat_share = xp.mean(_float32(xp, _is_flat(table, activation)), axis=0)
    return xp.mean(_float32(xp, flat_share > FLAT_SHARE))


def _is_flat(output: Any, activation: str) -> Any:
    """Where the slope, known from the output, is nearly none: y(1 - y) of at most 1/4, or 1 - y² of at most 1."""
    xp = _arithmetic(output)
    values = _float32(xp, output)
    if activation == "sigmoid":
        return values * (1.0 - values) < FLAT_SLOPE / 4
    return 1.0 - xp.square(values) < FLAT_SLOPE


def count_nonfinite(tensor: Any) -> Any:
    """How many values are NaN or infinite, as float32."""
    xp = _arithmetic(tensor)
    return xp.sum(_float32(xp, xp.logical_not(xp.isfinite(tensor))))


def weight_statistics(value: Any, previous: Any, gradient: Any | None) -> Any:
    """Norm, deviation and bad values of a weight, norm of its change since `previous`, norm (-1: there is none)
    and bad values of its gradient.
    """
    values = [readable(each) for each in (value, previous, gradient) if each is not None]
    return traced_once(_statistics_of_weight, *(_arithmetic(each).reshape(each, (-1,)) for each in values))


def _statistics_of_weight(value: Any, previous: Any, gradient: Any | None = None) -> Any:
    xp = _arithmetic(value)
    of_gradient = [-1.0, 0.0] if gradient is None else [norm(gradient), count_nonfinite(gradient)]
    value, change = _float32(xp, value), _float32(xp, value) - _float32(xp, previous)
    return xp.stack([norm(value), xp.std(value), count_nonfinite(value), norm(change), *of_gradient])


def norm(vector: Any) -> Any:
    """The Euclidean norm, without overflow in its squares."""
    xp = _arithmetic(vector)
    values = _float32(xp, vector)
    if xp is np:
        squares = float(np.dot(values, values))
        if math.isfinite(squares) and squares > np.finfo(np.float32).tiny:
            return math.sqrt(squares)  # one pass instead of six
    largest = xp.max(xp.abs(values), initial=0.0)
    scale = xp.where(largest > 0, largest, 1.0)
    return scale * xp.sqrt(xp.sum(xp.square(values / scale)))


def _arithmetic(array: Any) -> Any:
    """The module of the functions for it: Keras's have the names and meanings of numpy's."""
    if isinstance(array, np.ndarray):
        return np
    from keras import ops

    return ops


def _float32(xp: Any, array: Any) -> Any:
    return np.asarray(array, np.float32) if xp is np else xp.cast(array, "float32")


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

"""Which weights of a model are not finite."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


def nonfinite_weights(model: Any, backend: str) -> tuple[str, ...]:
    """The weights that are NaN or infinite, as "layer/.../weight", in the model's order."""
    names, values = [], []
    current = _current_values(model) if backend == "jax" else {}
    for name, variable in _named_weights(model):
        if "float" in str(variable.dtype):
            names.append(name)
            values.append(current.get(id(variable), variable))
    finite = are_finite(values, backend)
    return tuple(name for name, is_finite in zip(names, finite, strict=True) if not is_finite)


def weight_arrays(model: Any, backend: str) -> Iterator[tuple[str, Any]]:
    """The weights of numbers with a fraction as numpy arrays, named as in `nonfinite_weights`."""
    from keras import ops

    current = _current_values(model) if backend == "jax" else {}
    for name, variable in _named_weights(model):
        if "float" in str(variable.dtype):
            yield name, ops.convert_to_numpy(current.get(id(variable), variable))


def are_finite(values: Sequence[Any], backend: str) -> Sequence[bool]:
    """Whether each has finite values only; the device is asked once for all of them."""
    if not values:
        return ()
    if backend == "tensorflow":
        import tensorflow as tf

        tensors = [tf.convert_to_tensor(value) for value in values]
        if all("CPU" in tensor.device for tensor in tensors):  # three operations each would take several times as long
            return [_is_finite_in_memory(tensor) for tensor in tensors]
        marks = [tf.reduce_all(tf.math.is_finite(tensor)) for tensor in tensors]
        return [bool(mark) for mark in tf.stack(marks).numpy()]
    from keras import ops

    found = ops.convert_to_numpy(ops.stack([ops.all(ops.isfinite(value)) for value in values]))
    return [bool(mark) for mark in found]


def _is_finite_in_memory(tensor: Any) -> bool:
    """Read where it lies: it may be large."""
    try:
        array = np.asarray(memoryview(tensor)).ravel()
    except (TypeError, ValueError):  # bfloat16 has no buffer of its kind
        return bool(np.isfinite(tensor.numpy()).all())
    with np.errstate(all="ignore"):  # a sum may be too large where no value is
        if array.dtype == np.float32 and math.isfinite(np.dot(array, array)):
            return True
    return bool(np.isfinite(array).all())


def _current_values(model: Any) -> dict[int, Any]:
    """On JAX, between two steps, the values that Keras has taken out of the variables, by variable."""
    state = getattr(model, "_jax_state", None) or {}
    pairs = (
        pair
        for kind in ("trainable_variables", "non_trainable_variables")
        for pair in zip(getattr(model, kind), state.get(kind) or (), strict=False)
    )
    return {id(variable): value for variable, value in pairs}


def _named_weights(model: Any) -> Iterator[tuple[str, Any]]:
    seen: set[int] = set()
    for layer in model.layers:
        for weight in layer.weights:
            if id(weight) not in seen:
                seen.add(id(weight))
                yield weight_name(layer.name, weight), weight
    for weight in model.weights:
        if id(weight) not in seen:
            seen.add(id(weight))
            yield _path(weight), weight


def weight_name(layer: str, weight: Any) -> str:
    """The weight's path from its layer of the model on: "dense/kernel", "encoder/attention/query/kernel"."""
    _, found, rest = f"/{_path(weight)}".rpartition(f"/{layer}/")
    return f"{layer}/{rest}" if found else f"{layer}/{weight.name}"


def _path(weight: Any) -> str:
    """Keras 3's path; in Keras 2 the name is one, with the output's number behind it."""
    return str(getattr(weight, "path", None) or weight.name.partition(":")[0])

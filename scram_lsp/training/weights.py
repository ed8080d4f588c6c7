"""Which weights of a model are not finite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def nonfinite_weights(model: Any) -> tuple[str, ...]:
    """The weights that are NaN or infinite, as "layer/.../weight", in the model's order (TensorFlow only)."""
    import tensorflow as tf

    return tuple(
        name
        for name, variable in _named_weights(model)
        if tf.as_dtype(variable.dtype).is_floating
        and not bool(tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(variable))))
    )


def _named_weights(model: Any) -> Iterator[tuple[str, Any]]:
    seen: set[int] = set()
    for layer in model.layers:
        for weight in layer.weights:
            if id(weight) not in seen:
                seen.add(id(weight))
                yield _name(layer.name, weight), weight
    for weight in model.weights:
        if id(weight) not in seen:
            seen.add(id(weight))
            yield weight.path, weight


def _name(layer: str, weight: Any) -> str:
    """The weight's path from its layer of the model on: "dense/kernel", "encoder/attention/query/kernel"."""
    _, found, rest = f"/{weight.path}".rpartition(f"/{layer}/")
    return f"{layer}/{rest}" if found else f"{layer}/{weight.name}"

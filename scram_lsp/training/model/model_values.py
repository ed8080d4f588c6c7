"""The values of a model's variables apart from the model, so that it can be computed with others than its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scram_lsp.training.host_arrays import as_array


@dataclass(frozen=True, slots=True)
class ModelValues:
    """Backend tensors in the order of Keras's `trainable_variables`, `non_trainable_variables` (the states of
    random generators are among them), the optimizer's `variables` and `metrics_variables`.

    `metrics` is empty where the model still holds them.
    """

    trainable: list[Any]
    others: list[Any]
    optimizer: list[Any]
    metrics: list[Any]


def current_values(model: Any, state: Sequence[Any] | None = None) -> ModelValues:
    """What the model's variables hold now, not copied.

    On JAX Keras keeps the values out of the model while an epoch runs: there `state` is what it hands to
    `train_function`.
    """
    if state is not None:
        trainable, others, optimizer, metrics = state
        return ModelValues(list(trainable), list(others), list(optimizer), list(metrics))
    optimizer = optimizer_of(model)
    optimizer_variables = optimizer.variables if optimizer is not None else []
    return ModelValues(
        [tensor_of(variable) for variable in model.trainable_variables],
        [tensor_of(variable) for variable in model.non_trainable_variables],
        [tensor_of(variable) for variable in optimizer_variables],
        [],
    )


def optimizer_of(model: Any) -> Any | None:
    """The optimizer that a model was compiled with; None where a loop of the program's own has another."""
    return getattr(model, "optimizer", None)


def tensor_of(variable: Any) -> Any:
    """The variable's value as a plain tensor, which gradients are not tracked for."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.convert_to_tensor(variable.value)
    value = variable.value
    return value.detach() if keras.backend.backend() == "torch" else value


def copies(tensors: Sequence[Any]) -> list[Any]:
    """Values that later training steps leave alone."""
    import keras

    backend = keras.backend.backend()
    if backend == "torch":
        return [each.detach().clone() for each in tensors]
    if backend == "jax":  # the step takes its arrays over and writes into them
        import jax.numpy as jnp

        return [jnp.array(each, copy=True) for each in tensors]
    return list(tensors)  # TensorFlow copies a variable that is written to while a tensor shares its memory


def on_host(tensor: Any) -> npt.NDArray[Any]:
    """A numpy copy."""
    import keras

    backend = keras.backend.backend()
    if isinstance(tensor, np.ndarray):
        return tensor
    if backend == "tensorflow":
        return np.asarray(tensor.numpy())
    return np.array(as_array(tensor) if backend == "torch" else tensor)


def byte_size(tensors: Sequence[Any]) -> int:
    """The memory that the tensors take."""
    import keras

    sizes = (
        int(np.prod(tuple(each.shape), dtype=np.int64)) * _item_size(keras.backend.standardize_dtype(each.dtype))
        for each in tensors
    )
    return sum(sizes)


def _item_size(dtype: str) -> int:
    digits = "".join(character for character in dtype if character.isdigit())
    return max(1, int(digits or 8) // 8)

"""The last sound values of a model's variables, and every batch that was trained on since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scram_lsp.training.model.model_values import ModelValues, byte_size, current_values


@dataclass(slots=True)
class FlightWindow:
    """`values` (on the host) are those before step `first`; `batches` are the steps from there on, as Keras gave
    them; `size` is what all take, in bytes. `learning_rates` holds what callbacks may have set since: the
    optimizer's rate before a step.
    """

    first: int
    values: ModelValues
    size: int
    batches: list[Any] = field(default_factory=list)
    learning_rates: dict[int, Any] = field(default_factory=dict)

    @property
    def next_step(self) -> int:
        """The step that the next batch must be of."""
        return self.first + len(self.batches)

    def add(self, batches: Sequence[Any], size: int) -> None:
        """Keep the batches of the next steps, of so many bytes, by reference."""
        self.batches += batches
        self.size += size


def snapshot(model: Any, state: Sequence[Any] | None) -> ModelValues:
    """Copies of all values on the host."""
    return ModelValues(*(_host_copies(each) for each in _lists(current_values(model, state))))


def on_device(values: ModelValues) -> ModelValues:
    """Backend tensors with the values of a snapshot."""
    import keras

    return ModelValues(
        *(
            [keras.ops.convert_to_tensor(value, dtype=keras.backend.standardize_dtype(value.dtype)) for value in each]
            for each in _lists(values)
        )
    )


def values_bytes(model: Any, state: Sequence[Any] | None) -> int:
    """What a snapshot would take."""
    return sum(byte_size(each) for each in _lists(current_values(model, state)))


def _lists(values: ModelValues) -> tuple[list[Any], ...]:
    return values.trainable, values.others, values.optimizer, values.metrics


def structure_bytes(structure: Any) -> int:
    """What the arrays of a batch take; strings count as their pointers. Asked at every step, so it reads few shapes."""
    import keras

    return sum(_leaf_bytes(getattr(leaf, "flat_values", leaf)) for leaf in keras.tree.flatten(structure))


def _leaf_bytes(leaf: Any) -> int:
    leaf = leaf.values if hasattr(leaf, "dense_shape") else leaf  # of a sparse tensor
    size = getattr(leaf, "nbytes", None)
    if isinstance(size, int):
        return size
    count = getattr(getattr(leaf, "shape", None), "num_elements", None)  # TensorFlow
    return int((count() or 0) * max(1, leaf.dtype.size)) if count is not None else 0


def nonfinite_places_on_host(values: Sequence[Any]) -> tuple[int, ...]:
    """Which arrays of a snapshot hold NaN or infinite values."""
    return tuple(place for place, value in enumerate(values) if not _is_finite(value))


def _is_finite(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biu" or bool(np.isfinite(value).all())
    return bool(value.isfinite().all())


def _host_copies(tensors: Sequence[Any]) -> list[Any]:
    import keras

    backend = keras.backend.backend()
    if backend == "torch":
        return [each.detach().cpu().clone() for each in tensors]
    if backend == "tensorflow":
        return [np.asarray(each.numpy()) for each in tensors]
    return [np.array(each) for each in tensors]

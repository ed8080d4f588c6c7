"""One training step again, on given values: what in it was not finite, and the values after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scram_lsp.training.batches.step_loss import has_own_train_step
from scram_lsp.training.model.layer_taps import watched_layers
from scram_lsp.training.model.loss_scaling import loss_scale
from scram_lsp.training.model.model_pass import Batch, compiled, forward, gradients, has_known_loss
from scram_lsp.training.model.model_values import ModelValues, copies, on_host, optimizer_of
from scram_lsp.training.model.tensor_statistics import count_nonfinite, float_tensors
from scram_lsp.training.nonfinite.optimizer_replica import optimizer_replica


@dataclass(frozen=True, slots=True)
class ReplayedStep:
    """`values` are those after the step. `bad_layers` are layers that made outputs of finite inputs that were not
    finite, in the order in which their calls ended; `bad_gradients` and `bad_trainable` are places among the
    trainable variables, `bad_others` among the others: the gradients and the values after the step that are not finite.
    """

    values: ModelValues
    loss: float
    has_bad_predictions: bool
    bad_layers: tuple[str, ...]
    bad_gradients: tuple[int, ...]
    bad_trainable: tuple[int, ...]
    bad_others: tuple[int, ...]

    @property
    def is_sound(self) -> bool:
        """Whether training could go on: gradients alone may be skipped by a loss scale."""
        return math.isfinite(self.loss) and not self.bad_trainable and not self.bad_others


class StepReplay:
    """Repeats steps of a model in training without touching it."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._layers = watched_layers(model)
        self._run = compiled(model, self._look)
        self._optimizer = optimizer_replica(model)

    def step(self, before: ModelValues, batch: Batch) -> ReplayedStep:
        """Train on `batch` from the values `before`."""
        scale = loss_scale(self._model, before.optimizer)
        found = self._run(before.trainable, before.others, before.metrics, scale, batch)
        trainable, optimizer = before.trainable, before.optimizer
        if trainable:
            trainable, optimizer = self._optimizer.apply(trainable, optimizer, found["gradients"])
        others = copies(found["others"])
        calls = sorted((key, value) for key, value in found.items() if key.startswith("layer "))
        return ReplayedStep(
            values=replace(before, trainable=copies(trainable), others=others, optimizer=copies(optimizer)),
            loss=float(on_host(found["loss"])),
            has_bad_predictions=bool(on_host(found["predictions"])),
            bad_layers=tuple(dict.fromkeys(key.split(" ", 2)[2] for key, value in calls if on_host(value))),
            bad_gradients=nonfinite_places(found["gradients"]),
            bad_trainable=nonfinite_places(trainable),
            bad_others=nonfinite_places(others),
        )

    def _look(self, trainable: Any, others: Any, metrics: Any, scale: Any, batch: Batch) -> dict[str, Any]:
        """The traced function: how many values of what were not finite, and what the update needs."""
        from keras import ops

        def loss_of(sources: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
            seen = forward(self._model, self._layers, bad_outputs, (sources, others, metrics), batch, True)
            found = {f"layer {place:05d} {layer.name}": number for place, (layer, number) in enumerate(seen.notes)}
            found["loss"] = ops.stop_gradient(seen.loss)
            found["predictions"] = count(seen.predictions)
            found["others"] = seen.others
            return seen.loss * scale, found

        found: dict[str, Any]
        found, found["gradients"] = gradients(loss_of, trainable)
        return found


class ForwardReplay:
    """The forward pass of a model whose step is the user's own: which layers make something bad of a batch."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._layers = watched_layers(model)
        self._run = compiled(model, self._look)

    def bad_layers(self, values: ModelValues, batch: Batch) -> tuple[tuple[str, ...], bool]:
        """The layers as in a `ReplayedStep`, and whether the predictions are not finite."""
        found = self._run(values.trainable, values.others, values.metrics, batch)
        calls = sorted((key, value) for key, value in found.items() if key.startswith("layer "))
        bad = dict.fromkeys(key.split(" ", 2)[2] for key, value in calls if on_host(value))
        return tuple(bad), bool(on_host(found["predictions"]))

    def _look(self, trainable: Any, others: Any, metrics: Any, batch: Batch) -> dict[str, Any]:
        seen = forward(self._model, self._layers, bad_outputs, (trainable, others, metrics), batch, True)
        found = {f"layer {place:05d} {layer.name}": number for place, (layer, number) in enumerate(seen.notes)}
        return found | {"predictions": count(seen.predictions)}


def can_replay(model: Any) -> bool:
    """Whether a step of this model is Keras's own, on one replica: forward pass, loss, gradients, update."""
    if is_distributed(model):
        return False
    return not has_own_train_step(model) and has_known_loss(model) and optimizer_of(model) is not None


def is_distributed(model: Any) -> bool:
    """Whether several replicas share each step."""
    strategy = getattr(model, "_distribute_strategy", None)
    return strategy is not None and strategy.num_replicas_in_sync > 1


def nonfinite_places(tensors: Sequence[Any]) -> tuple[int, ...]:
    """Which of the tensors hold NaN or infinite values; None holds none."""
    return tuple(place for place, tensor in enumerate(tensors) if tensor is not None and bool(_is_bad(tensor)))


def _is_bad(tensor: Any) -> bool:
    import keras

    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype)):
        return False
    return bool(on_host(count_nonfinite(tensor)))


def bad_outputs(layer: Any, arguments: Any, outputs: Any) -> tuple[Any, Any]:
    """The outputs with a count of what is not finite in them, which is 0 where the inputs were not finite either."""
    from keras import ops

    if not float_tensors(outputs):
        return outputs, None
    is_fed_well = ops.cast(ops.equal(count(arguments), 0), "float32")
    return outputs, ops.cast(count(outputs), "float32") * is_fed_well


def count(structure: Any) -> Any:
    """How many values in it are not finite."""
    from keras import ops

    counts = [count_nonfinite(ops.stop_gradient(tensor)) for tensor in float_tensors(structure)]
    return sum(counts) if counts else ops.zeros(())

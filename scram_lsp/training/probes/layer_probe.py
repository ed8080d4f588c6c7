"""A side look at a model in training: what each layer puts out, each weight's gradient, loss and penalty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from scram_analyzers.run.records import LayerObservation, ProbeRecord, WeightObservation
from scram_lsp.training.batches.batch_rows import first_rows, row_count, unpack
from scram_lsp.training.model.layer_taps import watched_layers
from scram_lsp.training.model.loss_scaling import loss_scale
from scram_lsp.training.model.model_pass import Batch, ModelPass, forward, gradients
from scram_lsp.training.model.model_readiness import is_ready
from scram_lsp.training.model.model_values import ModelValues, byte_size, copies, current_values, on_host
from scram_lsp.training.model.tensor_statistics import known, layer_statistics, read_layer, weight_statistics
from scram_lsp.training.model.weight_names import weight_owners

PROBE_ROWS = 16
"""Rows of a batch that a probe runs on: about a third of a step's time for a batch of 64."""

MAX_SHAPES = 4
"""Each new shape of a batch may be compiled anew; later shapes are not looked at."""

MAX_PREVIOUS_BYTES = 64 * 2**20
"""Weights larger than this are not kept from one probe to the next, so their update ratios stay unknown."""


class LayerProbe:
    """Observes one model. Nothing of it changes: no weight, no running statistic, no random state, no metric.

    The first call after `trace` compiles, as the model's own first step does; where layers or losses are the user's
    own, or it is not TensorFlow that runs them, the very first does.
    """

    def __init__(self, model: Any, rows: int = PROBE_ROWS) -> None:
        self._model = model
        self._rows = rows
        self._layers: list[Any] = []
        self._owners: list[tuple[str, str]] = []
        self._run: ModelPass | None = None
        self._wants_inference = True
        self._shapes: set[Any] = set()
        self._previous: tuple[int, list[Any]] | None = None
        self._readers: tuple[tuple[str, str], ...] = ()

    def observe(
        self, batch: Any, step: int, epoch: int, state: Sequence[Any] | None = None, form: Any = None
    ) -> ProbeRecord | None:
        """Look at the model on the first rows of the `batch` that `step` is about to train on.

        None while the model is not built (Keras may build it in its first step) or when the batch's shape is
        one too many. `state` is what Keras hands to `train_function` on JAX; elsewhere it is None. `form` is what the
        model may have to be built with, where that is not the batch (see `Execution`).
        """
        run = self._run or self._begin(batch if form is None else form, step)
        rows = first_rows(unpack(batch), self._rows)
        if run is None or (run.is_traced and not self._is_worth_compiling(rows)):
            return None
        self._wants_inference = run.is_traced or epoch > 1  # in the first epoch no rule asks for it
        values = current_values(self._model, state)
        scale = loss_scale(self._model, values.optimizer)
        earlier = self._previous
        previous = values.trainable if earlier is None else earlier[1]
        numbers = run(values.trainable, values.others, values.metrics, previous, scale, rows)
        self._keep(values, step)
        steps = None if earlier is None else step - earlier[0]
        return self._record(_on_host(numbers), step, epoch, row_count(rows), steps)

    @property
    def can_be_traced(self) -> bool:
        """Whether it runs untraced so far, and could be faster."""
        return self._run is not None and not self._run.is_traced

    def trace(self) -> None:
        """Trace the pass the next time that it runs."""
        if self._run is not None:
            self._run.is_traced = True

    def _begin(self, form: Any, step: int) -> ModelPass | None:
        if not is_ready(self._model, form, is_first_step=step == 1) or not self._model.built:
            return None
        self._layers = watched_layers(self._model)
        self._owners = weight_owners(self._model, self._layers, self._model.trainable_variables)
        self._run = ModelPass(self._model, self._look)
        return self._run

    def _is_worth_compiling(self, rows: Batch) -> bool:
        import keras

        shapes = tuple(str(getattr(leaf, "shape", None)) for leaf in keras.tree.flatten(rows))
        if shapes in self._shapes:
            return True
        if len(self._shapes) >= MAX_SHAPES:
            return False
        self._shapes.add(shapes)
        return True

    def _keep(self, values: ModelValues, step: int) -> None:
        if byte_size(values.trainable) <= MAX_PREVIOUS_BYTES:
            self._previous = (step, copies(values.trainable))

    def _look(
        self, trainable: Any, others: Any, metrics: Any, previous: Any, scale: Any, batch: Batch
    ) -> dict[str, Any]:
        """The function that is traced: vectors of numbers by name, the calls of layers numbered in their order."""

        def loss_of(sources: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
            seen = forward(self._model, self._layers, _statistics_of, (sources, others, metrics), batch, True)
            self._readers = tuple((name, min(kinds)) for name, kinds in seen.readers.items() if len(kinds) == 1)
            numbers = {f"layer {place:05d} {layer.name}": note for place, (layer, note) in enumerate(seen.notes)}
            if seen.loss is not None:
                numbers["loss"] = _scalar(seen.loss)
                _add(numbers, "penalty", self._penalty(sources, seen.activity_penalty))
            return (None if seen.loss is None else seen.loss * scale), numbers

        numbers: dict[str, Any]
        numbers, found = gradients(loss_of, trainable)  # all None where the loss is a loop's own
        for place, (value, before, gradient) in enumerate(zip(trainable, previous, found, strict=True)):
            unscaled = None if gradient is None else gradient / scale
            numbers[f"weight {place:05d}"] = weight_statistics(value, before, unscaled)
        if (
            "loss" in numbers
            and self._wants_inference
            and any(_depends_on_training(layer) for layer in self._model._flatten_layers())
        ):
            still = forward(self._model, [], _statistics_of, (trainable, others, metrics), batch, False)
            _add(numbers, "inference_loss", still.loss)
        return numbers

    def _penalty(self, trainable: Sequence[Any], of_activities: Any) -> Any:
        """What regularizers add to the loss; None without any."""
        from keras import ops

        variables = self._model.trainable_variables
        penalties = [
            ops.sum(variable.regularizer(value))
            for variable, value in zip(variables, trainable, strict=True)
            if getattr(variable, "regularizer", None) is not None
        ]
        if of_activities is not None:
            penalties.append(of_activities)
        return sum(ops.cast(each, "float32") for each in penalties) if penalties else None

    def _record(
        self, numbers: dict[str, npt.NDArray[Any]], step: int, epoch: int, rows: int, steps: int | None
    ) -> ProbeRecord:
        layers: dict[str, LayerObservation] = {}
        weights = []
        for key in sorted(numbers):
            kind, _, rest = key.partition(" ")
            if kind == "layer":
                name = rest.partition(" ")[2]
                layers.setdefault(name, read_layer(name, numbers[key]))
            elif kind == "weight":
                weights.append(_weight(*self._owners[int(rest)], numbers[key], steps))
        scalars = {key: known(float(numbers[key])) for key in ("loss", "inference_loss", "penalty") if key in numbers}
        return ProbeRecord(
            step=step,
            epoch=epoch,
            rows=rows,
            loss=scalars.get("loss"),
            layers=tuple(layers.values()),
            weights=tuple(weights),
            inference_loss=scalars.get("inference_loss"),
            penalty=scalars.get("penalty"),
            readers=self._readers,
        )


def _statistics_of(layer: Any, arguments: Any, outputs: Any) -> tuple[Any, Any]:
    return outputs, layer_statistics(layer, outputs)


def _add(numbers: dict[str, Any], name: str, value: Any) -> None:
    if value is not None:
        numbers[name] = _scalar(value)


def _scalar(value: Any) -> Any:
    from keras import ops

    return ops.stop_gradient(ops.cast(value, "float32"))


def _depends_on_training(layer: Any) -> bool:
    """Whether the layer itself does something else in inference than in training."""
    import keras

    if not type(layer).__module__.startswith("keras."):
        return bool(getattr(layer, "_call_has_training_arg", False))
    rates = [getattr(layer, name, None) for name in ("rate", "dropout", "recurrent_dropout")]
    known_rates = [rate for rate in rates if isinstance(rate, int | float)]
    if known_rates:
        return any(known_rates)
    normalizations = keras.layers.BatchNormalization | keras.layers.SpectralNormalization
    return isinstance(layer, normalizations) or bool(getattr(layer, "_seed_generators", ()))


def _on_host(numbers: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
    return {key: on_host(value) for key, value in numbers.items()}


def _weight(weight: str, layer: str, numbers: npt.NDArray[Any], steps: int | None) -> WeightObservation:
    norm, deviation, bad, change, gradient_norm, _ = (float(each) for each in numbers)
    ratio = change / steps / norm if steps and norm > 0 else None
    return WeightObservation(
        weight=weight,
        layer=layer,
        norm=norm,
        gradient_norm=None if gradient_norm < 0 else gradient_norm,
        update_ratio=None if ratio is None else known(ratio),
        deviation=known(deviation),
        nonfinite=int(bad),
    )

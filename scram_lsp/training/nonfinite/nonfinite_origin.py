"""The step, the place in it and the layer where the first NaN or infinity of a run came from."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scram_analyzers.run.records import CodeLine, NonfiniteOrigin, OriginPlace
from scram_lsp.training.batches.batch_rows import unpack
from scram_lsp.training.batches.step_loss import has_own_train_step
from scram_lsp.training.data.array_statistics import named_leaves
from scram_lsp.training.model.layer_taps import watched_layers
from scram_lsp.training.model.loss_scaling import loss_scale
from scram_lsp.training.model.model_pass import Batch
from scram_lsp.training.model.model_values import ModelValues, on_host
from scram_lsp.training.model.weight_names import weight_owners
from scram_lsp.training.nonfinite.bad_line import bad_line
from scram_lsp.training.nonfinite.flight_window import FlightWindow, on_device
from scram_lsp.training.nonfinite.gradient_origin import first_bad_layer_backward
from scram_lsp.training.nonfinite.optimizer_replica import learning_rate_place
from scram_lsp.training.nonfinite.step_replay import (
    ForwardReplay,
    ReplayedStep,
    StepReplay,
    can_replay,
    is_distributed,
)

log = logging.getLogger(__name__)

MAX_ROWS = 20
"""So many bad rows are named."""


@dataclass(frozen=True, slots=True)
class BadArray:
    """An input or target of a batch that is not finite, with its first bad rows."""

    place: OriginPlace
    name: str
    rows: tuple[int, ...]


def find_origin(model: Any, window: FlightWindow, seen_at: int, harmless: Collection[str]) -> NonfiniteOrigin | None:
    """Replay the window's steps on copies of its values until one is not sound; None when none is.

    `harmless` names arrays that were not finite earlier without any harm (a loss that masks them). Where the step
    can't be replayed the batches are looked at, and with a `train_step` of the user's own the forward pass.
    """
    if can_replay(model):
        try:
            return _Search(model, window, seen_at, harmless).run()
        except Exception:  # a model or an optimizer that can't be run or copied: what follows needs neither
            log.debug("replaying the steps before a NaN failed", exc_info=True)
    found = _first_bad_batch(window, seen_at, harmless)
    if found is None and has_own_train_step(model) and not is_distributed(model):
        try:
            return _around_own_step(model, window, seen_at)
        except Exception:  # its call may need what only its own step gives
            log.debug("the forward pass before a NaN failed", exc_info=True)
    return found


def _around_own_step(model: Any, window: FlightWindow, seen_at: int) -> NonfiniteOrigin | None:
    """The layer that makes the batch of that step not finite with the last sound weights, else the step itself.

    The steps in between can't be replayed: what spoiled the weights in them shows in no layer, and is the step's too.
    """
    place = seen_at - window.first
    if not 0 <= place < len(window.batches):
        return None
    if not model.built:  # its step calls parts of it, never the whole
        return NonfiniteOrigin(OriginPlace.STEP, seen_at, seen_at)
    replay, values = ForwardReplay(model), on_device(window.values)
    layers, is_bad = replay.bad_layers(values, unpack(window.batches[place]))
    if place:
        before, _ = replay.bad_layers(values, unpack(window.batches[place - 1]))
        layers = tuple(layer for layer in layers if layer not in before)  # the loss could do with those
    if layers or is_bad:
        layer = layers[0] if layers else None
        line = _line(model, layer, values, unpack(window.batches[place]))
        return NonfiniteOrigin(OriginPlace.FORWARD, seen_at, seen_at, layer=layer, line=line)
    return NonfiniteOrigin(OriginPlace.STEP, seen_at, seen_at)


def _line(model: Any, layer: str | None, values: ModelValues, batch: Batch) -> CodeLine | None:
    try:
        return bad_line(model, layer, values, batch)
    except Exception:  # what can be compiled need not run line by line
        log.debug("running the call of %s line by line failed", layer, exc_info=True)
        return None


def weights_origin(model: Any, window: FlightWindow, bad: Sequence[int]) -> NonfiniteOrigin:
    """Of a run whose first values seen were not finite: `bad` are places among trainable and other variables."""
    weight, layer = _names(model)[bad[0]]
    return NonfiniteOrigin(OriginPlace.WEIGHTS, window.first, window.first, layer=layer, weight=weight)


class _Search:
    def __init__(self, model: Any, window: FlightWindow, seen_at: int, harmless: Collection[str]) -> None:
        self._model = model
        self._window = window
        self._seen_at = seen_at
        self._harmless = set(harmless)
        self._harmless_layers: set[str] = set()
        self._replay = StepReplay(model)

    def run(self) -> NonfiniteOrigin | None:
        values = on_device(self._window.values)
        rate = learning_rate_place(self._model)
        for step, whole in enumerate(self._window.batches, self._window.first):
            batch = unpack(whole)
            if rate is not None and step in self._window.learning_rates:
                values.optimizer[rate] = self._window.learning_rates[step]
            replayed = self._replay.step(values, batch)
            if not replayed.is_sound:
                return self._origin(step, values, batch, replayed)
            self._harmless.update(array.name for array in bad_arrays(batch))
            self._harmless_layers.update(replayed.bad_layers)
            values = replayed.values
        return None

    def _origin(self, step: int, values: ModelValues, batch: Batch, replayed: ReplayedStep) -> NonfiniteOrigin:
        """What came first in the step that is not sound, in the order in which it is computed."""
        loss = replayed.loss if math.isfinite(replayed.loss) else None
        found = NonfiniteOrigin(OriginPlace.LOSS, step, self._seen_at, loss=loss)
        arrays = [array for array in bad_arrays(batch) if array.name not in self._harmless]
        if arrays:
            return replace(found, place=arrays[0].place, array=arrays[0].name, rows=arrays[0].rows)
        layers = [layer for layer in replayed.bad_layers if layer not in self._harmless_layers]
        if layers or replayed.has_bad_predictions:
            layer = layers[0] if layers else None
            line = _line(self._model, layer, values, batch)
            return replace(found, place=OriginPlace.FORWARD, layer=layer, line=line)
        if loss is None:
            return found
        names = _names(self._model)
        if replayed.bad_gradients:
            layer, weight = self._gradient(values, batch, replayed, names)
            return replace(found, place=OriginPlace.GRADIENTS, layer=layer, weight=weight)
        others = len(self._model.trainable_variables)
        weight, layer = names[(*replayed.bad_trainable, *(others + each for each in replayed.bad_others))[0]]
        return replace(found, place=OriginPlace.UPDATE, layer=layer, weight=weight)

    def _gradient(
        self, values: ModelValues, batch: Batch, replayed: ReplayedStep, names: Sequence[tuple[str, str]]
    ) -> tuple[str | None, str | None]:
        """The layer at whose derivative it began, None for the loss's own, and the weight that shows it."""
        scale = loss_scale(self._model, values.optimizer)
        layers = watched_layers(self._model)
        is_found, layer = first_bad_layer_backward(self._model, layers, values, scale, batch)
        bad = [names[place] for place in replayed.bad_gradients]
        if is_found:
            return layer, next((weight for weight, owner in bad if owner == layer), None)
        weight, owner = bad[-1]  # the one nearest to the loss
        return owner, weight


def bad_arrays(batch: Batch) -> list[BadArray]:
    """The arrays of a batch with NaN or infinite values: inputs, then targets, then weights of samples."""
    x, y, weights = batch
    parts = (
        (OriginPlace.INPUTS, "x", x),
        (OriginPlace.TARGETS, "y", y),
        (OriginPlace.TARGETS, "sample_weight", weights),
    )
    return [BadArray(place, *found) for place, name, part in parts for found in _bad_leaves(name, part)]


def _bad_leaves(name: str, structure: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    for leaf_name, leaf in named_leaves(name, structure):
        numbers = getattr(leaf, "flat_values", leaf)  # of a ragged tensor
        if not hasattr(numbers, "dtype") or hasattr(numbers, "dense_shape"):
            continue
        array = np.asarray(numbers) if isinstance(numbers, np.ndarray) else on_host(numbers)
        if array.dtype.kind in "biuOSU" or np.isfinite(array).all():
            continue
        by_row = ~np.isfinite(array.reshape(array.shape[0] if array.ndim else 1, -1)).all(axis=1)
        rows = np.flatnonzero(by_row)[:MAX_ROWS] if numbers is leaf else ()
        yield leaf_name, tuple(int(row) for row in rows)


def _first_bad_batch(window: FlightWindow, seen_at: int, harmless: Collection[str]) -> NonfiniteOrigin | None:
    """The first batch that is not finite, when the values before the window were."""
    for step, whole in enumerate(window.batches, window.first):
        for array in bad_arrays(unpack(whole)):
            if array.name not in harmless:
                return NonfiniteOrigin(array.place, step, seen_at, array=array.name, rows=array.rows)
    return None


def _names(model: Any) -> list[tuple[str, str]]:
    """Weight and layer of each trainable variable, then of each other one."""
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    return weight_owners(model, watched_layers(model), variables)

"""From Keras's batch hooks to what is recorded of a step: its number, its own loss, its time."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from scram_analyzers.run.records import RunInfo
from scram_lsp.training.batches.step_loss import StepLoss, has_own_train_step, logs_running_mean


class StepReader:
    """Counts steps over a whole fit and undoes the epoch's running mean of the loss.

    `gets_means` is false where the losses come from a loop of the user's own. `can_read_metrics` is false where
    the model's variables hold no values between steps (JAX).
    """

    def __init__(self, model: Any, info: RunInfo, can_read_metrics: bool, gets_means: bool = True) -> None:
        self._model = model
        self._losses: StepLoss | None = _step_loss(info) if gets_means else None
        self._must_ask_for_mean = gets_means and has_own_train_step(model)
        self._can_read_metrics = can_read_metrics
        self._began = 0.0
        self.step = 0
        self.epoch = 1

    def begin_epoch(self, epoch: int) -> None:
        """Keras begins a new mean."""
        self.epoch = epoch
        if self._losses is not None:
            self._losses.begin_epoch()

    def begin_execution(self) -> None:
        """The time of the next steps starts now."""
        self._began = time.perf_counter()

    def take(self, first: int, last: int, logs: Mapping[str, Any]) -> tuple[float | None, float]:
        """Steps `first` to `last` of the epoch (from 0) are done; `logs` hold the epoch's means.

        Gives the loss of these steps alone, None where it can't be told, and the seconds that each took.
        """
        count = last - first + 1
        self.step += count
        seconds = (time.perf_counter() - self._began) / count
        return self._loss(last + 1, logs), seconds

    def _loss(self, steps: int, logs: Mapping[str, Any]) -> float | None:
        mean = as_number(logs.get("loss"))
        if mean is None:
            return None
        if self._must_ask_for_mean and steps > 1 and math.isfinite(mean):
            self._must_ask_for_mean = False
            if not (self._can_read_metrics and logs_running_mean(self._model, mean)):
                self._losses = None
        return mean if self._losses is None else self._losses.take(steps, mean)


def as_number(value: Any) -> float | None:
    """A logged value as a float, or None for what is none."""
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _step_loss(info: RunInfo) -> StepLoss:
    """With the sizes of the batches where every epoch runs once over all samples."""
    size, samples = info.batch_size, info.training_samples
    if size and samples and info.steps_per_epoch == math.ceil(samples / size):
        return StepLoss(size, samples)
    return StepLoss(None, None)

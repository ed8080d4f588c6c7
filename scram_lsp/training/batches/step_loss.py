"""The loss of one batch, from the running mean that Keras logs."""

from __future__ import annotations

import math
from typing import Any

ROUNDING = 2.0**-22
"""The relative error of a mean that Keras keeps in 32 bits: half a unit in its last place for each of a few."""


class StepLoss:
    """Undoes the epoch's running mean: each mean weighs the samples seen, the difference is the batch's.

    Keras weighs by samples, so the last, smaller batch of an epoch counts for less; with `batch_size` and
    `samples` unknown every batch counts the same, which is right for all but that one.

    The mean has 24 bits: after n steps the batch's loss is known to about n * 6e-8 of the mean. One that is smaller
    than that is not told: after a loss of 1e20 the small ones that follow would come out as anything, even below 0.
    """

    def __init__(self, batch_size: int | None, samples: int | None) -> None:
        self._batch_size = batch_size
        self._samples = samples
        self._seen = 0.0
        self._mean: float | None = 0.0

    def begin_epoch(self) -> None:
        """Keras begins a new mean."""
        self._seen, self._mean = 0.0, 0.0

    def take(self, steps: int, mean: float) -> float | None:
        """The loss of the batches since the last call, when `mean` is that of the epoch's first `steps`.

        A mean that is not finite comes back as it is the first time; from then on in this epoch nothing is
        known of the single batches, and the result is None; so it is for a loss that is lost in the mean's rounding.
        """
        seen = self._samples_in(steps)
        before, weight = self._mean, seen - self._seen
        sound = math.isfinite(mean)
        self._mean = mean if sound else None
        if before is None:
            return None
        if not sound or weight <= 0:
            self._seen = seen
            return mean
        loss = (seen * mean - self._seen * before) / weight
        rounding = ROUNDING * (seen * abs(mean) + self._seen * abs(before)) / weight
        is_lost = abs(loss) < rounding and self._seen > 0
        self._seen = seen
        return None if is_lost else loss

    def _samples_in(self, steps: int) -> float:
        if self._batch_size is None or self._samples is None:
            return float(steps)
        return float(min(steps * self._batch_size, self._samples))


def logs_running_mean(model: Any, logged: float) -> bool:
    """Whether `logged`, the logs' "loss" of a user's own `train_step`, is a mean over the epoch.

    Many such steps return the batch's own loss instead. Ask from the second step on: on the first both agree.
    """
    return any(
        metric.name == "loss" and math.isclose(float(metric.result()), logged, rel_tol=1e-5) for metric in model.metrics
    )


def has_own_train_step(model: Any) -> bool:
    """Whether the user wrote the model's `train_step`."""
    return not type(model).train_step.__module__.startswith(("keras.", "tensorflow.", "tf_keras."))

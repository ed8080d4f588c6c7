"""When a batch's loss calls for a look at the weights and the rules before the next sample is due."""

from __future__ import annotations

import math

RISE = 10.0
"""A loss of so many times the first looks like a divergence."""

NEAR_CHANCE = 1e-3
"""A loss this close (relatively) to a blind guess's may hide NaN weights on TensorFlow's CPU build."""

FIRST_PAUSE = 10
"""Steps until the next look; twice as many after each, because a run may hover there for long."""


class LossSuspicion:
    """Judges one run's losses. `chance` is the loss of a blind guess, None where there is no such number."""

    def __init__(self, chance: float | None) -> None:
        self._chance = chance
        self._first: float | None = None
        self._pause = FIRST_PAUSE
        self._was_finite = True
        self._next_look = 0

    def raised_by(self, step: int, loss: float | None) -> bool:
        """Whether the loss of `step` calls for a look now."""
        if loss is None:
            return False
        is_finite = math.isfinite(loss)
        if self._first is None and is_finite:
            self._first = loss
        has_turned = not is_finite and self._was_finite
        self._was_finite = is_finite
        if not has_turned and (step < self._next_look or not self._is_odd(loss)):
            return False
        self._next_look = step + self._pause
        self._pause *= 2
        return True

    def _is_odd(self, loss: float) -> bool:
        if not math.isfinite(loss):
            return True
        near_chance = self._chance is not None and abs(loss - self._chance) < NEAR_CHANCE * self._chance
        return near_chance or loss > RISE * abs(self._first or math.inf)

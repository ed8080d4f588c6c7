"""Which steps are looked at closely."""

from __future__ import annotations

import math

STEADY_INTERVAL = 50
"""Steps between two samples once training is under way; the gaps grow 1, 1, 2, 3, 5, 8, ... up to this."""

TIME_SHARE = 0.02
"""The share of training time that samples may take; where one costs more, they come less often."""


class SampleSchedule:
    """Samples steps 1, 2, 3, 5, 8, 13, ... and then every so many that the share of time is kept."""

    def __init__(self) -> None:
        self._next = 1
        self._gaps = (0, 1)
        self._interval = STEADY_INTERVAL

    def is_due(self, last_step: int) -> bool:
        """Whether an execution that ends with `last_step` is to be sampled."""
        return last_step >= self._next

    def took(self, step: int) -> None:
        """Step `step` was sampled; set the next."""
        previous, gap = self._gaps
        if gap < self._interval:
            self._gaps = (gap, previous + gap)
        self._next = step + min(gap, self._interval)

    def learn_cost(self, sample_seconds: float, step_seconds: float) -> None:
        """Space the samples by what one costs and what a step takes without."""
        if step_seconds > 0:
            self._interval = max(STEADY_INTERVAL, math.ceil(sample_seconds / (TIME_SHARE * step_seconds)))

"""Which steps are looked at closely."""

from __future__ import annotations

STEADY_INTERVAL = 50
"""Steps between two samples once training is under way; the gaps grow 1, 1, 2, 3, 5, 8, ... up to this."""


class SampleSchedule:
    """Samples steps 1, 2, 3, 5, 8, 13, ... and then every `interval` steps; the budget may refuse some."""

    def __init__(self, interval: int = STEADY_INTERVAL) -> None:
        self._next = 1
        self._gaps = (0, 1)
        self._interval = interval

    def is_due(self, last_step: int) -> bool:
        """Whether an execution that ends with `last_step` is to be sampled."""
        return last_step >= self._next

    def passed(self, step: int) -> None:
        """Step `step` was sampled, or was not affordable; set the next."""
        previous, gap = self._gaps
        if gap < self._interval:
            self._gaps = (gap, previous + gap)
        self._next = step + min(gap, self._interval)

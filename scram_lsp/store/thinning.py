"""Which of a long run's observations are kept, decided one by one as they come."""

from __future__ import annotations


class Thinning:
    """Keeps the first `full` of a stream, then every second up to twice as many, every fourth up to four times...

    So a stream of n keeps about `full` times the logarithm of n / `full`: 100,000 steps leave under 8,000 of a
    `full` of 1,000. What is kept never has to be removed again.
    """

    def __init__(self, full: int) -> None:
        self._full = full
        self._count = 0
        self._stride = 1

    def keeps_next(self) -> bool:
        """Count one more of the stream, and tell whether it is kept."""
        self._count += 1
        if self._count > self._full * self._stride:
            self._stride *= 2
        return self._count % self._stride == 0

"""How a series of numbers moves: smoothing and direction, for checks that bear one noisy value."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

WINDOW = 11
"""Steps that a smoothed loss looks back on; up to five broken batches among them change little."""


def rolling_median(values: Sequence[float], window: int = WINDOW) -> list[float]:
    """For each value the median of it and the up to `window` - 1 before it."""
    return [statistics.median(values[max(0, end - window) : end]) for end in range(1, len(values) + 1)]


def slope(values: Sequence[float]) -> float:
    """The least-squares slope of equally spaced values: change for each place; 0.0 for fewer than two."""
    count = len(values)
    if count < 2:
        return 0.0
    center = (count - 1) / 2
    mean = sum(values) / count
    covariance = sum((place - center) * (value - mean) for place, value in enumerate(values))
    return covariance / sum((place - center) ** 2 for place in range(count))

"""How a series of numbers moves: smoothing and direction, for checks that bear one noisy value."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

WINDOW = 11
"""Steps that a smoothed loss looks back on; up to five broken batches among them change little."""


def rolling_median(values: Sequence[float], window: int = WINDOW) -> list[float]:
    """For each value the median of it and the up to `window` - 1 before it; values must be numbers."""
    ordered: list[float] = []
    medians = []
    for place, value in enumerate(values):
        if place >= window:
            del ordered[bisect.bisect_left(ordered, values[place - window])]
        bisect.insort(ordered, value)
        middle = len(ordered) // 2
        medians.append(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)
    return medians


def slope(values: Sequence[float]) -> float:
    """The least-squares slope of equally spaced values: change for each place; 0.0 for fewer than two."""
    count = len(values)
    if count < 2:
        return 0.0
    center = (count - 1) / 2
    mean = sum(values) / count
    covariance = sum((place - center) * (value - mean) for place, value in enumerate(values))
    return covariance / sum((place - center) ** 2 for place in range(count))

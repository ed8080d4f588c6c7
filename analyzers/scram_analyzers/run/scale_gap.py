"""Whether two arrays of a run lie on different scales."""

from __future__ import annotations

from scram_analyzers.run.data_parts import magnitude
from scram_analyzers.run.records import DataArray
from scram_analyzers.run.wording import rounded

WIDER = 1.5
"""Times as far apart as scaled values lie those that were not, at least: later ones of a series, which also lie beyond
all of its earlier ones, as a rule do not. Ours."""


def is_scaled_apart(train: DataArray, other: DataArray, bound: float) -> bool:
    """Whether both the largest value and the spread differ by more than `bound` times."""
    sizes = magnitude(train), magnitude(other)
    if not train.deviation or not other.deviation or 0 in sizes:
        return False
    ratios = sizes[1] / sizes[0], other.deviation / train.deviation
    return min(ratios) > bound or max(ratios) < 1 / bound


def is_shifted(scaled: DataArray, raw: DataArray) -> bool:
    """Whether all values of one lie beyond those of the other, which are centred, and further apart."""
    ends = (scaled.minimum, scaled.maximum, raw.minimum, raw.maximum)
    if any(end is None for end in ends) or not scaled.deviation or not raw.deviation:
        return False
    low, high, raw_low, raw_high = (end or 0.0 for end in ends)
    is_beyond = raw_low > high or raw_high < low
    return low < 0 < high and is_beyond and raw.deviation > WIDER * scaled.deviation


def span(array: DataArray) -> str:
    """From where to where its values run, in words."""
    return f"from {rounded(array.minimum or 0.0)} to {rounded(array.maximum or 0.0)}"

"""Which inputs reach a layer that weighs raw values while their range is far from what it trains on."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from scram_analyzers.run.history import Moment, RunHistory, asked_once
from scram_analyzers.run.records import ArrayStatistics

WIDE_MAGNITUDE = 20.0
"""The largest |x| of a scaled input (catalogue D3); its "integers of 100 and more" are a part of this."""

FEATURE_RATIO = 100.0
"""Between the deviations of two features of a table (catalogue D3)."""

ENOUGH_ROWS = 500
"""Rows to have seen before a judgement (catalogue D3), and instead of them, ours: ..."""

ENOUGH_VALUES = 10_000
"""... this many values. One batch of images is enough; rows are what a narrow table lacks."""

STANDARD_DEVIATIONS = (0.5, 2.0)
STANDARD_MEAN = 0.5
"""Data with such a deviation and |mean| is standardized and left alone, outliers and all (catalogue D3)."""

WEIGHING_LAYERS = frozenset(
    {
        "Bidirectional", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D",
        "Conv3DTranspose", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Dense", "DepthwiseConv1D",
        "DepthwiseConv2D", "EinsumDense", "GRU", "LSTM", "MultiHeadAttention", "SeparableConv1D",
        "SeparableConv2D", "SimpleRNN", "TimeDistributed",
    }
)  # fmt: skip
"""Layers that multiply their input by weights as it is. Any other reader of an input (Embedding, Rescaling,
Normalization, a lambda, an unknown layer) may scale it and is left alone."""


@asked_once
def unscaled_inputs(history: RunHistory) -> list[ArrayStatistics]:
    """For each unscaled input the statistics of the batch with the largest magnitude, in the order of names.

    Empty until enough was seen; a layer that may scale its input is never reported. What reads the inputs of a subclass
    is known from the first probe on.
    """
    by_input: dict[str, list[ArrayStatistics]] = defaultdict(list)
    readers = dict(history.probes[-1].readers) if history.probes else {}
    for record in history.looked_at:
        for array in record.arrays:
            reader = array.consumer or readers.get(array.name)
            if array.role == "input" and reader in WEIGHING_LAYERS and array.maximum is not None:
                by_input[array.name].append(array)
    ended = bool(history.epochs) or history.moment is Moment.END
    found = (_unscaled(seen) for _, seen in sorted(by_input.items()) if ended or _enough(seen))
    return [array for array in found if array is not None]


def magnitude(array: ArrayStatistics) -> float:
    """The largest absolute value; 0.0 where the batch held none that is finite."""
    ends = (abs(end) for end in (array.minimum, array.maximum) if end is not None)
    return max(ends, default=0.0)


def _unscaled(seen: Sequence[ArrayStatistics]) -> ArrayStatistics | None:
    widest = max(seen, key=magnitude)
    if all(map(_is_standardized, seen)):
        return None
    if magnitude(widest) > WIDE_MAGNITUDE:
        return widest
    ratios = [array.feature_deviation_ratio for array in seen]
    if all(ratio is not None and ratio > FEATURE_RATIO for ratio in ratios):
        return widest
    return None


def _is_standardized(array: ArrayStatistics) -> bool:
    if array.deviation is None or array.mean is None:
        return False
    low, high = STANDARD_DEVIATIONS
    return low <= array.deviation <= high and abs(array.mean) <= STANDARD_MEAN


def _enough(seen: Sequence[ArrayStatistics]) -> bool:
    rows = sum(_rows(array) for array in seen)
    return rows >= ENOUGH_ROWS or sum(_values(array) for array in seen) >= ENOUGH_VALUES


def _rows(array: ArrayStatistics) -> int:
    return (array.shape[0] or 0) if array.shape else 0


def _values(array: ArrayStatistics) -> int:
    return math.prod(size or 0 for size in array.shape)

"""Where an operation with one number puts a range of others."""

from __future__ import annotations

import math

from scram_analyzers.source.data import Interval


def moved_range(operator: str, interval: Interval | None, constant: float) -> Interval | None:
    """Where an operation with a constant puts the range; None where that can't be told."""
    if interval is None:
        return None
    if operator in ("Modulo", "FloorDivide", "Power"):
        return _of_integers(operator, interval, constant)
    if operator == "Divide" and constant != 0:
        ends = (interval.low / constant, interval.high / constant)
    elif operator == "Multiply":
        ends = (interval.low * constant, interval.high * constant)
    elif operator == "Add":
        ends = (interval.low + constant, interval.high + constant)
    elif operator == "Subtract":
        ends = (interval.low - constant, interval.high - constant)
    else:
        return None
    return Interval(min(ends), max(ends))


MAX_POWER = 16


def _of_integers(operator: str, interval: Interval, constant: float) -> Interval | None:
    if operator == "Modulo":
        return Interval(0, constant) if constant > 0 else None
    if operator == "FloorDivide" and constant != 0:
        ends = sorted((math.floor(interval.low / constant), math.floor(interval.high / constant)))
        return Interval(*ends)
    if operator != "Power" or constant != int(constant) or not 1 <= constant <= MAX_POWER or interval.magnitude > 1e12:
        return None
    ends = sorted((interval.low**constant, interval.high**constant))
    even = constant % 2 == 0
    low = 0.0 if even and interval.low <= 0 <= interval.high else ends[0]
    return Interval(low, ends[1])

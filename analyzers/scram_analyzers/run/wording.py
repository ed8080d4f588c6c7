"""Numbers and names as messages write them."""

from __future__ import annotations

import math
from collections.abc import Iterable


def named(layer: str) -> str:
    """A layer's name in quotes."""
    return f'"{layer}"'


def share(value: float) -> str:
    """A share as a percentage with as many digits as it needs."""
    percent = 100 * value
    return f"{percent:.0f}%" if percent >= 1 or percent == 0 else f"{percent:.2g}%"


def counted(number: int, noun: str, plural: str = "") -> str:
    """ "1 row", "1,234 rows"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def rounded(value: float, digits: int = 3) -> str:
    """A measured number to so many significant digits, as people write it: 0.00012, 2.31, 1,360, 4e-7, 1.2e9."""
    short = f"{value:.{digits}g}"
    if not math.isfinite(value) or abs(float(short)) >= 1e7:
        return short.replace("e+0", "e").replace("e+", "e")
    if abs(float(short)) >= 1000:
        return f"{float(short):,.0f}"
    return short.replace("e-0", "e-")


def listed(names: Iterable[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more

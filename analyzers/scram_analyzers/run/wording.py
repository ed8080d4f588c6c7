"""Numbers and names as messages write them."""

from __future__ import annotations

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


def listed(names: Iterable[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more

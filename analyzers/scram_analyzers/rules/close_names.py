"""Which of the known names was meant: asked of one misspelled word at several places, and again after a keystroke."""

from __future__ import annotations

import difflib
import functools


@functools.lru_cache(maxsize=64)
def closest(word: str, known: tuple[str, ...], cutoff: float, count: int = 1) -> tuple[str, ...]:
    """Up to `count` of the known names that are at least so much like the word, the closest first."""
    return tuple(difflib.get_close_matches(word, known, n=count, cutoff=cutoff))

"""Which words a text may bind as names, told by how they are written: also where nothing can be parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DEFINED = re.compile(r"\b(?:class|def|as|for)\s+(?=(\w+))")
_ASSIGNED = re.compile(r"(?<![\w\s,])([\w\s,]+)=(?=[^=])")
"""What stands before a `=`, from its first word on: so that each stretch of prose is looked through only once."""

_TARGET = re.compile(r"\w+(?=\s*(?:,|\Z))")
_IMPORTED = re.compile(r"import(?:\s*\(([^)]*)|([^\n]*))")
_WORD = re.compile(r"\w+")


def bound_words(text: str) -> frozenset[str]:
    """Every word that stands where a name is bound; words of strings and comments too, and keywords of calls."""
    return frozenset(_bound(text))


def _bound(text: str) -> Iterator[str]:
    yield from _DEFINED.findall(text)
    for targets in _ASSIGNED.findall(text):
        yield from _TARGET.findall(targets)
    for inside, line in _IMPORTED.findall(text):
        yield from _WORD.findall(inside or line)

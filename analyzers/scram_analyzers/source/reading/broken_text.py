"""What a statement does that can't be parsed, as far as its words tell: one that is being typed, most of the time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.source.reading.bound_words import bound_words

_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_DEFINITION = re.compile(r"\s*(?:@|(?:async\s+)?def\b|class\b)")
_COMPARISON = re.compile(r"[=!<>]=|.==", re.DOTALL)
_CHANGING = "add append clear extend insert pop remove update"
_CHANGED = re.compile(rf"(?<![\w.])([^\W\d]\w*)\s*\.\s*(?:(?:{'|'.join(_CHANGING.split())})\s*\(|\Z)")
_LISTED = re.compile(r"[(\[\s]*[^\W\d]\w*(?:[)\]\s]*,[(\[\s]*[^\W\d]\w*)+[\s,)\]]*")


@dataclass(frozen=True, slots=True)
class Meant:
    """The names that a statement gives new values, and those of what it adds to or takes from."""

    bound: frozenset[str]
    changed: frozenset[str]


def meant_by(text: str) -> Meant:
    """What a broken text would do to the names around it; what is within a definition is that one's own."""
    if _DEFINITION.match(text):
        return Meant(bound_words(text.split("(")[0]), frozenset())
    targets = {word for target in _targets(text) for word in _WORD.findall(target)}
    if _LISTED.fullmatch(text):  # what will be bound, most likely: `(x_train, y_train), (x_te`
        targets.update(_WORD.findall(text))
    introduced = bound_words("\n".join(line for line in text.splitlines() if "=" not in line))
    return Meant(introduced | targets, frozenset(_CHANGED.findall(text.rstrip())))


def _targets(text: str) -> Iterator[str]:
    """What stands before each `=` that is in no bracket; a line from the first column on is in none."""
    depth = 0
    for line in text.splitlines():
        depth = 0 if line[:1].strip() else depth
        begin = 0
        for at, mark in enumerate(line):
            if mark == "#":
                break
            depth = max(0, depth + (mark in "([{") - (mark in ")]}"))
            if (
                mark == "="
                and depth == 0
                and "=" not in line[at + 1 : at + 2]
                and line[at - 1 : at] not in tuple("=!<>")
            ):
                yield line[begin:at]
                begin = at + 1

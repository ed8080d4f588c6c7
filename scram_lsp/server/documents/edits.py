"""The edits made to a text: what a place in it becomes, and a log of them that takes few bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scram_analyzers.findings import SourcePosition, SourceRange

EDITS_KEPT = 10_000
"""Edits remembered for each document; what is older than that can't be followed any more."""

_NUMBERS = 7
"""The integers that stand for one edit in the log: three positions and what is at its edges."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The text in `replaced` gave way to one that ends at `end`, of which only the edges matter here.

    `begins_word` and `ends_word`: it begins, or ends, with what can be part of the word beside it.
    """

    replaced: SourceRange
    end: SourcePosition
    begins_word: bool
    ends_word: bool

    @classmethod
    def of(cls, replaced: SourceRange, inserted: str, end: SourcePosition) -> Edit:
        """The edit that put `inserted` there."""
        return cls(replaced, end, _is_word(inserted[:1]), _is_word(inserted[-1:]))

    def move(self, place: SourceRange) -> SourceRange | None:
        """Where a range is after this edit, or None when the edit changed the text in it.

        Letters typed right at one of its edges change the word that stands there, and so count as inside.
        """
        if place.end <= self.replaced.start:
            grown = place.end == self.replaced.start and place.end.column > 0 and self.begins_word
            return None if grown else place
        if self.replaced.end <= place.start:
            grown = place.start == self.replaced.end and self.ends_word
            return None if grown else SourceRange(self._move(place.start), self._move(place.end))
        return None

    def move_line(self, line: int) -> int:
        """Where a line is after this edit; one that the edit took away is now where it ends."""
        if line <= self.replaced.start.line:
            return line
        return max(line, self.replaced.end.line) + self.end.line - self.replaced.end.line

    def _move(self, position: SourcePosition) -> SourcePosition:
        line = position.line + self.end.line - self.replaced.end.line
        if position.line > self.replaced.end.line:
            return SourcePosition(line, position.column)
        return SourcePosition(line, position.column + self.end.column - self.replaced.end.column)


class EditLog:
    """The latest edits of one document, oldest first; as objects they would take ten times the memory."""

    def __init__(self) -> None:
        self._numbers = array("i")
        self._dropped = 0

    @property
    def count(self) -> int:
        """How many edits were made, those included that are not kept any more: a mark for `since`."""
        return self._dropped + len(self._numbers) // _NUMBERS

    def add(self, edits: Iterable[Edit]) -> None:
        """Take the edits just made."""
        for edit in edits:
            self._numbers.extend(_packed(edit))
        surplus = len(self._numbers) // _NUMBERS - EDITS_KEPT
        if surplus > 0:
            del self._numbers[: surplus * _NUMBERS]
            self._dropped += surplus

    def since(self, mark: int) -> Iterator[Edit] | None:
        """The edits made after `mark`, or None when they are too many to have been kept."""
        if mark < self._dropped:
            return None
        first = (mark - self._dropped) * _NUMBERS
        return (_unpacked(self._numbers[at : at + _NUMBERS]) for at in range(first, len(self._numbers), _NUMBERS))


def _packed(edit: Edit) -> tuple[int, ...]:
    start, replaced_end, end = edit.replaced.start, edit.replaced.end, edit.end
    edges = edit.begins_word + 2 * edit.ends_word
    return start.line, start.column, replaced_end.line, replaced_end.column, end.line, end.column, edges


def _unpacked(numbers: array[int]) -> Edit:
    line, column, replaced_line, replaced_column, end_line, end_column, edges = numbers
    replaced = SourceRange.of(line, column, replaced_line, replaced_column)
    return Edit(replaced, SourcePosition(end_line, end_column), bool(edges & 1), bool(edges & 2))


def _is_word(character: str) -> bool:
    return character.isalnum() or character in ("_", ".") if character else False

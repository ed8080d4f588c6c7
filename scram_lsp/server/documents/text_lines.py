"""The lines of a text, and the places in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from scram_analyzers.findings import SourcePosition
from scram_analyzers.source.reading.text import LINE_END


class TextLines:
    """Translates between offsets and source positions within one text.

    Lines end where Python and the protocol say they do; a place outside the text becomes the nearest one
    inside, so that nothing a client sends can fail here. `starts`: where each line starts, if that is known.
    """

    def __init__(self, text: str, starts: Sequence[int] | None = None) -> None:
        self._text = text
        self._starts = _starts_of(text) if starts is None else starts

    @property
    def count(self) -> int:
        """How many lines there are; one at least."""
        return len(self._starts)

    def starts_after(self, start: int, end: int, inserted: str) -> Sequence[int] | None:
        """Where each line starts once `inserted` is in the place of `start` to `end`; None where that may be otherwise.

        At every keystroke: to look through a text of 5,000 lines takes five times as long.
        """
        if "\r" in self._text or "\r" in inserted:  # what is one line end and what two depends on what is around it
            return None
        kept, moved = bisect_right(self._starts, start), bisect_right(self._starts, end)
        shift = len(inserted) - (end - start)
        new = [start + index + 1 for index, character in enumerate(inserted) if character == "\n"]
        return [*self._starts[:kept], *new, *(each + shift for each in self._starts[moved:])]

    def offset(self, position: SourcePosition) -> int:
        """The index in the text."""
        if position.line < 1:
            return 0
        if position.line > len(self._starts):
            return len(self._text)
        row = position.line - 1
        return min(self._starts[row] + max(position.column, 0), self._end(row))

    def at_offset(self, offset: int) -> SourcePosition:
        """The position of an index of the text."""
        row = bisect_right(self._starts, offset) - 1
        return SourcePosition(row + 1, offset - self._starts[row])

    def line(self, number: int) -> str:
        """The line `number` (from 1), without its end; empty where there is none."""
        if not 1 <= number <= len(self._starts):
            return ""
        return self._text[self._starts[number - 1] : self._end(number - 1)]

    def _end(self, row: int) -> int:
        """Where a line ends, without what ends it."""
        if row + 1 == len(self._starts):
            return len(self._text)
        start, end = self._starts[row], self._starts[row + 1] - 1
        return end - 1 if self._text[end] == "\n" and end > start and self._text[end - 1] == "\r" else end


def _starts_of(text: str) -> list[int]:
    """Where each line starts."""
    if "\r" in text:
        return [0, *(each.end() for each in LINE_END.finditer(text))]
    # At every keystroke: five times as fast as to look for each end.
    return list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))[:-1]

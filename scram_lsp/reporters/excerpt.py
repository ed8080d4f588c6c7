"""The lines of source around a range, numbered, with the range underlined, fitted to a width."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.reading.text import lines_of
from scram_lsp.reporters.printable import visible

CONTEXT_LINES = 2
"""How many lines are shown above and below the range."""

MARKED_HEAD, MARKED_TAIL = 5, 2
"""How many lines of a long range are shown at its begin and its end."""

TAB_WIDTH = 4
NUMBER_STYLE = "bold blue"
_CUT = "…"


@dataclass(frozen=True, slots=True)
class _DrawnLine:
    """A line as a terminal shows it: `offsets[column]` is the cell where that column begins."""

    text: str
    offsets: tuple[int, ...]

    def cell(self, column: int) -> int:
        return self.offsets[min(column, len(self.offsets) - 1)]


def excerpt(
    text: str, place: SourceRange, width: int, *, style: str, mark: str = "^", context: int = CONTEXT_LINES
) -> list[Text]:
    """The lines of `text` with `place` underlined by `mark`, none wider than `width` cells.

    Empty when the text has no such line.
    """
    lines = lines_of(text)
    first = place.start.line
    if first > len(lines):
        return []
    last = min(_last_marked_line(place), len(lines))
    end_of_text = len(lines) if lines[-1] else max(len(lines) - 1, last)
    gutter = len(str(min(last + context, end_of_text)))
    room = max(width - gutter - 3, 20)
    shift = _shift(_draw(lines[first - 1]), place, room)
    around = 0 if shift else context  # the begin of other lines is out of view then
    rows = [_row("", gutter)]
    for number in range(max(first - around, 1), min(last + around, end_of_text) + 1):
        if first + MARKED_HEAD <= number <= last - MARKED_TAIL:
            if number == first + MARKED_HEAD:
                rows.append(_row("." * gutter, gutter))
            continue
        drawn = _draw(lines[number - 1])
        rows.append(_row(str(number), gutter, _cut(drawn, shift, room)))
        if first <= number <= last:
            marks = _marks(drawn, lines[number - 1], number, place, mark)[shift : shift + room]
            if marks.strip():
                rows.append(_row("", gutter, marks, style))
    return [*rows, _row("", gutter)]


def _last_marked_line(place: SourceRange) -> int:
    """A range that ends before the first character of a line does not mark that line."""
    if place.end.column == 0 and place.end.line > place.start.line:
        return place.end.line - 1
    return place.end.line


def _row(number: str, gutter: int, content: str = "", style: str = "") -> Text:
    row = Text().append(f"{number:>{gutter}} |", style=NUMBER_STYLE)
    return row.append(f" {content}", style=style) if content else row


def _draw(line: str) -> _DrawnLine:
    cells = 0
    offsets: list[int] = []
    parts: list[str] = []
    for character in visible(line):
        offsets.append(cells)
        part = " " * (TAB_WIDTH - cells % TAB_WIDTH) if character == "\t" else character
        parts.append(part)
        cells += cell_len(part)
    return _DrawnLine("".join(parts), (*offsets, cells))


def _shift(line: _DrawnLine, place: SourceRange, room: int) -> int:
    """How many cells are cut off at the left, so that the begin of the range comes into view."""
    start = line.cell(place.start.column)
    one_line = place.end.line == place.start.line
    end = line.cell(place.end.column) if one_line else start + 1
    return 0 if end < room else max(start - room // 3, 0)


def _cut(line: _DrawnLine, shift: int, room: int) -> str:
    """The cells of a line from `shift` on, at most `room`, with a sign where something is cut off."""
    pieces: list[str] = []
    cell = 0
    for character in line.text:
        width = cell_len(character)
        if shift <= cell and cell + width <= shift + room:
            pieces.append(character)
        elif cell < shift < cell + width:
            pieces.append(" ")
        cell += width
    cut = "".join(pieces)
    if shift and cut.strip():
        cut = _CUT + cut[1:] if cell_len(cut[0]) == 1 else _CUT + " " + cut[1:]
    if cell > shift + room:
        while cell_len(cut) >= room:
            cut = cut[:-1]
        cut += _CUT
    return cut.rstrip()


def _marks(line: _DrawnLine, source: str, number: int, place: SourceRange, mark: str) -> str:
    """The marks below one line of the range, from the line's first cell on."""
    begin = place.start.column if number == place.start.line else len(source) - len(source.lstrip())
    end = place.end.column if number == place.end.line else len(source.rstrip())
    start_cell, end_cell = line.cell(begin), line.cell(end)
    empty_line = not source.strip() and number != place.start.line
    return "" if empty_line else " " * start_cell + mark * max(end_cell - start_cell, 1)

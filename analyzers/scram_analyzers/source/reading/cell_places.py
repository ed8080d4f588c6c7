"""Findings and fixes on a notebook's Python text, put on their cells and the cells' own lines."""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from scram_analyzers.findings import Finding, Fix, SourcePosition, SourceRange, TextEdit
from scram_analyzers.source.reading.notebooks import Notebook
from scram_analyzers.source.reading.text import lines_of


@dataclass(frozen=True, slots=True)
class CellStretch:
    """One cell in the Python text: its marker line is `marker`, its first own the one after.

    `lines` are as in the notebook.
    """

    number: int
    marker: int
    lines: tuple[str, ...]

    @property
    def end(self) -> SourcePosition:
        """The end of the cell, on its own lines."""
        return SourcePosition(len(self.lines), len(self.lines[-1]))


class CellPlaces:
    """The cells of one Python text of a notebook, by their lines.

    Raises `NotebookError` for a text that is none of this notebook.
    """

    def __init__(self, notebook: Notebook, python: str) -> None:
        self._mark = notebook.mark
        self._lines = lines_of(python)
        self._marked = [number for number, line in enumerate(self._lines, start=1) if notebook.mark in line]
        markers = [number for number in self._marked if f"{notebook.mark}cell " in self._lines[number - 1]]
        self._ends = [*markers[1:], len(self._lines)]  # the lines behind each cell
        self._cells = [
            CellStretch(cell.number, marker, tuple(lines_of(source)))
            for cell, marker, source in zip(notebook.cells, markers, notebook.sources(python), strict=True)
        ]
        self._markers = markers

    def finding(self, finding: Finding) -> Finding:
        """The finding, with its related places, in their cells."""
        related = []
        for each in finding.related:
            number, place = self.in_cell(each.range)
            related.append(dataclasses.replace(each, range=place, cell=number))
        number, place = self.in_cell(finding.range)
        return dataclasses.replace(finding, range=place, cell=number, related=tuple(related))

    def in_cell(self, place: SourceRange) -> tuple[int, SourceRange]:
        """The cell where a range starts, and the range on that cell's lines, cut at its end."""
        cell = self._cell_at(place.start.line)
        start, end = (_on_lines_of(cell, each) for each in (place.start, place.end))
        return cell.number, SourceRange(start, max(start, end))

    def in_text(self, number: int, place: SourceRange) -> SourceRange:
        """The place in the Python text of a range on a cell's lines. Raises `KeyError` for a cell without Python."""
        markers = {cell.number: cell.marker for cell in self._cells}
        shift = markers[number]
        start, end = place.start, place.end
        return SourceRange.of(start.line + shift, start.column, end.line + shift, end.column)

    def fix(self, fix: Fix) -> Fix:
        """An admitted fix, with its edits in their cells."""
        return dataclasses.replace(fix, edits=tuple(map(self._edit_in_cell, fix.edits)))

    def admit(self, fix: Fix) -> Fix | None:
        """The fix for the Python text, as far as every edit can be made within one cell; else None.

        What is to stand at the top of the program goes to the top of the first cell that may begin with it.
        """
        edits = [self._below_the_top(each) for each in fix.edits]
        admitted = [each for each in edits if each is not None and self._is_in_one_cell(each)]
        return dataclasses.replace(fix, edits=tuple(admitted)) if len(admitted) == len(edits) else None

    def _below_the_top(self, edit: TextEdit) -> TextEdit | None:
        top = SourcePosition(1, 0)
        if edit.range.start != top:
            return edit
        line = self._first_line_for_imports()
        if edit.range.end != top or line is None or not edit.content.endswith("\n"):
            return None
        place = SourcePosition(line, 0)
        return dataclasses.replace(edit, range=SourceRange(place, place))

    def _first_line_for_imports(self) -> int | None:
        """The first line, below any `%%magic`, of a cell that holds Python and is not indented."""
        for cell in self._cells:
            indented = self._lines[cell.marker - 1].startswith("if")
            for number in range(cell.marker + 1, cell.marker + len(cell.lines) + 1):
                line = self._lines[number - 1]
                if not line.startswith(self._mark) and line.strip() and not indented:
                    return number
        return None

    def _is_in_one_cell(self, edit: TextEdit) -> bool:
        start, end = edit.range.start, edit.range.end
        if any(start <= self._mark_at(line) < end for line in self._marked_from(start.line, end.line)):
            return False
        if end.line in self._ends:  # behind the last line of a cell
            if start == end:
                return end.column == 0 and edit.content.endswith("\n")
            whole_lines = edit.content.endswith("\n") or (not edit.content and start.column == 0)
            return whole_lines and end.column == 0 and start.line not in self._markers
        if start.line in self._markers:
            return False
        splits = "\n" in edit.content and start.column > 0
        return not (splits and any(self._marked_from(start.line, start.line)))

    def _marked_from(self, first: int, last: int) -> Iterable[int]:
        return self._marked[bisect_right(self._marked, first - 1) : bisect_right(self._marked, last)]

    def _mark_at(self, line: int) -> SourcePosition:
        return SourcePosition(line, self._lines[line - 1].index(self._mark))

    def _cell_at(self, line: int) -> CellStretch:
        return self._cells[max(bisect_right(self._markers, line) - 1, 0)]

    def _edit_in_cell(self, edit: TextEdit) -> TextEdit:
        place = edit.range
        if place.end.line not in self._ends:
            number, place = self.in_cell(place)
            return TextEdit(place, edit.content, number)
        cell = self._cell_at(place.end.line - 1)
        if place.start == place.end:
            return TextEdit(SourceRange(cell.end, cell.end), "\n" + edit.content.removesuffix("\n"), cell.number)
        start = _on_lines_of(cell, place.start)
        if not edit.content and start.line > 1:  # the line's end goes with it: in a cell that of the line before
            start = SourcePosition(start.line - 1, len(cell.lines[start.line - 2]))
        return TextEdit(SourceRange(start, cell.end), edit.content.removesuffix("\n"), cell.number)


def _on_lines_of(cell: CellStretch, position: SourcePosition) -> SourcePosition:
    line = position.line - cell.marker
    if line < 1:
        return SourcePosition(1, 0)
    return SourcePosition(line, position.column) if line <= len(cell.lines) else cell.end

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.findings import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    RelatedPlace,
    Severity,
    SourcePosition,
    SourceRange,
    TextEdit,
)
from scram_analyzers.source.reading.cell_places import CellPlaces
from scram_analyzers.source.reading.notebooks import Notebook, read_notebook
from scram_lsp.fixing import apply_edits


def notebook_of(*sources: str) -> Notebook:
    return read_notebook(json.dumps({"cells": [{"cell_type": "code", "source": each} for each in sources]}))


def finding(place: SourceRange, *related: SourceRange) -> Finding:
    places = tuple(RelatedPlace("also here", "a.ipynb", each) for each in related)
    return Finding(
        *("SCR101", "a-rule", Severity.WARNING, Confidence.HIGH, "message", "", "", "a.ipynb", place), related=places
    )


def fix(*edits: TextEdit) -> Fix:
    return Fix("Mend it", Applicability.SAFE, edits)


def insertion(line: int, column: int, content: str) -> Fix:
    return fix(TextEdit(SourceRange.of(line, column, line, column), content))


# Lines of the Python text: 1 marker, 2 "import a", 3 "b", 4 marker, 5 "%%bash", 6 "ls", 7 marker, 8 "%%time", 9 "c",
# 10 "d", 11 the end.
NOTEBOOK = notebook_of("import a\nb", "%%bash\nls", "%%time\nc\nd")
PLACES = CellPlaces(NOTEBOOK, NOTEBOOK.python)


@pytest.mark.parametrize(
    ("place", "cell", "within"),
    [
        (SourceRange.of(2, 7, 2, 8), 1, SourceRange.of(1, 7, 1, 8)),
        (SourceRange.of(9, 0, 10, 1), 3, SourceRange.of(2, 0, 3, 1)),
        (SourceRange.of(10, 0, 11, 0), 3, SourceRange.of(3, 0, 3, 1)),
        (SourceRange.of(3, 0, 4, 0), 1, SourceRange.of(2, 0, 2, 1)),
        (SourceRange.of(1, 0, 1, 0), 1, SourceRange.of(1, 0, 1, 0)),
        (SourceRange.of(3, 0, 9, 1), 1, SourceRange.of(2, 0, 2, 1)),
    ],
)
def test_a_finding_is_on_its_cells_own_lines(place: SourceRange, cell: int, within: SourceRange) -> None:
    placed = PLACES.finding(finding(place, SourceRange.of(9, 0, 9, 1)))
    assert (placed.cell, placed.range) == (cell, within)
    assert placed.related == (RelatedPlace("also here", "a.ipynb", SourceRange.of(2, 0, 2, 1), cell=3),)


def mended(notebook: Notebook, admitted: Fix | None) -> tuple[str, ...]:
    assert admitted is not None
    return notebook.sources(apply_edits(notebook.python, admitted.edits))


def mended_by_cell(notebook: Notebook, admitted: Fix | None) -> tuple[str, ...]:
    """The sources after the edits that are offered for each cell, as a reader of the JSON makes them."""
    assert admitted is not None
    edits = CellPlaces(notebook, notebook.python).fix(admitted).edits
    return tuple(
        apply_edits(cell.source, [TextEdit(each.range, each.content) for each in edits if each.cell == cell.number])
        for cell in notebook.cells
    )


@pytest.mark.parametrize(
    ("change", "first", "last"),
    [
        (insertion(2, 8, " as e"), "import a as e\nb", "%%time\nc\nd"),
        (insertion(3, 0, "x\n"), "import a\nx\nb", "%%time\nc\nd"),
        (insertion(4, 0, "x\n"), "import a\nb\nx", "%%time\nc\nd"),
        (insertion(11, 0, "x\ny\n"), "import a\nb", "%%time\nc\nd\nx\ny"),
        (fix(TextEdit(SourceRange.of(3, 0, 4, 0), "")), "import a", "%%time\nc\nd"),
        (fix(TextEdit(SourceRange.of(9, 0, 11, 0), "")), "import a\nb", "%%time"),
        (fix(TextEdit(SourceRange.of(3, 0, 4, 0), "x\n")), "import a\nx", "%%time\nc\nd"),
        (insertion(1, 0, "import x\n"), "import x\nimport a\nb", "%%time\nc\nd"),
    ],
)
def test_an_edit_within_a_cell_is_made_there(change: Fix, first: str, last: str) -> None:
    admitted = PLACES.admit(change)
    assert mended(NOTEBOOK, admitted) == (first, "%%bash\nls", last)
    assert mended_by_cell(NOTEBOOK, admitted) == (first, "%%bash\nls", last)


@pytest.mark.parametrize(
    "change",
    [
        fix(TextEdit(SourceRange.of(3, 0, 9, 1), "x")),
        fix(TextEdit(SourceRange.of(3, 0, 4, 0), "x")),
        fix(TextEdit(SourceRange.of(1, 0, 2, 0), "")),
        fix(TextEdit(SourceRange.of(2, 0, 2, 8), "x"), TextEdit(SourceRange.of(3, 1, 4, 4), "x")),
        fix(TextEdit(SourceRange.of(8, 0, 9, 0), "x\n")),
    ],
)
def test_a_fix_that_goes_beyond_a_cell_is_not_offered(change: Fix) -> None:
    assert PLACES.admit(change) is None


@pytest.mark.parametrize(
    ("sources", "mended_sources"),
    [
        (("%%bash\nls", "%%time\nc"), ("%%bash\nls", "%%time\nimport x\nc")),
        (("", "  a", "%m\nb"), ("", "  a", "import x\n%m\nb")),
        (("%%bash\nls", "  a"), None),
    ],
)
def test_an_import_goes_where_a_cell_may_begin_with_it(
    sources: tuple[str, ...], mended_sources: tuple[str, ...] | None
) -> None:
    notebook = notebook_of(*sources)
    admitted = CellPlaces(notebook, notebook.python).admit(insertion(1, 0, "import x\n"))
    assert (None if admitted is None else mended(notebook, admitted)) == mended_sources


def test_a_timed_line_is_not_split() -> None:
    notebook = notebook_of("%time f(x)")
    places = CellPlaces(notebook, notebook.python)
    assert mended(notebook, places.admit(insertion(2, 9, ", y"))) == ("%time f(x, y)",)
    assert places.admit(insertion(2, 9, ",\n y")) is None


lines = st.sampled_from(["a = 1", "  b", "%m", "%time f(x)", "%%bash", "%%time", "é", "", "f = !ls"])
sources = st.lists(st.lists(lines, max_size=4).map("\n".join), min_size=1, max_size=4)


@given(sources, st.sampled_from(["", "x", "x\n", "\nx"]), st.data())
def test_admitted_edits_say_the_same_on_the_whole_and_by_cell(
    sources: list[str], content: str, data: st.DataObject
) -> None:
    notebook = notebook_of(*sources)
    text_lines = notebook.python.split("\n")

    def position() -> SourcePosition:
        line = data.draw(st.integers(1, len(text_lines)))
        code = text_lines[line - 1].partition(notebook.mark)[0].rstrip()
        return SourcePosition(line, data.draw(st.integers(0, len(code))))

    start, end = sorted((position(), position()))
    hidden = [line for line in range(start.line, end.line + 1) if "#~line" in text_lines[line - 1]]
    admitted = CellPlaces(notebook, notebook.python).admit(fix(TextEdit(SourceRange(start, end), content)))
    if admitted is not None and not hidden:
        assert mended(notebook, admitted) == mended_by_cell(notebook, admitted)

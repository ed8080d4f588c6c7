"""One text checked and mended: a module, or a notebook with its findings on their cells."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scram_analyzers.source.reading.cell_places import CellPlaces
from scram_analyzers.source.reading.notebooks import Notebook, NotebookError, read_notebook
from scram_analyzers.source.reading.text import mentions_keras
from scram_lsp.checking import check_text
from scram_lsp.config import Settings
from scram_lsp.files import FileError, is_notebook, short_path
from scram_lsp.fixing import Check, FixedText, FixError, fix_text, unified_diff
from scram_lsp.reporters import Reported


class Mode(enum.Enum):
    """What becomes of the fixes: offered, written, or shown as a diff."""

    REPORT = "report"
    FIX = "fix"
    DIFF = "diff"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What came of one file. `texts` are what `reported` speaks of, by cell (None: no notebook).

    `error` is one line when the file could not be checked; `diff` is filled by `Mode.DIFF`.
    """

    reported: tuple[Reported, ...] = ()
    texts: Mapping[int | None, str] = field(default_factory=dict)
    fixed: int = 0
    diff: str = ""
    error: str | None = None


def check_source(
    text: str, filename: str, path: Path | None, settings: Settings, mode: Mode
) -> tuple[CheckedFile, str]:
    """Check the text of a module or notebook; returns what came of it and the text after the fixes of `mode`.

    Raises `FileError` for a notebook that can't be read and `FixError` for fixes that would break the text.
    """
    check = partial(_reported, filename=filename, path=path, settings=settings)
    if is_notebook(Path(filename)):
        return _check_notebook(text, short_path(Path(filename)), check, settings, mode)
    if not mentions_keras(text):
        return CheckedFile(), text
    result = _mended(text, check, settings, mode)
    checked = CheckedFile(
        reported=result.remaining,
        texts={None: result.text} if result.remaining else {},
        fixed=result.applied,
        diff=unified_diff(text, result.text, short_path(Path(filename))) if mode is Mode.DIFF else "",
    )
    return checked, result.text


def _check_notebook(content: str, name: str, check: Check, settings: Settings, mode: Mode) -> tuple[CheckedFile, str]:
    try:
        notebook = read_notebook(content)
    except NotebookError as error:
        raise FileError(f"{name}: {error}") from error
    if not mentions_keras(notebook.python):
        return CheckedFile(), content
    try:
        return _check_cells(notebook, name, check, settings, mode)
    except NotebookError as error:
        raise FixError(f"fixes would break the notebook ({error}), so nothing was changed; please report it") from error


def _check_cells(
    notebook: Notebook, name: str, check: Check, settings: Settings, mode: Mode
) -> tuple[CheckedFile, str]:
    def check_cells(python: str) -> tuple[Reported, ...]:
        places = CellPlaces(notebook, python)
        return tuple(Reported(each.finding, each.fix and places.admit(each.fix)) for each in check(python))

    result = _mended(notebook.python, check_cells, settings, mode)
    places = CellPlaces(notebook, result.text)
    sources = notebook.sources(result.text)
    checked = CheckedFile(
        reported=tuple(
            Reported(places.finding(each.finding), each.fix and places.fix(each.fix)) for each in result.remaining
        ),
        texts=dict(zip((cell.number for cell in notebook.cells), sources, strict=True)) if result.remaining else {},
        fixed=result.applied,
        diff=_cell_diffs(notebook, sources, name) if mode is Mode.DIFF else "",
    )
    return checked, notebook.with_python(result.text)


def _mended(text: str, check: Check, settings: Settings, mode: Mode) -> FixedText:
    if mode is Mode.REPORT:
        return FixedText(text, 0, tuple(check(text)))
    return fix_text(text, check, unsafe=settings.unsafe_fixes)


def _cell_diffs(notebook: Notebook, sources: tuple[str, ...], name: str) -> str:
    """The change of each cell; that its last line has no end is no news in a cell."""
    return "".join(
        unified_diff(f"{cell.source}\n", f"{source}\n", f"{name}:cell {cell.number}")
        for cell, source in zip(notebook.cells, sources, strict=True)
    )


def _reported(text: str, filename: str, path: Path | None, settings: Settings) -> tuple[Reported, ...]:
    analysis = check_text(text, filename, settings, path)
    return tuple(Reported(finding, analysis.fix(finding)) for finding in analysis.findings)

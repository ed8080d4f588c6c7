"""Notebooks that the client has open: cells that are documents of their own, analyzed as one text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from scram_analyzers.findings import Finding, Fix, SourceRange, TextEdit
from scram_lsp.server.documents.documents import Document, Documents
from scram_lsp.server.documents.file_names import path_of
from scram_lsp.server.documents.units import DocumentEdits

if TYPE_CHECKING:
    from scram_analyzers.source.reading.cell_places import CellPlaces
    from scram_analyzers.source.reading.notebooks import Notebook


class NotebookUnit:
    """The Python cells of one notebook, in order; each is known by its number from 1 among them."""

    def __init__(self, uri: str, documents: Documents, cells: Iterable[types.NotebookCell]) -> None:
        self.uri = uri
        self._all_documents = documents
        self._order = list(cells)
        self._cells: list[Document] = []
        self._read: tuple[Notebook, CellPlaces] | None = None
        self.note_change()

    @property
    def path(self) -> Path | None:
        """Its file, where it has one on this machine."""
        return path_of(self.uri)

    @property
    def filename(self) -> str:
        """The absolute path, or the URI where there is none."""
        path = self.path
        return str(path) if path is not None else self.uri

    @property
    def text(self) -> str:
        """The cells as one Python text."""
        return self._notebook.python

    @property
    def documents(self) -> Sequence[Document]:
        """Its cells."""
        return tuple(self._cells)

    def replace_cells(self, change: types.NotebookCellArrayChange) -> None:
        """Put cells in the place of others."""
        self._order[change.start : change.start + change.delete_count] = change.cells or ()

    def note_change(self) -> None:
        """Cells have come or gone, or the text of one has changed."""
        if self.path is not None:
            self._all_documents.set_cells(self.path, (each.document for each in self._order))
        code = (each for each in self._order if each.kind is types.NotebookCellKind.Code)
        found = (self._all_documents.get(each.document) for each in code)
        self._cells = [each for each in found if each is not None]
        self._read = None

    def close(self) -> None:
        """The notebook is open no more."""
        self._order.clear()
        self.note_change()

    def shown(self, finding: Finding) -> tuple[Document, Finding] | None:
        """The finding on the lines of its cell, which it then names as its file."""
        if not self._cells:
            return None
        shown = self._places.finding(finding)
        document = self._cell(shown.cell)
        related = tuple(
            dataclasses.replace(each, filename=self._cell(each.cell).filename, cell=None) for each in shown.related
        )
        return document, dataclasses.replace(shown, filename=document.filename, cell=None, related=related)

    def range_in_text(self, document: Document, place: SourceRange) -> SourceRange:
        """The place in the text of one in a cell."""
        return self._places.in_text(self._cells.index(document) + 1, place)

    def range_in_document(self, place: SourceRange) -> tuple[Document, SourceRange] | None:
        """The cell that shows a place of the text, and the place on its lines."""
        if not self._cells:
            return None
        number, shown = self._places.in_cell(place)
        return self._cell(number), shown

    def edits(self, fix: Fix) -> list[DocumentEdits] | None:
        """The edits of a fix by cell; None when no one cell can hold one of them."""
        admitted = self._places.admit(fix)
        if admitted is None:
            return None
        by_cell: dict[int | None, list[TextEdit]] = {}
        for each in self._places.fix(admitted).edits:
            by_cell.setdefault(each.cell, []).append(dataclasses.replace(each, cell=None))
        return [DocumentEdits(self._cell(number), tuple(edits)) for number, edits in by_cell.items()]

    def _cell(self, number: int | None) -> Document:
        """The cell of a number that a place in the text was given."""
        assert number is not None, "every place of a notebook is in a cell"
        return self._cells[number - 1]

    @property
    def _notebook(self) -> Notebook:
        return self._reading()[0]

    @property
    def _places(self) -> CellPlaces:
        return self._reading()[1]

    def _reading(self) -> tuple[Notebook, CellPlaces]:
        """The cells as one text; cut up anew only when one has changed."""
        if self._read is None:
            from scram_analyzers.source.reading.cell_places import CellPlaces
            from scram_analyzers.source.reading.notebooks import CodeCell, notebook_of_cells

            cells = (CodeCell(number, cell.text) for number, cell in enumerate(self._cells, start=1))
            notebook = notebook_of_cells(cells)
            self._read = notebook, CellPlaces(notebook, notebook.python)
        return self._read

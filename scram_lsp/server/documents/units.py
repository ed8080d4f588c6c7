"""What is analyzed as one text: a module by itself, or all cells of a notebook together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scram_analyzers.findings import Finding, Fix, SourceRange, TextEdit
from scram_lsp.server.documents.documents import Document


@dataclass(frozen=True, slots=True)
class DocumentEdits:
    """Edits of one document, in its own positions."""

    document: Document
    edits: tuple[TextEdit, ...]


class Unit(Protocol):
    """A text that is analyzed, and the documents that show it. Ranges differ between the two in notebooks only."""

    @property
    def uri(self) -> str:
        """How the client names it."""

    @property
    def path(self) -> Path | None:
        """Its file, where it has one on this machine."""

    @property
    def filename(self) -> str:
        """The absolute path, or the URI where there is none."""

    @property
    def text(self) -> str:
        """The Python text."""

    @property
    def documents(self) -> Sequence[Document]:
        """The documents that show it, in order."""

    def shown(self, finding: Finding) -> tuple[Document, Finding] | None:
        """Where a finding on the text is shown; None when the place is in no document any more."""

    def range_in_text(self, document: Document, place: SourceRange) -> SourceRange:
        """The place in the text of one in a document."""

    def range_in_document(self, place: SourceRange) -> tuple[Document, SourceRange] | None:
        """The document that shows a place of the text, and the place there."""

    def edits(self, fix: Fix) -> list[DocumentEdits] | None:
        """The edits of a fix by document; None when no one document can hold one of them."""


class ModuleUnit:
    """A document that stands for itself."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def uri(self) -> str:
        """How the client names it."""
        return self.document.uri

    @property
    def path(self) -> Path | None:
        """Its file, where it has one on this machine."""
        return self.document.path

    @property
    def filename(self) -> str:
        """The absolute path, or the URI where there is none."""
        return self.document.filename

    @property
    def text(self) -> str:
        """The Python text."""
        return self.document.text

    @property
    def documents(self) -> Sequence[Document]:
        """The one document."""
        return (self.document,)

    def shown(self, finding: Finding) -> tuple[Document, Finding]:
        """Every finding is shown where it is."""
        return self.document, finding

    def range_in_text(self, document: Document, place: SourceRange) -> SourceRange:
        """The same place."""
        return place

    def range_in_document(self, place: SourceRange) -> tuple[Document, SourceRange]:
        """The same place."""
        return self.document, place

    def edits(self, fix: Fix) -> list[DocumentEdits]:
        """The fix's own edits."""
        return [DocumentEdits(self.document, fix.edits)]


class Units:
    """Everything that is open and analyzed, by the URIs of its documents."""

    def __init__(self) -> None:
        self._by_document: dict[str, Unit] = {}
        self._open: set[Unit] = set()  # a notebook may have no cells for a while

    def __iter__(self) -> Iterator[Unit]:
        return iter(list(self._open))

    def take(self, unit: Unit) -> None:
        """Take a unit with the documents that it has now; those that it has no more are let go."""
        self.drop(unit)
        self._by_document |= {document.uri: unit for document in unit.documents}
        self._open.add(unit)

    def drop(self, unit: Unit) -> None:
        """Let a unit go."""
        self._by_document = {uri: each for uri, each in self._by_document.items() if each is not unit}
        self._open.discard(unit)

    def of(self, uri: str) -> Unit | None:
        """The unit that the document of that URI belongs to."""
        return self._by_document.get(uri)

    def is_open(self, unit: Unit) -> bool:
        """Whether the unit was not let go meanwhile."""
        return unit in self._open

    def named(self, uri: str) -> Unit | None:
        """The unit that the client calls so."""
        return next((each for each in self._open if each.uri == uri), None)

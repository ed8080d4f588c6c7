"""The documents that the client has open, with their texts and the edits made to them.

pygls keeps documents too, but it also splits lines at form feeds and the like, which neither Python nor the
protocol does, and it does not say where an edit was. Run findings need to know that to move along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from scram_analyzers.findings import SourceRange
from scram_lsp.server.documents.edits import Edit, EditLog
from scram_lsp.server.documents.file_names import file_key, path_of
from scram_lsp.server.documents.positions import TextPositions
from scram_lsp.store.digest import text_digest

SAVES_KEPT = 50
"""Texts that were saved and can be told by their digest."""


class Document:
    """One open document. `filename` is its absolute path, or its URI where it has none on this machine; `key` is
    the `file_key` of that path, or the URI.

    A cell of a notebook has none, whatever its URI looks like.
    """

    def __init__(self, item: types.TextDocumentItem, codec: PositionCodec, *, is_cell: bool = False) -> None:
        self.uri = item.uri
        self.path = path_of(item.uri) if not is_cell else None
        self.filename = str(self.path) if self.path is not None else item.uri
        self.key = file_key(self.path) if self.path is not None else item.uri
        self.version = item.version
        self.text = item.text
        self.positions = TextPositions(item.text, codec)
        self._codec = codec
        self._edits = EditLog()
        self._saved = 0
        self._digests = [(0, text_digest(item.text))]

    @property
    def edit_count(self) -> int:
        """How many edits were made since it was opened: a mark for `edits_since`."""
        return self._edits.count

    @property
    def saved_mark(self) -> int:
        """The mark of the text that is on disk, as far as the client has said."""
        return self._saved

    def note_saved(self) -> None:
        """The text as it is now is on disk."""
        self._saved = self.edit_count
        self._digests = [*self._digests[1 - SAVES_KEPT :], (self._saved, text_digest(self.text))]

    def mark_of(self, digest: str) -> int | None:
        """The mark of the latest text with that digest: as it is now, or was opened or saved; None for no such text."""
        if text_digest(self.text) == digest:
            return self.edit_count
        return next((mark for mark, each in reversed(self._digests) if each == digest), None)

    def edits_since(self, mark: int) -> Iterator[Edit] | None:
        """The edits made after `mark`, oldest first, or None when they are too many to have been kept."""
        return self._edits.since(mark)

    def change(self, version: int, changes: Sequence[types.TextDocumentContentChangeEvent]) -> list[Edit]:
        """Apply what the client changed, in order; gives the edits in code points."""
        edits = [edit for each in changes if (edit := self._apply(each)) is not None]
        self.version = version
        self._edits.add(edits)
        return edits

    def _apply(self, change: types.TextDocumentContentChangeEvent) -> Edit | None:
        if isinstance(change, types.TextDocumentContentChangePartial):
            place = self.positions.range_from_client(change.range)
            start, end = self.positions.offset(place.start), self.positions.offset(place.end)
        else:
            start, end = 0, len(self.text)
        return self._replace(start, end, change.text)

    def _replace(self, start: int, end: int, inserted: str) -> Edit | None:
        """Put `inserted` in the place of `start` to `end`. The edit leaves out what stays the same there."""
        old_text, old_positions = self.text, self.positions
        self.text = old_text[:start] + inserted + old_text[end:]
        self.positions = TextPositions(self.text, self._codec, old_positions.starts_after(start, end, inserted))
        old = old_text[start:end]
        same_before = _shared_length(old, inserted)
        same_after = _shared_length(old[same_before:][::-1], inserted[same_before:][::-1])
        start, end = start + same_before, end - same_after
        inserted = inserted[same_before : len(inserted) - same_after]
        if start == end and not inserted:
            return None
        replaced = SourceRange(old_positions.at_offset(start), old_positions.at_offset(end))
        return Edit.of(replaced, inserted, self.positions.at_offset(start + len(inserted)))


class Documents:
    """Every open document, by the client's URI and by its file."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Document] = {}
        self._cells: dict[str, tuple[str, ...]] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._by_uri.values()))

    def open(self, item: types.TextDocumentItem, codec: PositionCodec, *, is_cell: bool = False) -> Document:
        """Take a document; one of the same URI is replaced."""
        document = self._by_uri[item.uri] = Document(item, codec, is_cell=is_cell)
        return document

    def get(self, uri: str) -> Document | None:
        """The open document of that URI."""
        return self._by_uri.get(uri)

    def close(self, uri: str) -> Document | None:
        """Let a document go; gives it, or None when it was not open."""
        return self._by_uri.pop(uri, None)

    def set_cells(self, notebook: Path, uris: Iterable[str]) -> None:
        """Note all cells of a notebook that is open, in order; none when it was closed."""
        self._cells[file_key(notebook)] = tuple(uris)

    def cell(self, notebook: Path, number: int) -> Document | None:
        """The open cell of a number, from 1 over all cells of a notebook."""
        uris = self._cells.get(file_key(notebook), ())
        return self._by_uri.get(uris[number - 1]) if 0 < number <= len(uris) else None

    def cell_texts(self, notebook: Path) -> list[str | None]:
        """The texts of the cells of a notebook that is open, in order; None for one that is no Python."""
        open_cells = (self._by_uri.get(uri) for uri in self._cells.get(file_key(notebook), ()))
        return [cell.text if cell is not None else None for cell in open_cells]

    def named(self, filename: str) -> Document | None:
        """The open document of that `filename`."""
        return next((each for each in self._by_uri.values() if each.filename == filename), None)

    def of_file(self, key: str) -> Document | None:
        """The open document of a file, by its `file_key`."""
        return next((each for each in self._by_uri.values() if each.path and each.key == key), None)


def _shared_length(first: str, second: str) -> int:
    """How many characters two texts begin with alike."""
    shared, limit = 0, min(len(first), len(second))
    while shared < limit:
        middle = (shared + limit + 1) // 2
        if first.startswith(second[shared:middle], shared):
            shared = middle
        else:
            limit = middle - 1
    return shared

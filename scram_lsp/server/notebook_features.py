"""What the server does when the client opens, edits and closes notebooks."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from scram_lsp.server.documents.documents import Document
from scram_lsp.server.documents.notebooks import NotebookUnit
from scram_lsp.server.language_server import ScramLanguageServer

LANGUAGE = "python"


def register(server: ScramLanguageServer) -> None:
    """Connect the server to this part of the protocol."""
    server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)(did_save)
    server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)(did_close)


def did_open(ls: ScramLanguageServer, params: types.DidOpenNotebookDocumentParams) -> None:
    """Look at a notebook."""
    _open_cells(ls, params.cell_text_documents)
    ls.notebook_opened(NotebookUnit(params.notebook_document.uri, ls.documents, params.notebook_document.cells))


def did_change(ls: ScramLanguageServer, params: types.DidChangeNotebookDocumentParams) -> None:
    """Follow new, moved and removed cells, and edits in them."""
    notebook, cells = _notebook(ls, params.notebook_document.uri), params.change.cells
    if notebook is None or cells is None:
        return
    gone: list[Document] = []
    if cells.structure is not None:
        notebook.replace_cells(cells.structure.array)
        _open_cells(ls, cells.structure.did_open or ())
        gone = _close_cells(ls, cells.structure.did_close or ())
    for content in cells.text_content or ():
        document = ls.documents.get(content.document.uri)
        if document is not None:
            ls.note_edits(document, document.change(content.document.version, content.changes))
    ls.notebook_changed(notebook, gone, at_once=cells.structure is not None)


def did_save(ls: ScramLanguageServer, params: types.DidSaveNotebookDocumentParams) -> None:
    """The text is on disk now."""
    notebook = _notebook(ls, params.notebook_document.uri)
    if notebook is not None:
        for document in notebook.documents:
            document.note_saved()
        ls.notebook_changed(notebook, at_once=True)


def did_close(ls: ScramLanguageServer, params: types.DidCloseNotebookDocumentParams) -> None:
    """Let a notebook go."""
    notebook = _notebook(ls, params.notebook_document.uri)
    if notebook is not None:
        ls.notebook_closed(notebook, _close_cells(ls, params.cell_text_documents))


def _notebook(ls: ScramLanguageServer, uri: str) -> NotebookUnit | None:
    unit = ls.units.named(uri)
    return unit if isinstance(unit, NotebookUnit) else None


def _open_cells(ls: ScramLanguageServer, items: Iterable[types.TextDocumentItem]) -> None:
    for item in items:
        if item.language_id == LANGUAGE:
            ls.documents.open(item, ls.workspace.position_codec, is_cell=True)


def _close_cells(ls: ScramLanguageServer, closed: Iterable[types.TextDocumentIdentifier]) -> list[Document]:
    found = (ls.documents.close(each.uri) for each in closed)
    return [each for each in found if each is not None]

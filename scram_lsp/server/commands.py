"""The commands that code actions and lenses call, and that a user may call by name."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcInvalidParams

from scram_lsp.files import FileError
from scram_lsp.rule_pages import find, rule_page
from scram_lsp.selection import Catalogue, UnknownNameError
from scram_lsp.server.code_actions import EXPLAIN_COMMAND
from scram_lsp.server.documents import uri_of
from scram_lsp.server.language_server import ScramLanguageServer


def register(server: ScramLanguageServer) -> None:
    """Make the commands known to the client."""
    server.command(EXPLAIN_COMMAND)(explain)


def explain(ls: ScramLanguageServer, rule: str) -> str:
    """Show what a rule reports, why and how to mend it; gives the same as Markdown."""
    catalogue = Catalogue.build()
    try:
        explained = find(catalogue, catalogue.code_of(rule))
    except UnknownNameError as error:
        raise JsonRpcInvalidParams(str(error)) from error
    page = rule_page(explained)
    if get_capability(ls.client_capabilities, "window.show_document.support", False):
        try:
            file = _write_page(explained.name, page)
        except OSError as error:
            raise FileError(f"the page of {explained.name} can't be written: {error}") from error
        ls.window_show_document(types.ShowDocumentParams(uri_of(file), take_focus=True), lambda answer: None)
    else:
        text = f"{explained.code} {explained.name}. {explained.why} {explained.how}"
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
    return page


def _write_page(name: str, page: str) -> Path:
    folder = platformdirs.user_cache_path("scram-lsp", appauthor=False) / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.md"
    file.write_text(page, encoding="utf-8")
    return file

"""The commands that code actions and lenses call, and that a user may call by name."""

from __future__ import annotations

import re
from pathlib import Path

import platformdirs
from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcInvalidParams

from scram_lsp.files import FileError
from scram_lsp.server.actions.code_actions import EXPLAIN_COMMAND
from scram_lsp.server.documents.file_names import path_of, uri_of
from scram_lsp.server.language_server import ScramLanguageServer
from scram_lsp.server.programs.program_features import CLEAR_COMMAND, SHOW_RUN_COMMAND, seen_by_last_run


def register(server: ScramLanguageServer) -> None:
    """Make the commands known to the client."""
    server.command(EXPLAIN_COMMAND)(explain)
    server.command(SHOW_RUN_COMMAND)(show_last_run)
    server.command(CLEAR_COMMAND)(clear_run_findings)


def explain(ls: ScramLanguageServer, rule: str) -> str:
    """Show what a rule reports, why and how to mend it; gives the same as Markdown."""
    from scram_lsp.rule_pages import find, rule_page
    from scram_lsp.selection import Catalogue, UnknownNameError

    catalogue = Catalogue.build()
    try:
        explained = find(catalogue, catalogue.code_of(rule))
    except UnknownNameError as error:
        raise JsonRpcInvalidParams(str(error)) from error
    text = f"{explained.code} {explained.name}. {explained.why} {explained.how}"
    return _show(ls, f"rules/{explained.name}.md", rule_page(explained), text)


async def show_last_run(ls: ScramLanguageServer, uri: str) -> str | None:
    """Show the last stored run of a script; gives the same as Markdown, or null when there is none."""
    analyzed = await ls.analyzed(uri)
    last = await seen_by_last_run(analyzed) if analyzed is not None else None
    if last is None:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, "No run of this script is stored."))
        return None
    from scram_lsp.server.programs.run_words import run_page

    page = run_page(last)
    name = re.sub(r"[^\w-]", "_", last.run.run)  # it is read from a file of the project
    return _show(ls, f"runs/{name}.md", page, page)


def clear_run_findings(ls: ScramLanguageServer, uri: str) -> None:
    """Show nothing more of what runs found in a document."""
    document = ls.documents.get(uri)
    path = document.path if document is not None else path_of(uri)
    if path is not None:
        ls.clear_run_findings(path)


def _show(ls: ScramLanguageServer, name: str, page: str, text: str) -> str:
    """Show a page as a document, or `text` as a message where the client shows no documents; gives the page."""
    if get_capability(ls.client_capabilities, "window.show_document.support", False):
        try:
            file = _write_page(name, page)
        except OSError as error:
            raise FileError(f"the page {name} can't be written: {error}") from error
        ls.window_show_document(types.ShowDocumentParams(uri_of(file), take_focus=True), lambda answer: None)
    else:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
    return page


def _write_page(name: str, page: str) -> Path:
    file = platformdirs.user_cache_path("scram-lsp", appauthor=False) / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page, encoding="utf-8")
    return file

"""What the server answers to each message of the protocol."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcException

from scram_lsp.server import notebook_features
from scram_lsp.server.actions import code_actions, commands
from scram_lsp.server.actions.code_actions import ActionRequest, CodeActions
from scram_lsp.server.client_process import when_ended
from scram_lsp.server.documents.configuration import FILE_NAMES
from scram_lsp.server.documents.file_names import path_of
from scram_lsp.server.experimental import declared
from scram_lsp.server.findings import pull_diagnostics
from scram_lsp.server.language_server import SECTION, ScramLanguageServer
from scram_lsp.server.programs import hover, program_features
from scram_lsp.server.rehearsal import rehearse
from scram_lsp.server.runs import run_board

log = logging.getLogger(__name__)

LANGUAGE = "python"
CONTENT_MODIFIED = types.LSPErrorCodes.ContentModified.value


def register(server: ScramLanguageServer) -> None:
    """Connect the server to the protocol."""
    for method in (
        types.TEXT_DOCUMENT_DID_OPEN,
        types.TEXT_DOCUMENT_DID_CHANGE,
        types.TEXT_DOCUMENT_DID_CLOSE,
        types.NOTEBOOK_DOCUMENT_DID_OPEN,
        types.NOTEBOOK_DOCUMENT_DID_CHANGE,
        types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    ):
        # pygls would keep every text a second time; `Documents` says why it is not enough here.
        del server.protocol.fm.builtin_features[method]
    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.SHUTDOWN)(shutdown)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(did_save)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(did_change_watched_files)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(did_change_workspace_folders)
    files = types.FileOperationRegistrationOptions(
        [types.FileOperationFilter(types.FileOperationPattern("**/*"), "file")]
    )
    server.feature(types.WORKSPACE_DID_RENAME_FILES, files)(did_rename_files)
    server.feature(types.WORKSPACE_DID_DELETE_FILES, files)(did_delete_files)
    server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(
            code_action_kinds=[types.CodeActionKind.QuickFix, code_actions.FIX_ALL], resolve_provider=True
        ),
    )(code_action)
    server.feature(types.CODE_ACTION_RESOLVE)(code_action_resolve)
    server.feature(types.TEXT_DOCUMENT_HOVER)(text_document_hover)
    notebook_features.register(server)
    program_features.register(server)
    commands.register(server)
    server.feature(run_board.LIST_RUNS)(list_runs)
    server.feature(run_board.SHOW_RUN)(show_run)
    server.feature(run_board.DELETE_RUN)(delete_run)


def initialize(ls: ScramLanguageServer, params: types.InitializeParams) -> None:
    """The client introduces itself; from now on this process leaves with the client's."""
    ls.begin(params)
    if params.process_id is not None:
        when_ended(params.process_id, lambda: _leave_at_once(ls))
    if ls.publisher.pulls:  # a client that is told must not be invited to ask as well
        pull_diagnostics.register(ls)


def initialized(ls: ScramLanguageServer, params: types.InitializedParams) -> None:
    """The client is ready."""
    ls.run_in_background(_settle(ls))
    ls.run_in_background(rehearse(ls.protocol, client_asks=ls.publisher.pulls))


async def _settle(ls: ScramLanguageServer) -> None:
    """Listen to runs, watch files, and learn the settings."""
    await ls.listen_to_runs()
    registrations = list(_registrations(ls.client_capabilities))
    if registrations:
        await ls.client_register_capability_async(types.RegistrationParams(registrations))
        ls.look_at_settings()
    await ls.ask_for_settings()


def shutdown(ls: ScramLanguageServer, params: None) -> None:
    """The client is about to leave."""
    ls.shutdown_requested = True


def did_open(ls: ScramLanguageServer, params: types.DidOpenTextDocumentParams) -> None:
    """Look at a Python document. One that is open already, as the client has lost count, goes on with this text."""
    item = params.text_document
    document = ls.documents.get(item.uri)
    if document is not None and item.language_id == LANGUAGE:
        ls.edited(document, document.change(item.version, [types.TextDocumentContentChangeWholeDocument(item.text)]))
    elif item.language_id == LANGUAGE:
        ls.opened(ls.documents.open(item, ls.workspace.position_codec))


def did_change(ls: ScramLanguageServer, params: types.DidChangeTextDocumentParams) -> None:
    """Follow an edit, and look again when the typing pauses."""
    document = ls.documents.get(params.text_document.uri)
    if document is not None:
        ls.edited(document, document.change(params.text_document.version, params.content_changes))


def did_save(ls: ScramLanguageServer, params: types.DidSaveTextDocumentParams) -> None:
    """The text is on disk now: the next run reads it."""
    document = ls.documents.get(params.text_document.uri)
    if document is not None:
        ls.saved(document)


def did_close(ls: ScramLanguageServer, params: types.DidCloseTextDocumentParams) -> None:
    """Let a document go."""
    document = ls.documents.close(params.text_document.uri)
    if document is not None:
        ls.closed(document)


def did_change_configuration(ls: ScramLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Settings have changed."""
    ls.run_in_background(_take_settings(ls, params))


async def _take_settings(ls: ScramLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Take the editor's settings, or ask for them where it only says that they changed."""
    if get_capability(ls.client_capabilities, "workspace.configuration", False):
        await ls.ask_for_settings()
    settings = params.settings
    if not isinstance(settings, dict) or not settings:
        return
    section = settings.get(SECTION, settings)  # some clients send no more than this server's section
    if ls.configuration.take_editor_settings(section):
        ls.analyze_all()


def did_change_watched_files(ls: ScramLanguageServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Look again when a configuration file changed, and at what runs found in code that changed."""
    _files_changed(ls, [change.uri for change in params.changes])


def did_rename_files(ls: ScramLanguageServer, params: types.RenameFilesParams) -> None:
    """What was said of a file under its old name does not hold."""
    _files_changed(ls, [uri for each in params.files for uri in (each.old_uri, each.new_uri)])


def did_delete_files(ls: ScramLanguageServer, params: types.DeleteFilesParams) -> None:
    """Nothing is left to say of these files."""
    _files_changed(ls, [each.uri for each in params.files])


def _files_changed(ls: ScramLanguageServer, uris: Iterable[str]) -> None:
    paths = [path for uri in uris if (path := path_of(uri)) is not None]
    if any(path.name in FILE_NAMES for path in paths):
        ls.analyze_all()
    for path in paths:
        ls.file_changed(path)


def did_change_workspace_folders(ls: ScramLanguageServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Serve what is open now."""
    ls.run_in_background(ls.folders_changed())


async def code_action(ls: ScramLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    """What is offered for a stretch of a document."""
    analyzed = await ls.analyzed(params.text_document.uri)
    if analyzed is None:
        return None
    request = ActionRequest.of(params)
    offers = CodeActions(request, ls.action_client, analyzed.document, ls.action_edits(analyzed))
    return offers.offered(ls.publisher.shown(analyzed.document))


async def code_action_resolve(ls: ScramLanguageServer, params: types.CodeAction) -> types.CodeAction:
    """The edits of an action that was chosen."""
    asked = code_actions.read_action(params.data)
    if asked is None:  # it needs none
        return params
    uri, version, action = asked
    analyzed = await ls.analyzed(uri)
    if analyzed is None or analyzed.document.version != version:
        raise JsonRpcException("The text has changed since this was offered; ask again", CONTENT_MODIFIED)
    params.edit = code_actions.workspace_edit(ls.action_client, ls.action_edits(analyzed), action)
    return params


async def text_document_hover(ls: ScramLanguageServer, params: types.HoverParams) -> types.Hover | None:
    """The explanation of the findings at a position, and what there is to know of the layer or training there."""
    from scram_analyzers.rules.registry import RuleSet

    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return None
    analyzed = await ls.analyzed(document.uri)
    explained = hover.hover(
        document,
        params.position,
        ls.publisher.shown(document),
        analyzed.analysis.rules if analyzed is not None else RuleSet(),
        lambda finding: ls.publisher.evidence(document.uri, finding),
        beside_diagnostics=declared(ls.client_capabilities, "scramDiagnosticsInHovers") is True,
    )
    known = await program_features.hover_words(ls, analyzed, params.position) if analyzed is not None else None
    return hover.joined(explained, known, document)


async def list_runs(ls: ScramLanguageServer, params: object) -> list[dict[str, Any]]:
    """The runs of the workspace, for a view of them."""
    return await ls.board.list()


async def show_run(ls: ScramLanguageServer, params: object) -> dict[str, Any] | None:
    """One run with its curves."""
    return await ls.board.show(params)


async def delete_run(ls: ScramLanguageServer, params: object) -> bool:
    """Remove a run from its store."""
    deleted = await ls.board.delete(params)
    if deleted:
        ls.refresh_lenses()
    return deleted


def _registrations(capabilities: types.ClientCapabilities) -> Iterator[types.Registration]:
    """What the client should tell of, where it takes such wishes."""
    if get_capability(capabilities, "workspace.did_change_watched_files.dynamic_registration", False):
        watchers = [types.FileSystemWatcher(f"**/{name}") for name in (*FILE_NAMES, "*.py")]
        files = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        yield types.Registration("scram-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files)
    if get_capability(capabilities, "workspace.did_change_configuration.dynamic_registration", False):
        settings = types.DidChangeConfigurationRegistrationOptions(SECTION)
        yield types.Registration("scram-settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, settings)


def _leave_at_once(ls: ScramLanguageServer) -> None:
    """End this process: the client's is gone."""
    log.warning("the client's process is gone")
    try:
        ls.leave()
    finally:
        os._exit(1)  # a clean exit would wait for the thread that reads our input

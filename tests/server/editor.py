"""A real language client (pytest-lsp's) that drives the server as a subprocess over stdio."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Union

import pytest
from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

from scram_lsp.live.discovery import ServerAddress, servers_for

SERVER = (sys.executable, "-m", "scram_lsp.cli.serve")
DEADLINE_SECONDS = 90.0
"""Generous: the tests ask what is shown, the benchmarks how fast."""

TRAIN = """\
import keras

model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e10),
    loss="sparse_categorical_crossentropy",
)
"""
"""A program whose one mistake is the learning rate, on line 4 (from 0)."""

RATE = types.Range(types.Position(4, 50), types.Position(4, 54))


def client_converter() -> Converter:
    """lsprotocol's own takes every code action with a command for a bare command."""
    converter = default_converter()

    def structure(value: Any, _: object) -> types.Command | types.CodeAction:
        kind = types.Command if isinstance(value.get("command"), str) else types.CodeAction
        return converter.structure(value, kind)

    converter.register_structure_hook(types.Command | types.CodeAction, structure)
    converter.register_structure_hook(Union[types.Command, types.CodeAction], structure)  # noqa: UP007
    return converter


PROGRESS_KINDS: Mapping[str, type] = {
    "begin": types.WorkDoneProgressBegin,
    "report": types.WorkDoneProgressReport,
    "end": types.WorkDoneProgressEnd,
}


class Editor:
    """A client with documents open in it, that remembers everything the server published."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.publications: list[types.PublishDiagnosticsParams] = []
        self.shown_documents: list[types.ShowDocumentParams] = []
        self.progress_seen: dict[int | str, list[Any]] = {}
        self.registrations: list[types.Registration] = []
        self.questions: list[types.ShowMessageRequestParams] = []
        self.answer = ""
        self.asked_again = Counter[str]()
        self._news = asyncio.Event()
        self._called = asyncio.Event()
        self._texts: dict[str, tuple[int, str]] = {}
        features = {
            **DEFAULT_CLIENT_FEATURES,
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: lambda params: self._receive(params),
            types.CLIENT_REGISTER_CAPABILITY: lambda params: self.registrations.extend(params.registrations),
            types.PROGRESS: lambda params: self._progressed(params),
            types.WINDOW_WORK_DONE_PROGRESS_CREATE: lambda params: None,
            types.WINDOW_SHOW_MESSAGE_REQUEST: lambda params: self._answer(params),
            types.WINDOW_SHOW_DOCUMENT: lambda params: self._show_document(params),
            types.WORKSPACE_DIAGNOSTIC_REFRESH: lambda params: self._called.set(),
            types.WORKSPACE_INLAY_HINT_REFRESH: lambda params: self._refreshed("hints"),
            types.WORKSPACE_CODE_LENS_REFRESH: lambda params: self._refreshed("lenses"),
        }
        register_lsp_features(client, features)

    async def start(
        self,
        folder: Path | None,
        capabilities: types.ClientCapabilities,
        command: Sequence[str] = SERVER,
        **params: Any,
    ) -> types.InitializeResult:
        """Start the server as a subprocess and introduce this client."""
        await self.client.start_io(*command)
        folders = [types.WorkspaceFolder(folder.as_uri(), folder.name)] if folder is not None else None
        return await self.client.initialize_session(
            types.InitializeParams(capabilities=capabilities, workspace_folders=folders, **params)
        )

    def open(self, path: Path | str, text: str) -> str:
        """Open a document; gives its URI."""
        uri = path if isinstance(path, str) else path.as_uri()
        self._texts[uri] = (1, text)
        item = types.TextDocumentItem(uri, "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, *changes: types.TextDocumentContentChangeEvent) -> int:
        """Send changes; gives the new version."""
        version = self._texts[uri][0] + 1
        self._texts[uri] = (version, self._texts[uri][1])
        identifier = types.VersionedTextDocumentIdentifier(version, uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, list(changes)))
        return version

    def replace(self, uri: str, place: types.Range, text: str) -> int:
        """Send one incremental change; gives the new version."""
        return self.change(uri, types.TextDocumentContentChangePartial(place, text))

    def rewrite(self, uri: str, text: str) -> int:
        """Send the whole text; gives the new version."""
        return self.change(uri, types.TextDocumentContentChangeWholeDocument(text))

    async def save(self, uri: str) -> None:
        """Say that a document was saved; returns once the server has heard it.

        A run speaks over a socket of its own, so without this its hello could be heard before the save.
        """
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
        await self.hover(uri, 0, 0)

    def change_folders(
        self, added: Sequence[types.WorkspaceFolder] = (), removed: Sequence[types.WorkspaceFolder] = ()
    ) -> None:
        """Open and close workspace folders."""
        event = types.WorkspaceFoldersChangeEvent(list(added), list(removed))
        self.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

    def close_all(self) -> None:
        """Close every document that is open."""
        for uri in list(self._texts):
            self.close(uri)

    async def forget(self) -> None:
        """Wait until the server has heard everything, and forget what it said."""
        await self.hover("untitled:nothing", 0, 0)
        self.publications.clear()
        self.shown_documents.clear()
        self.progress_seen.clear()
        self.client.log_messages.clear()
        self.client.messages.clear()
        self.questions.clear()

    def close(self, uri: str) -> None:
        self._texts.pop(uri, None)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def shown(self, uri: str, version: int | None = 1) -> Sequence[types.Diagnostic]:
        """What is published for this version of a document; fails when nothing is."""
        publication = await self.wait_for(
            lambda each: each.uri == uri and each.version == version, f"version {version} of {uri}"
        )
        return publication.diagnostics

    async def shows(self, uri: str, codes: Iterable[tuple[str, str]]) -> Sequence[types.Diagnostic]:
        """Wait until the latest publication shows exactly these pairs of code and source."""
        wanted = sorted(codes)

        def met(publication: types.PublishDiagnosticsParams) -> bool:
            found = sorted((str(each.code), str(each.source)) for each in publication.diagnostics)
            return publication.uri == uri and publication is self._latest(uri) and found == wanted

        return (await self.wait_for(met, f"{wanted} in {uri}")).diagnostics

    async def shows_severity(self, uri: str, severity: types.DiagnosticSeverity) -> None:
        """Wait until the latest publication shows one finding of this severity."""

        def met(publication: types.PublishDiagnosticsParams) -> bool:
            found = [each.severity for each in publication.diagnostics]
            return publication.uri == uri and publication is self._latest(uri) and found == [severity]

        await self.wait_for(met, f"{severity} in {uri}")

    async def wait_for(
        self, met: Callable[[types.PublishDiagnosticsParams], bool], what: str
    ) -> types.PublishDiagnosticsParams:
        """The last publication that meets a condition, now or within the deadline."""
        end = asyncio.get_running_loop().time() + DEADLINE_SECONDS
        while True:
            self._news.clear()
            found = [each for each in self.publications if met(each)]
            if found:
                return found[-1]
            try:
                await asyncio.wait_for(self._news.wait(), end - asyncio.get_running_loop().time())
            except asyncio.TimeoutError:
                pytest.fail(f"nothing was published that shows {what}; got {self.publications[-3:]}")

    async def actions(
        self, uri: str, place: types.Range, diagnostics: Sequence[types.Diagnostic] = (), **context: Any
    ) -> list[types.CodeAction]:
        """The code actions offered for a place."""
        offered = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri),
                place,
                types.CodeActionContext(list(diagnostics), **context),
            )
        )
        return [await self._resolved(each) for each in offered or () if isinstance(each, types.CodeAction)]

    async def _resolved(self, action: types.CodeAction) -> types.CodeAction:
        """What is offered with its edits, as a client resolves the action that is chosen."""
        return await self.client.code_action_resolve_async(action) if action.data is not None else action

    async def fixes(
        self, uri: str, place: types.Range, diagnostics: Sequence[types.Diagnostic] = (), **context: Any
    ) -> list[types.CodeAction]:
        """The first two actions for a place with one finding: its mend, and its suppression on the statement."""
        offered = await self.actions(uri, place, diagnostics, **context)
        wanted = [each for each in offered if each.title.startswith("Scram (") or "on this statement" in each.title]
        return [each for each in wanted if "Fix all" not in each.title]

    async def hover(self, uri: str, line: int, character: int) -> str | None:
        """The text of a hover."""
        answer = await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        )
        if answer is None:
            return None
        assert isinstance(answer.contents, types.MarkupContent)
        return answer.contents.value

    async def execute(self, command: types.Command) -> Any:
        """What the server does for a command."""
        params = types.ExecuteCommandParams(command.command, command.arguments)
        return await self.client.workspace_execute_command_async(params)

    async def called_to_ask(self) -> None:
        """Wait until the server calls the client to ask for diagnostics again."""
        await asyncio.wait_for(self._called.wait(), DEADLINE_SECONDS)
        self._called.clear()

    async def refreshed(self, what: str, times: int) -> None:
        """Wait until the server has called so often to ask for "hints" or "lenses" again."""
        end = asyncio.get_running_loop().time() + DEADLINE_SECONDS
        while self.asked_again[what] < times:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), end - asyncio.get_running_loop().time())

    def _refreshed(self, what: str) -> None:
        self.asked_again[what] += 1
        self._news.set()

    async def progress(self, met: Callable[[Any], bool]) -> Any:
        """The first word of progress that meets a condition, now or within the deadline."""
        end = asyncio.get_running_loop().time() + DEADLINE_SECONDS
        while True:
            self._news.clear()
            found = [each for said in self.progress_seen.values() for each in said if met(each)]
            if found:
                return found[0]
            await asyncio.wait_for(self._news.wait(), end - asyncio.get_running_loop().time())

    def _progressed(self, params: types.ProgressParams) -> None:
        kind = PROGRESS_KINDS[params.value["kind"]]
        said = self.client.protocol._converter.structure(params.value, kind)
        self.progress_seen.setdefault(params.token, []).append(said)
        self._news.set()

    def _answer(self, params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        """The choice that is called `answer`; none where it is not offered."""
        self.questions.append(params)
        return next((each for each in params.actions or () if each.title == self.answer), None)

    def _show_document(self, params: types.ShowDocumentParams) -> types.ShowDocumentResult:
        self.shown_documents.append(params)
        return types.ShowDocumentResult(True)

    def _receive(self, params: types.PublishDiagnosticsParams) -> None:
        self.publications.append(params)
        self._news.set()

    def _latest(self, uri: str) -> types.PublishDiagnosticsParams | None:
        return next((each for each in reversed(self.publications) if each.uri == uri), None)


async def new_editor() -> AsyncIterator[Editor]:
    """A client whose server is not started yet; it is ended afterwards in any case."""
    client = LanguageClient(converter_factory=client_converter)
    editor = Editor(client)
    yield editor
    process = client._server
    if process is not None and process.returncode is None:
        process.kill()
        await process.wait()
    await client.stop()  # type: ignore[no-untyped-call]


def applied(text: str, edits: Sequence[types.TextEdit]) -> str:
    """The text after edits; it is ASCII, so columns are characters."""
    lines = text.split("\n")
    offset = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines) + 1)]
    for edit in sorted(edits, key=lambda each: (each.range.start.line, each.range.start.character), reverse=True):
        start = offset[edit.range.start.line] + edit.range.start.character
        end = offset[edit.range.end.line] + edit.range.end.character
        text = text[:start] + edit.new_text + text[end:]
    return text


def edits_of(action: types.CodeAction) -> list[types.TextEdit]:
    """The edits of an action on one document, for a client that takes versioned ones."""
    assert action.edit is not None
    assert action.edit.document_changes is not None
    (change,) = action.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    return [each for each in change.edits if isinstance(each, types.TextEdit)]


async def address_of_server(script: Path) -> ServerAddress:
    """Where the server of a script listens, once it says so."""
    end = asyncio.get_running_loop().time() + DEADLINE_SECONDS
    while asyncio.get_running_loop().time() < end:
        found = servers_for(script)
        if found:
            return found[0]
        await asyncio.sleep(0.05)
    pytest.fail("the server announces no address")

"""A small editor: a language client over stdio that keeps what the server publishes and applies its fixes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.uris import to_fs_path

STOP_SECONDS = 10.0
SEVERITIES = {1: "error", 2: "warning", 3: "info", 4: "hint"}


@dataclass(frozen=True)
class Publication:
    """What the server said about one document, and when it arrived (`time.monotonic`, seconds)."""

    path: Path
    diagnostics: Sequence[types.Diagnostic]
    arrived: float


class Editor:
    """One language server and the documents open in it. `on_publication` hears every publication."""

    def __init__(self, on_publication: Callable[[Publication], None]) -> None:
        self._on_publication = on_publication
        self._client = LanguageClient("scram-demo", "1")
        self._latest: dict[Path, Publication] = {}
        self._texts: dict[Path, str] = {}
        self._versions: dict[Path, int] = {}
        self._changed = asyncio.Condition()
        self._news: set[asyncio.Task[None]] = set()

        @self._client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def receive(parameters: types.PublishDiagnosticsParams) -> None:
            self._receive(parameters)

    async def start(self, command: str, folder: Path) -> None:
        """Start the language server with `folder` as the workspace."""
        await self._client.start_io(command)
        await self._client.initialize_async(
            types.InitializeParams(
                capabilities=_capabilities(),
                root_uri=folder.as_uri(),
                workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name)],
            )
        )
        self._client.initialized(types.InitializedParams())

    async def stop(self) -> None:
        """Let the server leave as an editor does when it closes."""
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await asyncio.wait_for(self._client.stop(), STOP_SECONDS)  # type: ignore[no-untyped-call]

    def open(self, path: Path) -> None:
        """Open a Python file."""
        self._texts[path] = path.read_text(encoding="utf-8")
        self._versions[path] = 1
        item = types.TextDocumentItem(path.as_uri(), "python", 1, self._texts[path])
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def close(self, path: Path) -> None:
        """Close a file that was opened."""
        identifier = types.TextDocumentIdentifier(path.as_uri())
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))

    def diagnostics(self, path: Path) -> Sequence[types.Diagnostic]:
        """What is shown in `path` now."""
        latest = self._latest.get(path)
        return latest.diagnostics if latest is not None else ()

    async def wait_for(
        self, path: Path, condition: Callable[[Sequence[types.Diagnostic]], bool], seconds: float
    ) -> bool:
        """Wait until something was published for `path` that meets `condition`; False when time is up."""

        def met() -> bool:
            return path in self._latest and condition(self._latest[path].diagnostics)

        try:
            async with self._changed:
                await asyncio.wait_for(self._changed.wait_for(met), seconds)
        except asyncio.TimeoutError:
            return False
        return True

    async def quick_fixes(self, path: Path, diagnostic: types.Diagnostic) -> list[types.CodeAction]:
        """The fixes that the server offers for `diagnostic`."""
        offered = await self._client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(path.as_uri()),
                diagnostic.range,
                types.CodeActionContext([diagnostic], only=[types.CodeActionKind.QuickFix]),
            )
        )
        actions = [each for each in offered or () if isinstance(each, types.CodeAction)]
        return [each if each.edit else await self._client.code_action_resolve_async(each) for each in actions]

    def apply(self, path: Path, action: types.CodeAction) -> str:
        """Apply a fix to the open document; gives the new text."""
        for edit in sorted(_edits(action, path), key=_start, reverse=True):
            self._texts[path] = _replaced(self._texts[path], edit)
        self._versions[path] += 1
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self._versions[path], path.as_uri()),
                [types.TextDocumentContentChangeWholeDocument(self._texts[path])],
            )
        )
        return self._texts[path]

    def _receive(self, parameters: types.PublishDiagnosticsParams) -> None:
        publication = Publication(_path(parameters.uri), parameters.diagnostics, time.monotonic())
        self._latest[publication.path] = publication
        self._on_publication(publication)
        task = asyncio.get_running_loop().create_task(self._announce())
        self._news.add(task)
        task.add_done_callback(self._news.discard)

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def shown(path: Path, diagnostic: types.Diagnostic) -> str:
    """A diagnostic as a list of problems shows it, with lines and columns from 1."""
    start = diagnostic.range.start
    severity = SEVERITIES[diagnostic.severity or 1]
    place = f"{path.name}:{start.line + 1}:{start.character + 1}"
    return f"{place} {severity} {diagnostic.code}: {diagnostic.message}"


def marked_text(text: str, place: types.Range) -> str:
    """The text that is underlined. The examples are ASCII, so UTF-16 units are characters."""
    return text[_offset(text, place.start) : _offset(text, place.end)]


def _capabilities() -> types.ClientCapabilities:
    return types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
                related_information=True,
                code_description_support=True,
                data_support=True,
                version_support=True,
            ),
            code_action=types.CodeActionClientCapabilities(
                code_action_literal_support=types.ClientCodeActionLiteralOptions(
                    types.ClientCodeActionKindOptions([types.CodeActionKind.QuickFix])
                ),
                data_support=True,
                resolve_support=types.ClientCodeActionResolveOptions(["edit"]),
            ),
        )
    )


def _edits(action: types.CodeAction, path: Path) -> list[types.TextEdit]:
    if action.edit is None:
        return []
    edits = list((action.edit.changes or {}).get(path.as_uri(), ()))
    for change in action.edit.document_changes or ():
        if isinstance(change, types.TextDocumentEdit) and change.text_document.uri == path.as_uri():
            edits += (each for each in change.edits if isinstance(each, types.TextEdit))
    return edits


def _start(edit: types.TextEdit) -> tuple[int, int]:
    return (edit.range.start.line, edit.range.start.character)


def _replaced(text: str, edit: types.TextEdit) -> str:
    return text[: _offset(text, edit.range.start)] + edit.new_text + text[_offset(text, edit.range.end) :]


def _offset(text: str, position: types.Position) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: position.line]) + position.character


def _path(uri: str) -> Path:
    return Path(to_fs_path(uri) or uri)

"""Diagnostics of the workspace's files that are not open, for clients that ask for them.

A file is analyzed once for each of its texts and settings; what comes of it is kept, not the analysis. A client
asks again as soon as it is answered, so an answer without news waits until there is some.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lsprotocol import types

from scram_lsp.files import find_files, is_notebook
from scram_lsp.server.analysis.many_files import FileFindings, FileToCheck, check_files
from scram_lsp.server.documents.configuration import Configuration
from scram_lsp.server.documents.documents import Documents
from scram_lsp.server.documents.file_names import file_key, uri_of
from scram_lsp.server.findings.publisher import Publisher

if TYPE_CHECKING:
    from scram_lsp.config import Settings

BATCH = 50
"""Files in each part of an answer that is sent in parts."""

WorkspaceReport: TypeAlias = (
    types.WorkspaceFullDocumentDiagnosticReport | types.WorkspaceUnchangedDocumentDiagnosticReport
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a file said, and the state of the file and its settings when it did."""

    state: object
    found: FileFindings


class WorkspaceReports:
    """Answers `workspace/diagnostic`; only the event loop may call this."""

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        configuration: Configuration,
        publisher: Publisher,
        documents: Documents,
    ) -> None:
        self._folders = folders
        self._configuration = configuration
        self._publisher = publisher
        self._documents = documents
        self._kept: dict[Path, _Kept] = {}
        self._written: dict[str, tuple[str, tuple[types.Diagnostic, ...]]] = {}
        self._changed = asyncio.Event()
        self._session = secrets.token_hex(4)
        self._count = 0

    def note_change(self) -> None:
        """Something changed that an answer may speak of."""
        self._changed.set()

    async def answer(
        self, known: Mapping[str, str], send_part: Callable[[list[WorkspaceReport]], None] | None
    ) -> list[WorkspaceReport]:
        """What there is to say to a client that has the results `known`, by URI.

        With `send_part` the answer goes out in parts, and what is left of it is given.
        """
        said_something = False
        while True:
            self._changed.clear()
            items: list[WorkspaceReport] = []
            seen: set[str] = set()
            for path in await self._analyzed():
                report = self._report(path)
                seen.add(report.uri)
                if known.get(report.uri) != report.result_id:
                    items.append(report)
                if send_part is not None and len(items) >= BATCH:
                    send_part(items)
                    items, said_something = [], True
            items += [_nothing(uri) for uri in known if uri not in seen and self._documents.get(uri) is None]
            if items or said_something or not known:
                return items
            await self._changed.wait()

    async def _analyzed(self) -> list[Path]:
        """The files that are not open and have something to say; those that changed are analyzed first."""
        loop = asyncio.get_running_loop()
        files = await loop.run_in_executor(None, self._find)
        states = await loop.run_in_executor(None, lambda: {each.path: _state(each) for each in files})
        self._kept = {path: kept for path, kept in self._kept.items() if states.get(path) == kept.state}
        new = [each for each in files if each.path not in self._kept]
        for each in new:
            self._kept[each.path] = _Kept(states[each.path], FileFindings(each.path))
        async for found in check_files(new):
            self._kept[found.path] = _Kept(states[found.path], found)
        open_now = {file_key(document.path) for document in self._documents if document.path is not None}
        speaking = {path for path, kept in self._kept.items() if kept.found.findings}
        speaking |= self._seen_by_runs(states)
        return sorted(path for path in speaking if file_key(path) not in open_now)

    def _seen_by_runs(self, files: Iterable[Path]) -> set[Path]:
        keys = self._publisher.closed_files()
        names = {os.path.basename(key) for key in keys}
        return {path for path in files if os.path.normcase(path.name) in names and file_key(path) in keys}

    def _find(self) -> list[FileToCheck]:
        by_folder: dict[Path, Settings] = {}

        def settings_of(path: Path) -> Settings:
            if path.parent not in by_folder:
                by_folder[path.parent] = self._configuration.of(path)
            return by_folder[path.parent]

        def excluded(path: Path, is_folder: bool) -> bool:
            return settings_of(path).excludes(path, is_folder)

        files = find_files(self._folders(), excluded).files
        # A notebook's cells have no names before the client opens it.
        return [FileToCheck(path, settings_of(path)) for path in files if not is_notebook(path)]

    def _report(self, path: Path) -> types.WorkspaceFullDocumentDiagnosticReport:
        kept, uri = self._kept[path].found, uri_of(path)
        diagnostics = self._publisher.write(kept.findings, path, kept.text)
        known = self._written.get(uri)
        if known is None or known[1] != diagnostics:
            self._count += 1
            known = self._written[uri] = (f"{self._session}-w{self._count}", diagnostics)
        return types.WorkspaceFullDocumentDiagnosticReport(uri, diagnostics, result_id=known[0])


def _nothing(uri: str) -> types.WorkspaceFullDocumentDiagnosticReport:
    return types.WorkspaceFullDocumentDiagnosticReport(uri, [])


def _state(file: FileToCheck) -> object:
    """Changes whenever a file's text or settings do."""
    try:
        status = os.stat(file.path)
    except OSError:  # gone meanwhile
        return None
    return status.st_mtime_ns, status.st_size, file.settings

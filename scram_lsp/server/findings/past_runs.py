"""Shows what the last run of a script found in a document that is opened after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scram_lsp.server.documents.documents import Document, Documents
from scram_lsp.server.documents.notebooks import NotebookUnit
from scram_lsp.server.documents.units import Units
from scram_lsp.server.findings.live_findings import LiveFindings, read_text
from scram_lsp.store.digest import cell_now

if TYPE_CHECKING:
    from scram_lsp.server.findings.last_run import LastRun


class PastRuns:
    """Reads stored runs beside the event loop; `show` is told of the files that must be shown anew."""

    def __init__(
        self, documents: Documents, units: Units, runs: LiveFindings, show: Callable[[Iterable[Path]], None]
    ) -> None:
        self._documents = documents
        self._units = units
        self._runs = runs
        self._show = show

    async def load(self, document: Document, path: Path) -> None:
        """Show what the last run of a script found, unless one that is live has spoken meanwhile."""
        text_when_opened = document.text
        last = await asyncio.to_thread(_last_run, path)
        on_disk = await asyncio.to_thread(read_text, path)
        is_open = self._documents.get(document.uri) is document
        if last is None or on_disk != text_when_opened or not is_open or self._runs.has_run_of(path):
            return
        changed = self._runs.begin(last.run)
        for stored in last.findings:
            changed |= self._runs.add(last.run, stored.sequence, stored.finding)
        self._show(changed)

    async def load_of_cells(self, notebook: NotebookUnit, path: Path) -> None:
        """Show what the last run of a notebook found in cells that are still as they ran."""
        last = await asyncio.to_thread(_last_run, path)
        if last is None or not self._units.is_open(notebook) or self._runs.has_run_of(path):
            return
        changed = self._runs.begin(last.run)
        cells = self._documents.cell_texts(path)
        for each in last.findings:
            number = cell_now(last.run.digest, each.finding.cell, cells) if each.finding.cell is not None else None
            if number is not None:
                changed |= self._runs.add(last.run, each.sequence, replace(each.finding, cell=number))
        self._show(changed)


def _last_run(path: Path) -> LastRun | None:
    from scram_lsp.server.findings.last_run import last_run  # with SQLite, which is loaded beside the loop

    return last_run(path)

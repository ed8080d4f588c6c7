"""The last stored run of a script, for an editor that was opened after it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from scram_lsp.files import FileError, read_source
from scram_lsp.live.listener import LiveRun
from scram_lsp.server.documents.file_names import file_key
from scram_lsp.store.digest import is_of_cells, text_digest
from scram_lsp.store.run_store import RunStore, RunStoreError, StoredFinding, StoredRun

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastRun:
    """A run and what it found."""

    run: LiveRun
    findings: tuple[StoredFinding, ...]


def last_run(script: Path) -> LastRun | None:
    """The newest stored run of `script`, or None when there is none or the script on disk has changed since.

    A notebook's run counts whatever has changed: `cell_now` tells which of its cells are those that ran.

    A store that can't be read is logged and counts as none.
    """
    try:
        store = RunStore.open_existing(script)
        if store is None:
            return None
        with store:
            stored = _newest_of(script, store.runs())
            if stored is None or not _is_of(stored, script):
                return None
            run = LiveRun(stored.run, stored.script, stored.started, stored.script_digest)
            return LastRun(run, tuple(store.findings(stored.run)))
    except RunStoreError as error:
        log.warning("%s", error)
        return None


def _newest_of(script: Path, runs: list[StoredRun]) -> StoredRun | None:
    key = file_key(script)
    return next((each for each in runs if file_key(Path(each.script)) == key), None)


def _is_of(stored: StoredRun, script: Path) -> bool:
    """Whether the script has still the text that ran; of a notebook each cell is asked for itself, later."""
    if is_of_cells(stored.script_digest):
        return True
    try:
        return stored.script_digest == text_digest(read_source(script).text)
    except FileError:
        return False

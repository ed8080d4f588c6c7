"""Runs for an editor that has a place to show them: requests and notifications beside the language server protocol.

A client says that it has with `{"experimental": {"scramRuns": true}}` in its capabilities; others are told nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from scram_analyzers.findings import Finding
from scram_lsp.finding_json import finding_to_json
from scram_lsp.live.listener import LiveRun
from scram_lsp.live.messages import PROTOCOL, Progress
from scram_lsp.server.experimental import declared

LIST_RUNS = "scram/runs"
SHOW_RUN = "scram/run"
DELETE_RUN = "scram/deleteRun"
RUNS_CHANGED = "scram/runsChanged"
LIVE_FINDING = "scram/liveFinding"
OTHER_PROTOCOL = "scram/otherProtocol"

CHANGE_SECONDS = 0.5
"""The shortest time between two words of a change: each makes the client ask for the list."""

Notify = Callable[[str, Any], None]


class RunBoard:
    """What live runs said last, and the answers about all runs of `places()`. Everything on the event loop."""

    def __init__(self, notify: Notify, places: Callable[[], Iterable[Path]]) -> None:
        self._notify = notify
        self._places = places
        self._is_wanted = False
        self._progress: dict[str, Progress] = {}
        self._scripts: set[Path] = set()
        self._is_change_due = False

    def begin(self, capabilities: types.ClientCapabilities) -> None:
        """Learn whether the client wants to hear of runs."""
        self._is_wanted = declared(capabilities, "scramRuns") is True

    def began(self, run: LiveRun) -> None:
        """A run introduced itself."""
        self._scripts.add(Path(run.script))
        self._changed()

    def refused(self, run: LiveRun, protocol: int) -> None:
        """A run speaks another version of the protocol, so nothing is heard of it."""
        if self._is_wanted:
            self._notify(OTHER_PROTOCOL, {"script": run.script, "run": protocol, "server": PROTOCOL})

    def found(self, finding: Finding) -> None:
        """A live run found something."""
        if self._is_wanted:
            self._notify(LIVE_FINDING, finding_to_json(finding, None))
        self._changed()

    def progressed(self, run: LiveRun, progress: Progress) -> None:
        """A live run says how far it is."""
        self._progress[run.run] = progress
        self._changed()

    def ended(self, run: LiveRun) -> None:
        """A run is over."""
        self._progress.pop(run.run, None)
        self._changed()

    async def list(self) -> list[dict[str, Any]]:
        """The answer to `scram/runs`."""
        from scram_lsp.server.runs.run_list import list_runs

        places = [*self._places(), *self._scripts]
        return await asyncio.to_thread(list_runs, places, dict(self._progress))

    async def show(self, reference: object) -> dict[str, Any] | None:
        """The answer to `scram/run`: null for a run that is not stored."""
        from scram_lsp.server.runs.run_list import run_details

        named = _read_reference(reference)
        return await asyncio.to_thread(run_details, *named, dict(self._progress)) if named is not None else None

    async def delete(self, reference: object) -> bool:
        """The answer to `scram/deleteRun`."""
        from scram_lsp.server.runs.run_list import delete_run

        named = _read_reference(reference)
        deleted = named is not None and await asyncio.to_thread(delete_run, *named)
        if deleted:
            self._changed()
        return deleted

    def _changed(self) -> None:
        if self._is_wanted and not self._is_change_due:
            self._is_change_due = True
            asyncio.get_running_loop().call_later(CHANGE_SECONDS, self._tell_change)

    def _tell_change(self) -> None:
        self._is_change_due = False
        self._notify(RUNS_CHANGED, {})


def _read_reference(reference: object) -> tuple[Path, str] | None:
    """Script and run of `{"run": ..., "script": ...}`; None for anything else."""
    if isinstance(reference, Mapping):
        run, script = reference.get("run"), reference.get("script")
    else:  # pygls makes an object of what it has no type for
        run, script = getattr(reference, "run", None), getattr(reference, "script", None)
    return (Path(script), run) if isinstance(run, str) and isinstance(script, str) else None

"""The runs of a workspace as the editor's Runs view shows them; read from the stores, so past runs are there too.

These answers have no place in the language server protocol: docs/architecture.md names the requests. Every call
reads files: not for the event loop.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scram_analyzers.run.records import EpochRecord
from scram_lsp.finding_json import finding_to_json
from scram_lsp.live.messages import Progress
from scram_lsp.store.location import project_folder, projects_below
from scram_lsp.store.observations import kind_of, record_from_json
from scram_lsp.store.run_store import RunStore, RunStoreError, StoredRun

log = logging.getLogger(__name__)

RUNS_LISTED = 100
"""The newest of all stores together."""

_EPOCH = kind_of(EpochRecord(1, 0, ()))


def list_runs(places: Iterable[Path], progress: Mapping[str, Progress]) -> list[dict[str, Any]]:
    """The runs of the projects that hold `places` (scripts, folders) or lie in them: live ones first, then the newest.

    `progress` is what live runs said last, by run. A store that can't be read is logged and passed over.
    """
    found = [_summary(store, run, progress.get(run.run)) for store, run in _runs(places)]
    found.sort(key=lambda run: (run["status"] == "running", run["run"]), reverse=True)
    return found[:RUNS_LISTED]


def run_details(script: Path, run: str, progress: Mapping[str, Progress]) -> dict[str, Any] | None:
    """A run with its curves, or None when it is not stored (any more)."""
    for store, stored in _runs([script]):
        if stored.run == run:
            return {**_summary(store, stored, progress.get(run)), "curves": _curves(store, stored)}
    return None


def delete_run(script: Path, run: str) -> bool:
    """Remove a run from its store; False when it is not there."""
    try:
        store = RunStore.open_existing(script)
        if store is None:
            return False
        with store:
            return store.delete(run)
    except RunStoreError as error:
        log.warning("%s", error)
        return False


def _runs(places: Iterable[Path]) -> Iterator[tuple[RunStore, StoredRun]]:
    for folder in dict.fromkeys(project for place in places for project in _projects(place)):
        try:
            store = RunStore.open_existing(folder)
            if store is None:
                continue
            with store:
                for run in store.runs():
                    yield store, run
        except RunStoreError as error:
            log.warning("%s", error)


def _projects(place: Path) -> Iterator[Path]:
    yield project_folder(place)
    if place.is_dir():
        yield from projects_below(place)


def _summary(store: RunStore, run: StoredRun, progress: Progress | None) -> dict[str, Any]:
    epochs = _epochs(store, run)
    last = epochs[-1] if epochs else None
    latest = progress or last
    loss = progress.loss if progress is not None else last.value("loss") if last is not None else None
    return {
        "run": run.run,
        "script": run.script,
        "started": run.started,
        "status": run.status,
        "epoch": latest.epoch if latest is not None else None,
        "epochs": progress.epochs if progress is not None else None,
        "step": latest.step if latest is not None else None,
        "loss": _finite(loss),
        "findings": [finding_to_json(each.finding, each.fix) for each in store.standing(run.run)],
    }


def _curves(store: RunStore, run: StoredRun) -> list[dict[str, Any]]:
    """Each logged value over the epochs; null where it was not a finite number."""
    points: dict[str, list[tuple[int, float | None]]] = {}
    for record in _epochs(store, run):
        for name, value in record.logs:
            points.setdefault(name, []).append((record.epoch, _finite(value)))
    return [{"name": name, "points": values} for name, values in points.items()]


def _epochs(store: RunStore, run: StoredRun) -> list[EpochRecord]:
    try:
        rows = [record_from_json(each.kind, each.row) for each in store.observations(run.run, _EPOCH)]
    except ValueError as error:
        log.warning("run %s in %s: %s", run.run, store.file, error)
        return []
    return [row for row in rows if isinstance(row, EpochRecord)]


def _finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None

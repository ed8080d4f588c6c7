"""What a run writes into the store while it trains, whatever becomes of the file.

A finding is on disk at once; observations are thinned, gathered and written in batches. When the file fails, the
run is told so in one line, keeps its findings in memory and tries again: a disk that was full may have room later.
A damaged file is moved aside, a removed one is made anew.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from scram_analyzers.findings import Finding, Fix
from scram_analyzers.run.records import PanelRecord, ProbeRecord, RunInfo, StepRecord
from scram_lsp.store.location import project_folder, store_file
from scram_lsp.store.observations import LossSpan, Record, kind_of, record_to_json, step_of
from scram_lsp.store.run_store import (
    Observation,
    RunGoneError,
    RunStore,
    RunStoreDamagedError,
    RunStoreError,
    identity_of,
    set_aside,
)
from scram_lsp.store.thinning import Thinning

BATCH_ROWS = 500
"""So many observations are written together at most. That takes a few milliseconds."""

ROWS_WAITING = 5_000
"""So many rows are held while the file can't be written; later ones are dropped."""

RUN_BYTES = 8 * 1024 * 1024
"""So much one run may write of steps, probes and panels; epochs are kept beyond it."""

FIRST_RETRY_SECONDS = 5.0
"""How soon a file that failed is tried again; each time it takes twice as long."""

STEPS_FULL, PROBES_FULL, PANELS_FULL = 1_000, 200, 200
"""So many steps, probes and panels are kept one by one; see `Thinning` for the later ones."""

_BOUNDED = frozenset({"step", "losses", "probe", "panel"})


class RunJournal:
    """The store of one run as its training sees it: no method raises for a fault of the file.

    `say` is told in one line when the store can't be used. `is_stored` tells whether the run is on disk.
    """

    def __init__(self, info: RunInfo, script_digest: str, say: Callable[[str], None]) -> None:
        self._info = info
        self._digest = script_digest
        self._file = store_file(project_folder(Path(info.script)))
        self._say = say
        self._has_complained = False
        self._store: RunStore | None = None
        self._findings: list[tuple[int, Finding, Fix | None]] = []
        self._rows = _Rows()
        self._next_try = 0.0
        self._retry_after = FIRST_RETRY_SECONDS
        self._opened: tuple[int, int] | None = None
        self._attempt(lambda store: None)
        self.observe(info)

    @property
    def is_stored(self) -> bool:
        """Whether the run is on disk, with everything that was found so far."""
        return self._store is not None

    def add_finding(self, sequence: int, finding: Finding, fix: Fix | None) -> None:
        """Store a finding at once; `sequence` counts from 1 within the run."""
        self._findings.append((sequence, finding, fix))
        self._attempt(lambda store: store.add_findings(self._info.run, self._findings[-1:]))

    def observe(self, record: Record) -> None:
        """Take an observation, to be written by the next `flush` or when a batch is full."""
        self._rows.add(record)
        if self._rows.are_many:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self._attempt(self._write_rows)

    def end(self, status: Literal["finished", "failed"]) -> None:
        """Write what waits, try a last time what could not be written, and note how the run ended."""
        self._next_try = 0.0
        self._rows.close_span()
        self._attempt(self._write_rows)
        self._attempt(lambda store: store.finish(self._info.run, status))
        if self._store is not None:
            with contextlib.suppress(RunStoreError):
                self._store.close()

    def _attempt(self, action: Callable[[RunStore], None]) -> None:
        """Do something with the store, opening it (anew) when needed; a second try follows a repair."""
        if self._store is None and time.monotonic() < self._next_try:
            return
        try:
            self._do(action)
        except (RunGoneError, RunStoreDamagedError) as error:
            try:
                self._repair(error)
                self._do(action)
            except RunStoreError as another:
                self._lose(another)
        except RunStoreError as error:
            self._lose(error)

    def _do(self, action: Callable[[RunStore], None]) -> None:
        if self._store is not None and not self._store.is_in_place:
            self._drop()
        if self._store is None:
            self._opened = identity_of(self._file)
            store = RunStore.open_for(Path(self._info.script))
            try:
                self._open(store)
            except BaseException:
                store.close()
                raise
            self._store = store
        action(self._store)

    def _open(self, store: RunStore) -> None:
        """Begin the run in a store, with everything that was found so far; nothing changes where that is known."""
        store.begin(self._info, self._digest)
        store.add_findings(self._info.run, self._findings)

    def _write_rows(self, store: RunStore) -> None:
        rows = list(self._rows.waiting())
        if rows:
            store.add_observations(self._info.run, rows)
            self._rows.written(rows)

    def _repair(self, error: RunStoreError) -> None:
        """Make room for a new file where it is damaged, unless another run has done so already."""
        self._drop()
        if isinstance(error, RunStoreDamagedError) and identity_of(self._file) == self._opened:
            kept = set_aside(self._file)
            self._say(f"the run store was damaged; it is kept as {kept}, and a new one has begun")

    def _lose(self, error: RunStoreError) -> None:
        self._drop()
        self._next_try = time.monotonic() + self._retry_after
        self._retry_after *= 2
        if not self._has_complained:
            self._has_complained = True
            self._say(f"{error}; findings are shown here, and stored only if that changes before the end of the run")

    def _drop(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with contextlib.suppress(RunStoreError):
                store.close()


class _Rows:
    """Observations on their way to the store: thinned, numbered, bounded."""

    def __init__(self) -> None:
        self._waiting: list[Observation] = []
        self._number = 0
        self._bytes = 0
        self._thinned = {
            StepRecord: Thinning(STEPS_FULL),
            ProbeRecord: Thinning(PROBES_FULL),
            PanelRecord: Thinning(PANELS_FULL),
        }
        self._span: list[StepRecord] = []

    @property
    def are_many(self) -> bool:
        """Whether a batch is full."""
        return len(self._waiting) >= BATCH_ROWS

    def add(self, record: Record) -> None:
        """Keep a record, or what sums it up with its neighbours."""
        thinned = self._thinned.get(type(record))
        is_kept = thinned is None or thinned.keeps_next()
        if isinstance(record, StepRecord) and not is_kept:
            self._span.append(record)
        elif is_kept:
            if isinstance(record, StepRecord):
                self.close_span()
            self._append(record)

    def close_span(self) -> None:
        """Sum up the steps that were not kept one by one."""
        span, self._span = self._span, []
        if span:
            self._append(_summed_up(span))

    def waiting(self) -> Iterator[Observation]:
        """The rows that are not written yet."""
        yield from self._waiting

    def written(self, rows: list[Observation]) -> None:
        """Forget rows that are on disk."""
        del self._waiting[: len(rows)]

    def _append(self, record: Record) -> None:
        kind = kind_of(record)
        if (kind in _BOUNDED and self._bytes > RUN_BYTES) or len(self._waiting) >= ROWS_WAITING:
            return
        row = record_to_json(record)
        self._bytes += len(row)
        self._number += 1
        self._waiting.append(Observation(self._number, kind, step_of(record), row))


def _summed_up(steps: list[StepRecord]) -> LossSpan:
    losses = [step.loss for step in steps if step.loss is not None]
    finite = [loss for loss in losses if math.isfinite(loss)]
    return LossSpan(
        first=steps[0].step,
        step=steps[-1].step,
        epoch=steps[-1].epoch,
        count=len(finite),
        mean=math.fsum(finite) / len(finite) if finite else None,
        minimum=min(finite, default=None),
        maximum=max(finite, default=None),
        nonfinite=len(losses) - len(finite),
    )

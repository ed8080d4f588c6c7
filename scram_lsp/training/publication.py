"""How a run's findings leave training: the run store first, then the sender, then the terminal."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from scram_analyzers.findings import Finding, Fix, Severity, SourceRange
from scram_analyzers.run.records import RunInfo
from scram_lsp.training.background import Background
from scram_lsp.training.console import RunConsole
from scram_lsp.training.quick_loading import quick_loading

if TYPE_CHECKING:
    from scram_lsp.live.sender import Sender
    from scram_lsp.store.journal import RunJournal
    from scram_lsp.store.observations import Record
    from scram_lsp.tensorboard.run_log import RunLog

FLUSH_SECONDS = 1.0
"""How long the end waits for the socket; what is not through by then is in the store."""

HAND_OVER_SECONDS = 1.0
"""Observations are written this often: so much of them a killed process may lose."""

HAND_OVER_RECORDS = 500
"""Or when so many wait."""

RECORDS_WAITING = 5_000
"""So many are held while the background has no time for them; later ones are dropped."""


@dataclass(frozen=True, slots=True)
class _Key:
    code: str
    range: SourceRange


class Publication:
    """Everything that one run says, each finding once (and again only when it becomes more severe).

    Training never waits for it: `observe`, `progress`, `log_weights` and `end` leave something to do for the
    background, where files and sockets are opened too. `is_news` and `publish` are called there. `can_stop`: a user
    may end the training from the editor.
    """

    def __init__(
        self,
        info: RunInfo,
        script_digest: str,
        console: RunConsole,
        background: Background,
        tensorboard: Path | None = None,
        *,
        can_stop: bool = False,
    ) -> None:
        self._info = info
        self._digest = script_digest
        self._console = console
        self._background = background
        self._tensorboard = tensorboard
        self._can_stop = can_stop
        self._journal: RunJournal | None = None
        self._sender: Sender | None = None
        self._log: RunLog | None = None
        self._observed: deque[Record] = deque()
        self._next_hand_over = time.monotonic() + HAND_OVER_SECONDS
        self._told: dict[_Key, Severity] = {}
        self._sequence = 0
        self._refuted = 0
        self._is_over = False
        background.do(self._open)

    @property
    def count(self) -> int:
        """How many different findings were published."""
        return len(self._told) - self._refuted

    @property
    def is_stored(self) -> bool:
        """Whether the run is in the store."""
        return self._journal is not None and self._journal.is_stored

    @property
    def is_stop_wanted(self) -> bool:
        """Whether the user has asked in the editor that the training ends."""
        return self._sender is not None and self._sender.stop_wanted.is_set()

    def is_news(self, finding: Finding) -> bool:
        """Whether the run has not said this yet, or less severely."""
        told = self._told.get(_Key(finding.code, finding.range))
        return told is None or finding.severity.rank < told.rank

    def publish(self, finding: Finding, fix: Fix | None) -> None:
        """Store, send and print a finding."""
        from scram_lsp.finding_json import finding_to_json

        self._told[_Key(finding.code, finding.range)] = finding.severity
        self._sequence += 1
        if self._journal is not None:
            self._journal.add_finding(self._sequence, finding, fix)
        if self._log is not None:
            self._log.add_finding(finding)
        if self._sender is not None:
            self._sender.send(self._sequence, finding_to_json(finding, fix))
        if finding.refutation:
            self._refuted += 1
            line = finding.range.start.line
            self._console.note(f"{finding.name} ({finding.code}) on line {line} did no harm: {finding.refutation}")
        else:
            self._console.finding(finding)

    def observe(self, record: Record) -> None:
        """Keep an observation of the run; it is thinned and written in batches, so any number may come."""
        if len(self._observed) >= RECORDS_WAITING:
            return
        self._observed.append(record)
        if len(self._observed) % HAND_OVER_RECORDS == 0 or time.monotonic() >= self._next_hand_over:
            self._next_hand_over = time.monotonic() + HAND_OVER_SECONDS
            self._background.do(self._write)

    @property
    def takes_weights(self) -> bool:
        """Whether anyone wants the weights themselves."""
        return self._tensorboard is not None

    def log_weights(self, weights: Iterable[tuple[str, Any]], step: int) -> None:
        """Keep the distribution of weights, given by name and array; they are read before this returns."""
        from scram_lsp.tensorboard.run_log import histograms_of

        histograms = histograms_of(weights)
        self._background.do(lambda: self._log.add_histograms(histograms, step) if self._log is not None else None)

    def progress(self, epoch: int, step: int, loss: float | None) -> None:
        """Tell the editor how far the run is."""
        if self._sender is not None:
            self._sender.progress(epoch, step, self._info.epochs, loss)

    def reopen(self, background: Background) -> None:
        """There is something more to say of a run that has ended: go on where it stopped, until `end`."""
        self._is_over, self._tensorboard, self._log = False, None, None
        self._background = background
        background.do(self._open)

    def end(self, status: Literal["finished", "failed"]) -> None:
        """Have the end of the run recorded, and the sender finish within `FLUSH_SECONDS`; once, whatever fails."""
        if not self._is_over:
            self._is_over = True
            self._background.do_surely(lambda: self._close(status))

    def _open(self) -> None:
        with quick_loading():
            from scram_lsp.live.sender import Sender

            self._journal = self._opened_journal()
        script, info = Path(self._info.script), self._info
        self._sender = Sender(script, info.run, info.started, os.getpid(), self._digest, can_stop=self._can_stop)
        self._sender.start()
        if self._tensorboard is not None:
            from scram_lsp.tensorboard.run_log import RunLog

            self._log = RunLog(self._tensorboard, self._info.run, self._console.note)
        self._console.prepare()

    def _opened_journal(self) -> RunJournal | None:
        try:
            from scram_lsp.store.journal import RunJournal
        except ImportError as error:  # Python can be built without SQLite
            self._console.note(f"this run is not stored: {error}")
            return None
        return RunJournal(self._info, self._digest, self._console.note)

    def _write(self) -> None:
        """Write what was observed."""
        while self._observed:
            record = self._observed.popleft()
            if self._journal is not None:
                self._journal.observe(record)
            if self._log is not None:
                self._log.observe(record)
        if self._journal is not None:
            self._journal.flush()

    def _close(self, status: Literal["finished", "failed"]) -> None:
        """Each in its turn, the last named first, and none left open for a fault of another."""
        with contextlib.ExitStack() as parts:
            if self._sender is not None:
                parts.callback(self._sender.end, status, FLUSH_SECONDS)
            if self._log is not None:
                parts.callback(self._log.close)
            if self._journal is not None:
                parts.callback(self._journal.end, status)
            self._write()

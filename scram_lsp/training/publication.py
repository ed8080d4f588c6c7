"""How a run's findings leave training: the run store first, then the sender, then the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from scram_analyzers.findings import Finding, Fix, Severity, SourceRange
from scram_analyzers.run.records import RunInfo
from scram_lsp.finding_json import finding_to_json
from scram_lsp.live.sender import Sender
from scram_lsp.store.journal import RunJournal
from scram_lsp.store.observations import Record
from scram_lsp.training.console import RunConsole

if TYPE_CHECKING:
    from scram_lsp.tensorboard.run_log import RunLog

FLUSH_SECONDS = 1.0
"""How long the end of training waits for the socket; what is not through by then is in the store."""


@dataclass(frozen=True, slots=True)
class _Key:
    code: str
    range: SourceRange


class Publication:
    """Everything that one run says, each finding once (and again only when it becomes more severe)."""

    def __init__(
        self,
        info: RunInfo,
        script_digest: str,
        console: RunConsole,
        tensorboard: Path | None = None,
        *,
        can_stop: bool = False,
    ) -> None:
        self._info = info
        self._console = console
        self._journal = RunJournal(info, script_digest, console.note)
        self._log = _open_log(tensorboard, info, console)
        script = Path(info.script)
        self._sender = Sender(script, info.run, info.started, os.getpid(), script_digest, can_stop=can_stop)
        self._sender.start()
        self._told: dict[_Key, Severity] = {}
        self._sequence = 0
        self._refuted = 0

    @property
    def count(self) -> int:
        """How many different findings were published."""
        return len(self._told) - self._refuted

    @property
    def is_stored(self) -> bool:
        """Whether the run is in the store."""
        return self._journal.is_stored

    @property
    def is_stop_wanted(self) -> bool:
        """Whether the user has asked in the editor that the training ends."""
        return self._sender.stop_wanted.is_set()

    def is_news(self, finding: Finding) -> bool:
        """Whether the run has not said this yet, or less severely."""
        told = self._told.get(_Key(finding.code, finding.range))
        return told is None or finding.severity.rank < told.rank

    def publish(self, finding: Finding, fix: Fix | None) -> None:
        """Store, send and print a finding."""
        self._told[_Key(finding.code, finding.range)] = finding.severity
        self._sequence += 1
        self._journal.add_finding(self._sequence, finding, fix)
        if self._log is not None:
            self._log.add_finding(finding)
        self._sender.send(self._sequence, finding_to_json(finding, fix))
        if finding.refutation:
            self._refuted += 1
            line = finding.range.start.line
            self._console.note(f"{finding.name} ({finding.code}) on line {line} did no harm: {finding.refutation}")
        else:
            self._console.finding(finding)

    def observe(self, record: Record) -> None:
        """Keep an observation of the run; it is thinned and written in batches, so any number may come."""
        self._journal.observe(record)
        if self._log is not None:
            self._log.observe(record)

    @property
    def takes_weights(self) -> bool:
        """Whether anyone wants the weights themselves."""
        return self._log is not None

    def log_weights(self, weights: Iterable[tuple[str, Any]], step: int) -> None:
        """Keep the distribution of weights, given by name and array."""
        if self._log is not None:
            self._log.add_weights(weights, step)

    def progress(self, epoch: int, step: int, loss: float | None) -> None:
        """Tell the editor how far the run is."""
        self._sender.progress(epoch, step, self._info.epochs, loss)

    def end(self, status: Literal["finished", "failed"]) -> None:
        """Record the end of the run and let the sender finish, for `FLUSH_SECONDS` at the most."""
        self._journal.end(status)
        if self._log is not None:
            self._log.close()
        self._sender.end(status, FLUSH_SECONDS)


def _open_log(folder: Path | None, info: RunInfo, console: RunConsole) -> RunLog | None:
    if folder is None:
        return None
    from scram_lsp.tensorboard.run_log import RunLog

    return RunLog(folder, info.run, console.note)

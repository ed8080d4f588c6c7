"""A run's history that also goes into the store, record by record."""

from __future__ import annotations

from collections.abc import Callable

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import (
    EpochRecord,
    FrameworkWarning,
    PanelRecord,
    ProbeRecord,
    RunError,
    RunInfo,
    StepRecord,
)
from scram_lsp.store.observations import Record


class KeptHistory(RunHistory):
    """Hands every record on to `keep`, once.

    What is set and not added (data, origin, warnings) goes with the next step or the end.
    """

    def __init__(self, info: RunInfo, keep: Callable[[Record], None]) -> None:
        super().__init__(info)
        self._keep = keep
        self._kept: dict[str, Record] = {}
        self._warned: set[FrameworkWarning] = set()

    def add_step(self, record: StepRecord) -> None:
        """Append one step."""
        super().add_step(record)
        self._keep(record)
        self._keep_what_was_set()

    def add_epoch(self, record: EpochRecord) -> None:
        """Append one finished epoch."""
        super().add_epoch(record)
        self._keep(record)

    def add_probe(self, record: ProbeRecord) -> None:
        """Append a side look at the model."""
        super().add_probe(record)
        self._keep(record)

    def add_panel(self, record: PanelRecord) -> None:
        """Append predictions on the panel."""
        super().add_panel(record)
        self._keep(record)

    def end(self) -> None:
        """Note that training has ended."""
        super().end()
        self._keep_what_was_set()

    def fail(self, error: RunError | None) -> None:
        """Note that training was ended by an error."""
        super().fail(error)
        self._keep_what_was_set()
        if error is not None:
            self._keep(error)

    def _keep_what_was_set(self) -> None:
        for name, record in (("data", self.data), ("origin", self.origin)):
            if record is not None and self._kept.get(name) is not record:
                self._kept[name] = record
                self._keep(record)
        for warning in self.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self._keep(warning)

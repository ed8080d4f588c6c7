"""The parts of a recorder that look at the model and its batches, each when it is due and affordable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics, ProbeRecord
from scram_lsp.training.batches.batch_tap import BatchTap, Execution
from scram_lsp.training.budget import Budget
from scram_lsp.training.console import brief
from scram_lsp.training.data.array_statistics import batch_statistics
from scram_lsp.training.data.stream_rows import StreamRows
from scram_lsp.training.model.pass_cost import seconds_to_trace
from scram_lsp.training.probes.layer_probe import LayerProbe
from scram_lsp.training.probes.panel_watch import PanelWatch
from scram_lsp.training.sample_schedule import SampleSchedule


class Observer(Protocol):
    """Looks at executions before they are made. An observer that raises is switched off for the run.

    `activity` is its name in the budget, `must_see` whether it must see the batches of the execution that is due (else
    they may be `UNSEEN`). An observer never changes the model, its variables or the random
    state, and holds no more bytes than it has asked the budget for.
    """

    activity: str

    @property
    def must_see(self) -> bool:
        """See above."""

    def is_due(self, step: int) -> bool:
        """Whether it wants to see the execution that ends with `step` (from 1, over the whole fit)."""

    def passed(self, step: int) -> None:
        """The execution that was due is over: seen, or not affordable."""

    def look(self, execution: Execution, step: int, epoch: int) -> None:
        """See the execution that is about to end with `step`."""

    def report(self, history: RunHistory) -> None:
        """The execution is done and its step recorded: enter what was seen into the history."""


class Observers:
    """All observers of one run: chooses who looks at an execution, and lets the others go on when one fails.

    `note` takes a line for the user.
    """

    def __init__(self, observers: list[Observer], budget: Budget, note: Callable[[str], None]) -> None:
        self._observers = observers
        self._budget = budget
        self._note = note
        self._looking: list[Observer] = []

    def choose(self, step: int) -> bool:
        """Choose who looks at the execution that ends with `step`; whether anybody does."""
        due = [observer for observer in self._observers if observer.is_due(step)]
        if due and self._budget.affords("taking"):
            self._looking = [observer for observer in due if self._budget.affords(observer.activity)]
        for observer in due:
            observer.passed(step)
        return bool(self._looking)

    @property
    def must_see(self) -> bool:
        """Whether one of those who were chosen must see the batches."""
        return any(observer.must_see for observer in self._looking)

    def look(self, execution: Execution, step: int, epoch: int) -> None:
        """Let those who were chosen see the execution."""
        for observer in list(self._looking):
            with self._budget.spending(observer.activity):
                self._attempt(observer, lambda each: each.look(execution, step, epoch))

    def report(self, tap: BatchTap | None, history: RunHistory) -> None:
        """The execution is over: enter what it cost and what was seen."""
        if not self._looking:
            return
        if tap is not None:
            self._budget.hold_up(tap.seconds)
            self._budget.spend("taking", tap.handing_seconds)
        for observer in list(self._looking):
            self._attempt(observer, lambda each: each.report(history))
        self._looking = []

    def _attempt(self, observer: Observer, act: Callable[[Observer], None]) -> None:
        try:
            act(observer)
        except Exception as error:  # this part fails on this model; the others go on
            self._observers.remove(observer)
            self._looking.remove(observer)
            self._note(f"no longer looks at the {observer.activity} ({brief(error)})")


class BatchObserver:
    """Statistics of the inputs and targets: of a stream for as many steps as the budget affords.

    Of arrays that were read as a whole before the first step some batches are enough.
    """

    activity = "batches"
    must_see = True

    def __init__(self, consumers: Callable[[], Mapping[str, str]]) -> None:
        self.is_stream = True
        self._schedule = SampleSchedule()
        self._read_consumers = consumers
        self._consumers: Mapping[str, str] | None = None
        self._arrays: tuple[ArrayStatistics, ...] = ()
        self._rows = StreamRows()

    def is_due(self, step: int) -> bool:
        """At every step, or on the schedule of samples."""
        return self.is_stream or self._schedule.is_due(step)

    def passed(self, step: int) -> None:
        """Move the schedule on."""
        if not self.is_stream:
            self._schedule.passed(step)

    def look(self, execution: Execution, step: int, epoch: int) -> None:
        """Read the first batch of the execution."""
        if self._consumers is None:  # the model may be built by its first batch only
            self._consumers = self._read_consumers()
        batch = execution.batches[0]
        seen = batch if execution.targets is None else (batch[0], execution.targets)
        self._arrays = batch_statistics(seen, self._consumers)
        if self.is_stream:
            self._rows.look(seen, epoch)

    def end_epoch(self, panel: PanelWatch, history: RunHistory) -> None:
        """An epoch is over: see which rows of the panel the stream holds, and enter what it showed."""
        if self.is_stream:
            self._rows.compare(panel.validation_parts(), panel.is_fair)
            history.stream = self._rows.record

    def take_arrays(self) -> tuple[ArrayStatistics, ...]:
        """What was read of the last execution; nothing when it was not looked at."""
        arrays, self._arrays = self._arrays, ()
        return arrays

    def report(self, history: RunHistory) -> None:
        """The arrays are part of the step's record; what rows of a stream show is known at the ends of epochs, and
        what is known without these at once."""
        if history.info.is_overheard:
            history.stream = self._rows.of_unknown_epochs


class ProbeObserver:
    """The layer probe, on the schedule of samples."""

    activity = "layers"
    must_see = True

    def __init__(self, model: Any, budget: Budget) -> None:
        self._schedule = SampleSchedule()
        self._model = model
        self._probe = LayerProbe(model)
        self._budget = budget
        self._record: ProbeRecord | None = None

    def is_due(self, step: int) -> bool:
        """On the schedule. From when that is affordable the pass is traced, and the budget asked of that instead."""
        is_due = self._schedule.is_due(step)
        if is_due and self._probe.can_be_traced:
            seconds = seconds_to_trace(self._model, self._budget.usual(self.activity))
            if self._budget.affords_once(seconds):
                self._probe.trace()
                self._budget.begin_anew(self.activity)
        return is_due

    def passed(self, step: int) -> None:
        """Move the schedule on."""
        self._schedule.passed(step)

    def look(self, execution: Execution, step: int, epoch: int) -> None:
        """Probe the first batch with the weights before its step."""
        first = step - len(execution.batches) + 1
        self._record = self._probe.observe(execution.batches[0], first, epoch, execution.state, execution.form)

    def report(self, history: RunHistory) -> None:
        """Enter the record; old ones leave when all together take more memory than there is."""
        record, self._record = self._record, None
        if record is None:
            return
        history.add_probe(record)
        while len(history.probes) > 1 and not self._budget.hold("layers", len(history.probes) * _byte_size(record)):
            history.probes.popleft()


class PanelObserver:
    """Keeps the first batch for the panel where there are no arrays to take its rows from."""

    activity = "panel's rows"
    must_see = True

    def __init__(self, panel: PanelWatch) -> None:
        self._panel = panel
        self._is_over = False

    def is_due(self, step: int) -> bool:
        """Once."""
        return not self._is_over and self._panel.needs_training_batch

    def passed(self, step: int) -> None:
        """See `is_due`."""
        self._is_over = True

    def look(self, execution: Execution, step: int, epoch: int) -> None:
        """Take the rows."""
        self._panel.see_training_batch(execution)

    def report(self, history: RunHistory) -> None:
        """The panel is predicted at the end of the epoch."""


def _byte_size(record: ProbeRecord) -> int:
    """About the memory of a record: a slot and a number for each field."""
    return 500 * (1 + len(record.layers)) + 350 * len(record.weights)

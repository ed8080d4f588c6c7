"""The parts of a recorder that look at the model and its batches, each when it is due and affordable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics
from scram_lsp.training.array_statistics import batch_statistics
from scram_lsp.training.batch_tap import Execution
from scram_lsp.training.sample_schedule import SampleSchedule


class Observer(Protocol):
    """Looks at executions before they are made. An observer that raises is switched off for the run.

    `activity` is its name in the budget. An observer never changes the model, its variables or the random
    state, and holds no more bytes than it has asked the budget for.
    """

    activity: str

    def is_due(self, step: int) -> bool:
        """Whether it wants to see the execution that ends with `step` (from 1, over the whole fit)."""

    def passed(self, step: int) -> None:
        """The execution that was due is over: seen, or not affordable."""

    def look(self, execution: Execution, step: int, epoch: int) -> None:
        """See the execution that is about to end with `step`."""

    def report(self, history: RunHistory) -> None:
        """The execution is done and its step recorded: enter what was seen into the history."""


class BatchObserver:
    """Statistics of the inputs and targets of as many steps as the budget affords."""

    activity = "batches"

    def __init__(self, consumers: Callable[[], Mapping[str, str]]) -> None:
        self._read_consumers = consumers
        self._consumers: Mapping[str, str] | None = None
        self._arrays: tuple[ArrayStatistics, ...] = ()

    def is_due(self, step: int) -> bool:
        """At every step."""
        return True

    def passed(self, step: int) -> None:
        """There is no schedule to move."""

    def look(self, execution: Execution, step: int, epoch: int) -> None:
        """Read the first batch of the execution."""
        if self._consumers is None:  # the model may be built by its first batch only
            self._consumers = self._read_consumers()
        self._arrays = batch_statistics(execution.batches[0], self._consumers)

    def take_arrays(self) -> tuple[ArrayStatistics, ...]:
        """What was read of the last execution; nothing when it was not looked at."""
        arrays, self._arrays = self._arrays, ()
        return arrays

    def report(self, history: RunHistory) -> None:
        """The arrays are part of the step's record."""


class Sampled:
    """The schedule of an observer that looks now and then; to inherit from."""

    def __init__(self, interval: int) -> None:
        self._schedule = SampleSchedule(interval)

    def is_due(self, step: int) -> bool:
        """On the schedule."""
        return self._schedule.is_due(step)

    def passed(self, step: int) -> None:
        """Move the schedule on."""
        self._schedule.passed(step)

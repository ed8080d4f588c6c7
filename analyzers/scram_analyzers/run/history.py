"""The history of one run, as far as it has come: what `Rule.check_run` reads."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable

from scram_analyzers.run.records import EpochRecord, RunInfo, StepRecord

STEPS_KEPT = 2000
"""Steps held in memory; older ones are dropped, so a run of any length is bounded."""


class Moment(enum.Enum):
    """Why the rules are asked now."""

    BEGIN = "begin"
    STEP = "step"
    EPOCH = "epoch"
    END = "end"


class RunHistory:
    """Everything seen of one run so far; the training side appends, rules only read.

    `first_loss` is the first batch loss that was read, the untrained model's, kept when its step is not.
    """

    def __init__(self, info: RunInfo) -> None:
        self.info = info
        self.moment = Moment.BEGIN
        self.steps: deque[StepRecord] = deque(maxlen=STEPS_KEPT)
        self.epochs: list[EpochRecord] = []
        self.first_loss: float | None = None
        self.last_step = 0
        self.last_epoch = 1

    def begin(self) -> None:
        """Note that training is about to start."""
        self.moment = Moment.BEGIN

    def add_step(self, record: StepRecord) -> None:
        """Append one step."""
        self.moment = Moment.STEP
        self.steps.append(record)
        if self.first_loss is None:
            self.first_loss = record.loss
        self.last_step = record.step
        self.last_epoch = record.epoch

    def add_epoch(self, record: EpochRecord) -> None:
        """Append one finished epoch."""
        self.moment = Moment.EPOCH
        self.epochs.append(record)
        self.last_step = record.step
        self.last_epoch = record.epoch

    def end(self) -> None:
        """Note that training has ended."""
        self.moment = Moment.END

    def metric(self, name: str) -> list[float]:
        """The values of a logged metric at the end of each epoch that logged it."""
        values = (record.value(name) for record in self.epochs)
        return [value for value in values if value is not None]

    def losses(self) -> Iterable[tuple[int, float]]:
        """Pairs of step and batch loss, oldest first, where the loss was read."""
        return ((record.step, record.loss) for record in self.steps if record.loss is not None)

"""The history of one run, as far as it has come: what `Rule.check_run` reads."""

from __future__ import annotations

import copy
import enum
import functools
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from scram_analyzers.run.records import (
    DataRecord,
    EpochRecord,
    FrameworkWarning,
    NonfiniteOrigin,
    PanelRecord,
    ProbeRecord,
    QuestionRecord,
    RunError,
    RunInfo,
    StepRecord,
    StreamRecord,
)

STEPS_KEPT = 2000
"""Steps held in memory; older ones are dropped, so a run of any length is bounded."""

PROBES_KEPT = 200
"""Probes and panels held in memory, the newest; the first of each is kept besides."""

EPOCHS_KEPT = 500
"""Epochs held in memory, the newest."""

WARNINGS_KEPT = 50

Answer = TypeVar("Answer")


class Moment(enum.Enum):
    """Why the rules are asked now."""

    BEGIN = "begin"
    STEP = "step"
    EPOCH = "epoch"
    END = "end"
    FAILED = "failed"
    ASKED = "asked"


class RunHistory:
    """Everything seen of one run so far; the training side appends, rules only read.

    `first_loss` is the first batch loss that was read, the untrained model's, kept when its step is not;
    `first_probe` and `first_panel` likewise. `data` is None until the arrays given to fit were looked at,
    `origin` until a NaN was traced to where it began, `stream` where there is none, `error` of a run that none ended,
    `question` but while the trained model is asked one.
    """

    def __init__(self, info: RunInfo) -> None:
        self.info = info
        self.moment = Moment.BEGIN
        self.steps: deque[StepRecord] = deque(maxlen=STEPS_KEPT)
        self.epochs: list[EpochRecord] = []
        self.first_loss: float | None = None
        self.data: DataRecord | None = None
        self.probes: deque[ProbeRecord] = deque(maxlen=PROBES_KEPT)
        self.first_probe: ProbeRecord | None = None
        self.panels: deque[PanelRecord] = deque(maxlen=PROBES_KEPT)
        self.first_panel: PanelRecord | None = None
        self.origin: NonfiniteOrigin | None = None
        self.stream: StreamRecord | None = None
        self.warnings: deque[FrameworkWarning] = deque(maxlen=WARNINGS_KEPT)
        self.error: RunError | None = None
        self.question: QuestionRecord | None = None
        self.last_step = 0
        self.last_epoch = 1
        self._answers: dict[Callable[[RunHistory], object], object] = {}
        self._metrics: dict[str, list[float]] = {}

    def begin(self) -> None:
        """Note that training is about to start."""
        self._move(Moment.BEGIN)

    def add_step(self, record: StepRecord) -> None:
        """Append one step."""
        self._move(Moment.STEP)
        self.steps.append(record)
        if self.first_loss is None:
            self.first_loss = record.loss
        self.last_step = record.step
        self.last_epoch = record.epoch

    def add_epoch(self, record: EpochRecord) -> None:
        """Append one finished epoch."""
        self._move(Moment.EPOCH)
        self.epochs.append(record)
        del self.epochs[:-EPOCHS_KEPT]
        self._metrics.clear()
        self.last_step = record.step
        self.last_epoch = record.epoch

    def add_probe(self, record: ProbeRecord) -> None:
        """Append a side look at the model."""
        self._answers.clear()
        self.probes.append(record)
        self.first_probe = self.first_probe or record

    def add_panel(self, record: PanelRecord) -> None:
        """Append predictions on the panel."""
        self._answers.clear()
        self.panels.append(record)
        self.first_panel = self.first_panel or record

    def end(self) -> None:
        """Note that training has ended."""
        self._move(Moment.END)

    def fail(self, error: RunError | None) -> None:
        """Note that training was ended by an error, which may not be known."""
        self._move(Moment.FAILED)
        self.error = error

    def answer(self, question: Callable[[RunHistory], Answer]) -> Answer:
        """What `question` says of this history; asked once for as long as nothing is added."""
        if question not in self._answers:
            self._answers[question] = question(self)
        return cast("Answer", self._answers[question])

    def copy(self) -> RunHistory:
        """The history as it stands now, for a reader on another thread."""
        twin = copy.copy(self)
        twin.steps, twin.epochs = self.steps.copy(), self.epochs.copy()
        twin.probes, twin.panels, twin.warnings = self.probes.copy(), self.panels.copy(), self.warnings.copy()
        twin._answers, twin._metrics = {}, {}
        return twin

    def metric(self, name: str) -> list[float]:
        """The values of a logged metric at the end of each epoch that logged it."""
        if name not in self._metrics:
            values = (record.value(name) for record in self.epochs)
            self._metrics[name] = [value for value in values if value is not None]
        return self._metrics[name].copy()

    def losses(self) -> Sequence[tuple[int, float]]:
        """Pairs of step and batch loss, oldest first, where the loss was read."""
        return self.answer(_losses)

    @property
    def looked_at(self) -> Sequence[StepRecord]:
        """The steps whose batch was looked at, oldest first: few of them, in a long run."""
        return self.answer(_looked_at)

    def _move(self, moment: Moment) -> None:
        self.moment = moment
        self._answers.clear()


def _losses(history: RunHistory) -> Sequence[tuple[int, float]]:
    return tuple([(record.step, record.loss) for record in history.steps if record.loss is not None])


def _looked_at(history: RunHistory) -> Sequence[StepRecord]:
    return tuple([record for record in history.steps if record.arrays])


def asked_once(question: Callable[[RunHistory], Answer]) -> Callable[[RunHistory], Answer]:
    """Several rules ask the same of a history: remember the answer until the history grows.

    `data`, `origin` and `warnings` are set between two records; they show from the next one on.
    """

    @functools.wraps(question)
    def remembered(history: RunHistory) -> Answer:
        return history.answer(question)

    return remembered

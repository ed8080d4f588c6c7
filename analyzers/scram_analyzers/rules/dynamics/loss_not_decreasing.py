"""SCR603 loss-not-decreasing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Cause, Rule, RunReport
from scram_analyzers.rules.references import DEEP_LEARNING_BOOK, RECIPE, THE_DEEP_CHECKER
from scram_analyzers.rules.symptoms import NOT_LEARNING, causes_of
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import standstill
from scram_analyzers.run.observed_causes import never_moved
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.still_loss import still_loss
from scram_analyzers.run.training_at_chance import training_at_chance
from scram_analyzers.run.wording import counted

LONG_STANDSTILL = 5
"""Epochs after which a run at chance is told of even if nothing else is wrong with it."""


class LossNotDecreasing(Rule):
    """The training loss stands still at what a blind guess would give."""

    code = "SCR603"
    name = "loss-not-decreasing"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a run whose training loss has not moved for several epochs and is no better than a blind guess's"
    why = (
        "The model has learned nothing yet, and more epochs of the same will not change that: something keeps the "
        "weights from moving in a useful direction."
    )
    how = (
        "Look at the named causes in their order, change one thing at a time, and try the model on one batch of 16 "
        "rows first: a sound program brings that loss close to zero within a few hundred steps."
    )
    references = (THE_DEEP_CHECKER, RECIPE, DEEP_LEARNING_BOOK)
    false_alarms = (
        "A hard task can stand on such a plateau for some epochs and then leave it. Only runs of three epochs and more "
        "are judged, and only with a cause."
    )
    symptom_of = NOT_LEARNING
    needs_cause = True

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a standstill, with what the run shows of its causes."""
        seen = standstill(history)
        if seen is None:
            others = (_unmoved,) if never_moved(history) else (_overheard, _at_chance)
            yield from itertools.chain.from_iterable(other(history) for other in others)
            return
        causes = causes_of(history)
        severity = None
        if not causes and history.moment is Moment.END and seen.epoch - seen.since >= LONG_STANDSTILL:
            causes = (
                Cause("the targets may not belong to the inputs: their order, or their pairing", TARGETS, "SCR218"),
            )
            severity = Severity.INFO
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"The model does not learn: {seen.clause}.",
            step=seen.step,
            epoch=seen.epoch,
            severity=severity,
            clause=seen.clause,
            causes=causes,
        )


def _overheard(history: RunHistory) -> Iterator[RunReport]:
    """A loop whose loss is all that is known, and stands."""
    still = still_loss(history)
    if still is not None:
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"The model does not learn: {still.clause}.",
            step=still.step,
            epoch=history.last_epoch,
            clause=still.clause,
            causes=causes_of(history),
        )


def _unmoved(history: RunHistory) -> Iterator[RunReport]:
    """A training none of whose steps changes a weight, whatever its loss is measured by."""
    clause = f"after {counted(history.last_step, 'step')} all weights are what they were before"
    yield RunReport(
        subject=Subject(SubjectKind.OPTIMIZER),
        message=f"The model does not learn: {clause}.",
        step=history.last_step,
        epoch=history.last_epoch,
        clause=clause,
        causes=causes_of(history),
    )


def _at_chance(history: RunHistory) -> Iterator[RunReport]:
    """A training by a loss of the program's own that never got beyond a guess."""
    seen = training_at_chance(history)
    if seen is None:
        return
    causes, is_over = causes_of(history), history.moment is Moment.END
    own = Cause(
        "the model's own training step may change the inputs or targets, or learn from another loss than it tells",
        Subject(SubjectKind.TRAIN_STEP),
    )
    yield RunReport(
        subject=Subject(SubjectKind.FIT),
        message=f"The model does not learn: {seen.clause}.",
        step=history.last_step,
        epoch=history.last_epoch,
        severity=None if causes else Severity.INFO,
        clause=seen.clause,
        causes=causes or ((own,) if is_over and not history.info.losses else ()),
    )


TARGETS = Subject(SubjectKind.TARGETS)

"""SCR706 underfitting."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Cause, Option, Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER, DEEP_CHECKS, THE_DEEP_CHECKER
from scram_analyzers.rules.symptoms import NOT_LEARNING, causes_of
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import accuracy_name
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import baseline
from scram_analyzers.run.wording import share

EPOCHS = 5
STEPS = 100
NARROW = 4
"""Units of a hidden layer that hardly anything passes through."""


class Underfitting(Rule):
    """The run is over and the model has learned next to nothing."""

    code = "SCR706"
    name = "underfitting"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a finished run whose training accuracy is hardly better than a blind guess"
    why = (
        "The model can't even tell its own training rows apart: it is too small, held back by regularization, or "
        "was not trained long enough."
    )
    how = (
        "Take the regularization away first; then make the model wider, train for longer, and check that the "
        "inputs hold what is needed."
    )
    references = (
        AUTO_TRAINER,
        DEEP_CHECKS,
        THE_DEEP_CHECKER,
    )
    false_alarms = "Tasks that are mostly chance, such as markets."
    options = (Option("gain", 0.1, "share of the way from a blind guess to perfection", "deepchecks"),)
    symptom_of = (*NOT_LEARNING, "SCR603", "SCR604", "SCR605", "SCR613", "SCR210", "SCR211", "SCR110")
    needs_cause = True

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """At the end of a run of several epochs, with what may hold it back."""
        known, last = baseline(history), history.epochs[-1] if history.epochs else None
        if history.moment is not Moment.END or known is None or last is None or len(history.epochs) < EPOCHS:
            return
        name = accuracy_name(last)
        accuracy = last.value(name) if name is not None else None
        if known.accuracy is None or accuracy is None or history.last_step < STEPS:
            return
        if accuracy >= known.accuracy + self.option("gain") * (1 - known.accuracy):
            return
        clause = (
            f"after {len(history.epochs)} epochs the training accuracy is {share(accuracy)}, and always guessing the "
            f"most frequent class gives {share(known.accuracy)}"
        )
        yield RunReport(
            subject=Subject(SubjectKind.MODEL),
            message=f"The model underfits: {clause}.",
            step=history.last_step,
            epoch=history.last_epoch,
            clause=clause,
            causes=(*causes_of(history), *_small_model(history)),
        )


def _small_model(history: RunHistory) -> Iterator[Cause]:
    for layer in history.info.layers[:-1]:
        if layer.units is not None and layer.units <= NARROW and layer.class_name == "Dense":
            yield Cause(
                f'"{layer.name}" has {layer.units} units only', Subject(SubjectKind.LAYER, layer.name), "SCR322"
            )
            return

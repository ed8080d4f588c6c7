"""SCR614 training-loss-vanished."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import accuracy_name
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import CROSS_ENTROPIES
from scram_analyzers.run.wording import rounded, share

EPOCHS = 3


class TrainingLossVanished(Rule):
    """The training loss is practically zero while validation gets no better."""

    code = "SCR614"
    name = "training-loss-vanished"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a training loss of practically zero while the validation loss gets no better"
    why = "Every training sample is known by heart: further epochs can't teach the model anything more."
    how = "Stop here (EarlyStopping does it by itself), or make the task harder: dropout, augmentation, more data."
    references = (THE_DEEP_CHECKER,)
    false_alarms = "An easy task that the model has simply solved."
    options = (Option("loss", 1e-5, "cross-entropy that is practically zero", "TheDeepChecker"),)
    symptom_of = ("SCR202", "SCR601", "SCR409", "SCR702", "SCR501", "SCR705", "SCR425")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a cross-entropy of practically zero for three epochs without a better validation."""
        if nothing := list(_of_nothing(history)):
            yield from nothing
            return
        losses, validation = history.metric("loss")[-EPOCHS:], history.metric("val_loss")
        if len(history.info.losses) != 1 or history.info.losses[0] not in CROSS_ENTROPIES:
            return
        if (
            len(losses) < EPOCHS
            or len(validation) <= EPOCHS
            or not all(0 <= loss <= self.option("loss") for loss in losses)
        ):
            return
        best = min(validation[:-EPOCHS])
        if min(validation[-EPOCHS:]) < best:
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=(
                f"The training loss has been practically zero ({rounded(losses[-1], 1)}) for {EPOCHS} epochs, and the "
                f"validation loss ({rounded(validation[-1])}) has not come below its {rounded(best)}."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
        )


STEPS = 20


def _of_nothing(history: RunHistory) -> Iterator[RunReport]:
    """A loss that is exactly 0 from the first step on, though the answers are wrong: it is weighted by 0."""
    losses = [loss for _, loss in history.losses()]
    name = accuracy_name(history.epochs[-1]) if history.epochs else None
    accuracy = history.epochs[-1].value(name) if name is not None else None
    if len(losses) < STEPS or any(losses) or history.first_loss != 0 or accuracy is None or accuracy > RIGHT:
        return
    yield RunReport(
        subject=Subject(SubjectKind.LOSS),
        message=(
            f"The loss has been exactly 0 since the first step, though {share(1 - accuracy)} of the answers are wrong: "
            "see that nothing multiplies it by 0 (loss_weights, class_weight, sample_weight, a mask)."
        ),
        why="A loss of 0 has no slope: no weight moves, and nothing is learned.",
        step=history.last_step,
        epoch=history.last_epoch,
        severity=Severity.ERROR,
        symptom_of=ZERO_ALREADY_EXPLAINED,
    )


RIGHT = 0.98
"""Answers that are right as often may have a loss that rounds to 0. Ours."""

ZERO_ALREADY_EXPLAINED = ("SCR409", "SCR425")
"""One unit whose softmax is always 1, and outputs without any weight."""

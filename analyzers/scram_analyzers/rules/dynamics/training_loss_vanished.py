"""SCR614 training-loss-vanished."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import CROSS_ENTROPIES
from scram_analyzers.run.wording import rounded

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

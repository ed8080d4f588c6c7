"""SCR705 overtraining."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import SAGEMAKER, TUNING_PLAYBOOK
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import rounded

KEEPERS = frozenset({"EarlyStopping", "ModelCheckpoint", "BackupAndRestore"})


class Overtraining(Rule):
    """The best epoch was long before the end, and its weights are lost."""

    code = "SCR705"
    name = "overtraining"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a run that went on for long after its best validation loss"
    why = (
        "The weights that are kept are those of the last epoch, not of the best one; the epochs after it cost "
        "time and made the model worse."
    )
    how = "EarlyStopping(patience=3, restore_best_weights=True) stops in time and brings the best weights back."
    references = (
        SAGEMAKER,
        TUNING_PLAYBOOK,
    )
    false_alarms = "Runs that get better again late."
    options = (
        Option("epochs", 10, "shortest run that is judged", "scram"),
        Option("share", 0.5, "the best epoch comes before this share of the run", "SageMaker Debugger"),
        Option("rise", 1.05, "last validation loss against the best", "scram"),
    )
    symptom_of = ("SCR202", "SCR601", "SCR602", "SCR101", "SCR702", "SCR501")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """At the end of a run without a callback that keeps the best weights."""
        losses = history.metric("val_loss")
        if (
            history.moment is not Moment.END
            or len(losses) < self.option("epochs")
            or KEEPERS & set(history.info.callbacks)
            or not all(map(math.isfinite, losses))  # loss-not-finite says that
        ):
            return
        best = min(range(len(losses)), key=losses.__getitem__)
        if best + 1 >= self.option("share") * len(losses) or losses[-1] <= self.option("rise") * losses[best]:
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=(
                f"The validation loss was best in epoch {history.epochs[best].epoch} ({rounded(losses[best])}) and "
                f"ended at {rounded(losses[-1])} after {history.last_epoch} epochs; the best weights are gone."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
            recipe="callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)]",
        )

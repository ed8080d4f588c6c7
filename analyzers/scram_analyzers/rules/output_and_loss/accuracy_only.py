"""SCR419 accuracy-only."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import SAGEMAKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import is_classification
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import class_shares, targets
from scram_analyzers.run.wording import share

MOST_CLASSES = 5
"""Of many classes each one is rare."""


class AccuracyOnly(Rule):
    """Accuracy as the only measure of an imbalanced task."""

    code = "SCR419"
    name = "accuracy-only"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "accuracy as the only metric although one class is rare"
    why = (
        "Always answering with the frequent class already gives a high accuracy: the number says nothing about "
        "the rare class, which is usually the one that matters."
    )
    how = "Add keras.metrics.AUC(), Precision() and Recall(), or F1Score(), and judge by them."
    references = (SAGEMAKER,)
    false_alarms = "Where both kinds of mistakes cost the same."
    options = (Option("share", 0.1, "share of the rarest class", "dslinter; SageMaker Debugger"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report it after the first epoch, from the names in its logs."""
        shares = tuple(filter(None, class_shares(targets(history))))  # a column that no row has is no rare class
        if not history.epochs or not shares or min(shares) >= self.option("share") or not is_classification(history):
            return
        if len(shares) > MOST_CLASSES:
            return
        names = {name.removeprefix("val_") for name, _ in history.epochs[0].logs} - {"loss", "learning_rate", "lr"}
        if not names or not all("acc" in name for name in names):
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=(
                f"Accuracy is the only metric, and the rarest class has {share(min(shares))} of the rows: always "
                f"guessing the most frequent one gives {share(max(shares))}."
            ),
            epoch=1,
            recipe='metrics=["accuracy", keras.metrics.AUC()]',
        )

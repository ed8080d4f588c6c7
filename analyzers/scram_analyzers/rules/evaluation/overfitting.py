"""SCR702 overfitting."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Reference, Rule, RunReport
from scram_analyzers.rules.symptoms import OVERFITTING_ALIKE, alike_overfitting, judged_by_a_handful
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.overfitting import overfitting
from scram_analyzers.run.records import Subject, SubjectKind


class Overfitting(Rule):
    """The model learns the training data by heart."""

    code = "SCR702"
    name = "overfitting"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a run whose validation loss rises for three epochs (five while a long one goes on) as training improves"
    why = (
        "The model is learning the training samples by heart instead of what they have in common: each "
        "further epoch makes it better on what it has seen and worse on anything new."
    )
    how = (
        "Stop at the best epoch with keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True), "
        "and make memorizing harder: Dropout(0.3) between the dense layers, weight decay, data "
        "augmentation, a smaller network, or more data."
    )
    references = (
        Reference("Goodfellow, Bengio, Courville: Deep Learning, chapter 7", "https://www.deeplearningbook.org/"),
        Reference("Keras: EarlyStopping", "https://keras.io/api/callbacks/early_stopping/"),
        Reference("Prechelt: Early stopping, but when? (1998)"),
    )
    false_alarms = (
        "Where only the ranking or the accuracy counts, a rising validation loss at a steady validation "
        "accuracy can be harmless: the model is growing overconfident, not worse. A small rise is then for information."
    )

    symptom_of = OVERFITTING_ALIKE

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """One report as of the last epoch. A run with EarlyStopping has its answer and is left alone."""
        if "EarlyStopping" in history.info.callbacks:
            return
        found = overfitting(history)
        if found is None:
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"The model overfits: {found.phrase}.",
            step=found.step,
            epoch=found.epoch,
            clause=found.phrase,
            symptom_of=alike_overfitting(history),
            severity=Severity.INFO if found.is_mild or judged_by_a_handful(history) else None,
            recipe="callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)]",
        )

"""SCR708 class-never-right."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import SAGEMAKER
from scram_analyzers.rules.symptoms import NOT_LEARNING
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.missed_class import missed_class
from scram_analyzers.run.records import Subject, SubjectKind


class ClassNeverRight(Rule):
    """A class whose rows are nearly always taken for others."""

    code = "SCR708"
    name = "class-never-right"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a class that the model hardly ever gets right although it tells the others apart"
    why = "The overall accuracy hides it: for this class the model is of no use."
    how = (
        "Give fit a class_weight, add rows of this class, and look at some of its rows: their labels or their "
        "preparation may differ."
    )
    references = (SAGEMAKER,)
    false_alarms = "Classes that overlap by nature."
    options = (Option("recall", 0.3, "share of the rows of the class that are recognized", "SageMaker Debugger"),)
    symptom_of = (*NOT_LEARNING, "SCR210", "SCR211", "SCR220", "SCR603", "SCR604", "SCR605", "SCR706")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the class with the lowest recall, when that lasts."""
        missed = missed_class(history)
        if missed is None or missed.recall >= self.option("recall"):
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"The model is good at some classes only: {missed.clause}.",
            step=missed.step,
            epoch=missed.epoch,
            severity=None if missed.is_severe else Severity.INFO,
        )

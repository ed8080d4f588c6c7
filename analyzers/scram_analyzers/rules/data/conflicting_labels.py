"""SCR227 conflicting-labels."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import is_classification
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import share


class ConflictingLabels(Rule):
    """Rows with the same inputs and different labels."""

    code = "SCR227"
    name = "conflicting-labels"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "training rows that are equal in their inputs and not in their labels"
    why = "No model can be right on both: such rows cap the accuracy, and often show labels that were mixed up."
    how = (
        "Look at some of these rows by hand. If they are errors, correct or drop them; if the inputs lack "
        "something that tells them apart, add it."
    )
    references = (DEEP_CHECKS,)
    false_alarms = (
        "Tables of few columns, or noisy measurements, where equal inputs with different outcomes are the nature "
        "of the task."
    )
    options = (Option("share", 0.01, "share of the rows that were looked at", "scram; deepchecks (any)"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a noticeable share of conflicting rows in a classification."""
        data = history.data
        if data is None or not data.conflicting_rows or not data.training_rows_hashed:
            return
        conflicting = data.conflicting_rows / data.training_rows_hashed
        if conflicting < self.option("share") or not is_classification(history):
            return
        yield RunReport(
            subject=Subject(SubjectKind.TARGETS),
            message=(
                f"{data.conflicting_rows:,} of {data.training_rows_hashed:,} training rows ({share(conflicting)}) have "
                "the same inputs as another row and a different label."
            ),
        )

"""SCR220 new-labels-in-validation."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS, VALIDATING_DATA
from scram_analyzers.run.data_parts import shares_by_label, target_pair
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import counted, listed, share


class NewLabelsInValidation(Rule):
    """The validation data have classes that the training data lack."""

    code = "SCR220"
    name = "new-labels-in-validation"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "validation labels that are not among the training labels"
    why = (
        "The model can't learn a class that it never sees: these validation rows are always wrong, and the "
        "training set is not what it should be."
    )
    how = (
        "Split at random with stratify=y, or see why the training part lacks the class (sorted data, a filter, "
        "another numbering of the labels)."
    )
    references = (
        DEEP_CHECKS,
        VALIDATING_DATA,
    )
    false_alarms = "Open-set tasks, where new classes are the point."
    options = (Option("share", 0.01, "share of the validation rows from which on it is no rare class", "scram"),)
    symptom_of = ("SCR211",)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report them when all training labels were read."""
        train, validation = target_pair(history)
        if train is None or validation is None or train.rows is None or train.rows_read < train.rows:
            return
        known, seen = shares_by_label(train), shares_by_label(validation)
        new = sorted(label for label, share in seen.items() if share > 0 and label not in known)
        if not known or not new or train.label_form is not validation.label_form:
            return
        rows = sum(seen[label] for label in new)
        severity = None if rows >= self.option("share") else Severity.HINT
        yield RunReport(
            subject=Subject(SubjectKind.VALIDATION),
            message=(
                f"{counted(len(new), 'class', 'classes')} of the validation labels "
                f"({listed(f'{label:g}' for label in new)}) "
                f"are in no training row; they are {share(rows)} of the validation rows."
            ),
            severity=severity,
        )

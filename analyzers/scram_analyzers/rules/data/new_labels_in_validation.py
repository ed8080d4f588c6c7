"""SCR220 new-labels-in-validation."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS, VALIDATING_DATA
from scram_analyzers.run.batches import target_ranges
from scram_analyzers.run.data_parts import have_the_same_form, shares_by_label, target_pairs
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import DataArray, Subject, SubjectKind
from scram_analyzers.run.task import the_output
from scram_analyzers.run.wording import counted, listed, share

EPOCHS = 1
BATCHES = 30
PANEL_ROWS = 100
"""A stream has shown its labels after so many epochs and batches; validation in so many rows. Ours."""


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
        pairs = target_pairs(history)
        if not any(_is_read(train) for train, _ in pairs):
            yield from self._in_batches(history)
        for train, validation in pairs:
            if _is_read(train):
                yield from self._beyond(train, validation, f" {train.name}" if len(pairs) > 1 else "")

    def _beyond(self, train: DataArray, validation: DataArray, name: str) -> Iterator[RunReport]:
        """Classes of one validation target that the training target of that name never has."""
        known, seen = shares_by_label(train), shares_by_label(validation)
        new = sorted(label for label in seen if label not in known)
        if not known or not new or not have_the_same_form(train, validation):
            return
        rows = sum(seen[label] for label in new)
        severity = None if rows >= self.option("share") else Severity.HINT
        yield RunReport(
            subject=Subject(SubjectKind.VALIDATION),
            message=(
                f"{counted(len(new), 'class', 'classes')} of the validation labels{name} "
                f"({listed(f'{label:g}' for label in new)}) "
                f"{'is' if len(new) == 1 else 'are'} in no training row; {share(rows)} of the validation rows have "
                f"{'it' if len(new) == 1 else 'them'}."
            ),
            severity=severity,
        )

    def _in_batches(self, history: RunHistory) -> Iterator[RunReport]:
        """Class numbers of the panel beyond all that many batches of training held, where there are no arrays."""
        panel = history.panels[-1] if history.panels else None
        if panel is None or not panel.is_validation or len(panel.outputs) != 1 or history.last_epoch <= EPOCHS:
            return
        confusion = panel.outputs[0].confusion
        counts = {label: sum(row) for label, row in enumerate(confusion)}
        ranges = target_ranges(history)
        if len(ranges) < BATCHES or sum(counts.values()) < PANEL_ROWS or not _counts_classes(history):
            return
        low, high = min(start for start, _ in ranges), max(end for _, end in ranges)
        new = [label for label, count in counts.items() if count and not low <= label <= high]
        rows = sum(counts[label] for label in new) / sum(counts.values())
        if new and rows >= self.option("share"):
            yield RunReport(
                subject=Subject(SubjectKind.VALIDATION),
                message=(
                    f"{counted(len(new), 'class', 'classes')} of the validation labels "
                    f"({listed(f'{label:g}' for label in new)}) {'is' if len(new) == 1 else 'are'} in none of "
                    f"{len(ranges)} training batches, but in {share(rows)} of the validation rows looked at."
                ),
            )


def _is_read(train: DataArray) -> bool:
    """Whether all of its rows were looked at."""
    return train.rows is not None and train.rows_read >= train.rows


def _counts_classes(history: RunHistory) -> bool:
    """Whether the targets are class numbers, which their range then tells."""
    output = the_output(history)
    return output is not None and output.loss == "sparse_categorical_crossentropy"

"""SCR229 validation-drift."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS, VALIDATING_DATA
from scram_analyzers.run.data_parts import (
    have_the_same_form,
    input_pair,
    is_no_chance,
    shares_by_label,
    target_pair,
    total_variation,
)
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import DataArray, LabelForm, Subject, SubjectKind
from scram_analyzers.run.wording import rounded, share

ENOUGH_ROWS = 200
"""Validation rows below which a difference is chance."""

SORTED = 0.5
"""Labels as far apart as this, with classes of training that validation has none of, were sorted. As for SCR211."""

ROWS_OF_NUMBERS = 30
SHUFFLED = "order = np.random.permutation(len(x))\nx, y = x[order], y[order]"


class ValidationDrift(Rule):
    """Training and validation data are distributed differently."""

    code = "SCR229"
    name = "validation-drift"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "validation inputs or labels that are distributed differently from those of training"
    why = (
        "The model is judged on other data than it learns from: the gap between the two losses then says more "
        "about the split than about the model."
    )
    how = "Split at random (stratified by label), or keep the split and expect the gap where the data change over time."
    references = (
        DEEP_CHECKS,
        VALIDATING_DATA,
    )
    false_alarms = "Splits by time or by group differ on purpose: for information only."
    options = (
        Option("labels", 0.15, "total variation distance of the labels", "deepchecks"),
        Option("inputs", 1.0, "shift of the inputs' mean, in deviations", "scram"),
    )
    symptom_of = ("SCR207", "SCR211", "SCR220")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report labels first, inputs else."""
        train, validation = target_pair(history)
        apart = _ranges_apart(train, validation) if train is not None and validation is not None else None
        if apart is not None:
            yield RunReport(
                subject=Subject(SubjectKind.VALIDATION),
                message=f"{apart}. The rows seem to have been sorted by target when they were split.",
                severity=Severity.WARNING,
                recipe=SHUFFLED,
            )
            return
        if train is None or validation is None or (validation.rows or 0) < ENOUGH_ROWS:
            return
        known, seen = shares_by_label(train), shares_by_label(validation)
        distance = total_variation(known, seen) if known and seen else 0.0
        sorted_apart = False
        if len(known) > 1 and distance > self.option("labels") and have_the_same_form(train, validation):
            label = max(known, key=lambda each: abs(known[each] - seen.get(each, 0.0)))
            clause: str | None = (
                f"class {label:g} is {share(known[label])} of training and {share(seen.get(label, 0.0))} of validation"
            )
            sorted_apart = distance > SORTED and any(
                label not in seen and is_no_chance(known[label], validation.rows or 0) for label in known
            )
        else:
            clause = self._inputs(history)
        if clause is not None:
            order = ". The rows seem to have been sorted by label when they were split" if sorted_apart else ""
            yield RunReport(
                subject=Subject(SubjectKind.VALIDATION),
                message=f"Training and validation data differ: {clause}{order}.",
                severity=Severity.WARNING if sorted_apart else None,
                recipe=SHUFFLED if sorted_apart else "",
            )

    def _inputs(self, history: RunHistory) -> str | None:
        train, validation = input_pair(history)
        if train is None or validation is None or not train.deviation:
            return None
        if train.mean is None or validation.mean is None:
            return None
        shift = abs(validation.mean - train.mean) / train.deviation
        if shift <= self.option("inputs"):
            return None
        return (
            f"the mean of the inputs is {rounded(train.mean)} in training and {rounded(validation.mean)} in validation"
        )


def _ranges_apart(train: DataArray, validation: DataArray) -> str | None:
    """What is said of measured targets of which those of validation begin where those of training end."""
    if not (train.label_form is validation.label_form is LabelForm.CONTINUOUS) or validation.rows is None:
        return None
    if train.rows is None or min(train.rows, validation.rows) < ROWS_OF_NUMBERS:
        return None
    if None in (train.minimum, train.maximum, validation.minimum, validation.maximum):
        return None
    if validation.minimum < train.maximum and validation.maximum > train.minimum:  # type: ignore[operator]
        return None
    return (
        f"The targets run from {rounded(train.minimum or 0.0)} to {rounded(train.maximum or 0.0)} in training and from "
        f"{rounded(validation.minimum or 0.0)} to {rounded(validation.maximum or 0.0)} in validation"
    )

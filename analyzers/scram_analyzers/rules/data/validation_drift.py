"""SCR229 validation-drift."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS, VALIDATING_DATA
from scram_analyzers.run.data_parts import (
    have_the_same_form,
    input_pair,
    shares_by_label,
    target_pair,
    total_variation,
)
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import rounded, share

ENOUGH_ROWS = 200
"""Validation rows below which a difference is chance."""


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
        if train is None or validation is None or (validation.rows or 0) < ENOUGH_ROWS:
            return
        known, seen = shares_by_label(train), shares_by_label(validation)
        distance = total_variation(known, seen) if known and seen else 0.0
        if len(known) > 1 and distance > self.option("labels") and have_the_same_form(train, validation):
            label = max(known, key=lambda each: abs(known[each] - seen.get(each, 0.0)))
            clause: str | None = (
                f"class {label:g} is {share(known[label])} of training and {share(seen.get(label, 0.0))} of validation"
            )
        else:
            clause = self._inputs(history)
        if clause is not None:
            yield RunReport(
                subject=Subject(SubjectKind.VALIDATION),
                message=f"Training and validation data differ: {clause}.",
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

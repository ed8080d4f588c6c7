"""SCR228 duplicate-rows."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS
from scram_analyzers.run.blank_inputs import blank_inputs
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import share


class DuplicateRows(Rule):
    """Many training rows are copies of others."""

    code = "SCR228"
    name = "duplicate-rows"
    severity = Severity.HINT
    confidence = Confidence.HIGH
    summary = "training data of which many rows repeat an earlier one"
    why = (
        "Copies weigh more in the loss than their number of facts, and a split at random puts some of them into "
        "both parts."
    )
    how = "Drop them before you split (pandas: drop_duplicates), unless you repeat rows on purpose."
    references = (DEEP_CHECKS,)
    false_alarms = "Oversampling of rare classes on purpose; tables of few different values."
    options = (Option("share", 0.05, "share of the rows that were looked at", "deepchecks"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report them as a hint."""
        yield from _same_batch(history)
        data = history.data
        if data is None or not data.duplicate_rows or not data.training_rows_hashed:
            return
        repeated = data.duplicate_rows / data.training_rows_hashed
        if repeated <= self.option("share"):
            return
        yield RunReport(
            subject=Subject(SubjectKind.INPUTS),
            message=(
                f"{data.duplicate_rows:,} of {data.training_rows_hashed:,} training rows ({share(repeated)}) repeat an "
                "earlier row."
            ),
        )


def _validates_on_more(history: RunHistory) -> bool:
    """Whether a loop's batches hold fewer rows than it validates on: then they are not all of the training data."""
    rows = history.stream.validation_rows if history.stream is not None else 0
    arrays = (array for record in history.looked_at for array in record.arrays if array.role == "input")
    sizes = [array.shape[0] or 0 for array in arrays if array.shape]
    return history.info.is_on_batches and bool(sizes) and max(sizes) < rows


SAME_STEPS = 8
"""Batches, all of the same rows, from which a stream is taken to give nothing else. Ours."""


def _same_batch(history: RunHistory) -> Iterator[RunReport]:
    """A stream that gives one batch again and again."""
    steps = history.stream.same_batch_steps if history.stream is not None else 0
    if blank_inputs(history) is not None:
        return  # constant-feature says so
    if history.info.is_own_loop and not _validates_on_more(history):
        return  # nobody has to say there where an epoch ends: the batch may be all there is
    if steps >= SAME_STEPS:
        yield RunReport(
            subject=Subject(SubjectKind.INPUTS),
            message=f"All {steps:,} batches looked at hold the same rows: the model is trained on one batch only.",
            severity=Severity.WARNING,
        )

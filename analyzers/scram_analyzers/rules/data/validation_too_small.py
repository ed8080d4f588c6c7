"""SCR230 validation-too-small."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS
from scram_analyzers.run.data_parts import training_rows, validation_rows, validation_rows_seen
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import counted

ENOUGH_ROWS = 1000
"""Rows from which on a validation part is large enough, and a training part can spare some."""

SPARED = 0.05
"""A validation part of less than this share of the training rows could be larger whatever their number. Ours."""


class ValidationTooSmall(Rule):
    """Too few validation rows to tell two models apart."""

    code = "SCR230"
    name = "validation-too-small"
    severity = Severity.HINT
    confidence = Confidence.HIGH
    summary = "a validation part of too few rows to trust its results"
    why = (
        "With 50 rows one row more or less is two points of accuracy: the curve jumps about by chance, and the "
        "best epoch is a matter of luck."
    )
    how = (
        "Set aside 10 to 20 percent of the data, and no fewer than some hundreds of rows where you have them; of "
        "small data use cross-validation."
    )
    references = (DEEP_CHECKS,)
    false_alarms = "Small data sets leave no choice: a hint."
    options = (
        Option("rows", 100, "fewest validation rows", "deepchecks"),
        Option("rows-of-few", 30, "fewest validation rows beside fewer than 1,000 for training", "scram"),
        Option("share", 0.01, "smallest share of the training rows", "deepchecks"),
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """A hint, and for information where there is enough training data to take from, or hardly any was taken."""
        rows, samples = validation_rows(history) or validation_rows_seen(history), training_rows(history)
        if not rows or samples is None:
            return
        is_small_share = rows < self.option("share") * samples and rows < ENOUGH_ROWS
        can_spare = samples >= ENOUGH_ROWS or rows < SPARED * samples
        if rows >= self.option("rows" if samples >= ENOUGH_ROWS else "rows-of-few") and not is_small_share:
            return
        about = "about " if history.info.training_samples is None else ""
        yield RunReport(
            subject=Subject(SubjectKind.VALIDATION),
            message=(
                f"The run validates on {counted(rows, 'row')} beside {about}{samples:,} for training: chance moves the "
                "result."
            ),
            severity=Severity.INFO if can_spare else None,
        )

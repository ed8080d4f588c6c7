"""SCR617 unstable-validation."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import TUNING_PLAYBOOK
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import accuracy_name
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import targets
from scram_analyzers.run.wording import share

EPOCHS = 20
LAST = 0.2
ERRORS = 3.0
"""Standard errors of an accuracy over the validation rows that a change must exceed."""


class UnstableValidation(Rule):
    """The validation accuracy still jumps about at the end of the run."""

    code = "SCR617"
    name = "unstable-validation"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a validation accuracy that still jumps about in the last fifth of a run"
    why = "Which epoch's weights you keep is then a matter of luck, and so is every comparison with another run."
    how = "Let the learning rate decay to the end, keep the best weights (ModelCheckpoint), or validate on more rows."
    references = (TUNING_PLAYBOOK,)
    false_alarms = "Sudden progress near the end."
    options = (Option("deviation", 0.03, "deviation of the accuracy over the last epochs", "Google tuning playbook"),)
    symptom_of = ("SCR202", "SCR601", "SCR602", "SCR101", "SCR105", "SCR613", "SCR320")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report it at the end of a run."""
        name = accuracy_name(history.epochs[-1]) if history.epochs else None
        if history.moment is not Moment.END or name is None or len(history.epochs) < EPOCHS:
            return
        last = history.metric(f"val_{name}")[-max(5, round(LAST * len(history.epochs))) :]
        array = targets(history, "validation")
        if len(last) < 5 or array is None or not array.rows:
            return
        mean, deviation = statistics.fmean(last), statistics.pstdev(last)
        error = math.sqrt(max(mean * (1 - mean), 0.0) / array.rows)
        if deviation <= self.option("deviation") or deviation <= ERRORS * error:
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=(
                f"The validation accuracy still jumps about: {share(min(last))} to {share(max(last))} over the last "
                f"{len(last)} epochs."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
        )

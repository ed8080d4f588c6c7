"""SCR243 target-in-inputs."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import listed

MOST_NAMED = 3


class TargetInInputs(Rule):
    """A column of the inputs is the target."""

    code = "SCR243"
    name = "target-in-inputs"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "a column of the training inputs that is the target itself, or the target scaled"
    why = (
        "The model learns to hand that column on, and looks perfect in training and validation. Where it is used, "
        "what it is to predict is not known yet, and it has learned nothing else."
    )
    how = (
        "Leave the column out. In windows over a series the target comes after the window: "
        "x = series[i : i + n], y = series[i + n]."
    )
    references = (DEEP_CHECKS,)
    false_alarms = "Exercises whose target is one of several inputs, multiplied by a number."

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report what was found in the arrays given to fit."""
        columns = history.data.target_columns if history.data is not None else ()
        if columns:
            is_one = len(columns) == 1
            yield RunReport(
                subject=Subject(SubjectKind.INPUTS),
                message=(
                    f"{listed(columns[:MOST_NAMED])} {'holds' if is_one else 'hold'} the target (up to a factor and a "
                    "shift): the answer is given with the question."
                ),
            )

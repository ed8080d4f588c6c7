"""SCR413 binary-target-out-of-range."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import target_range
from scram_analyzers.run.records import Subject, SubjectKind

TOLERANCE = 1e-3
"""What rounding may add to a probability."""


class BinaryTargetOutOfRange(Rule):
    """binary_crossentropy with targets outside 0 to 1."""

    code = "SCR413"
    name = "binary-target-out-of-range"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "targets below 0 or above 1 under binary_crossentropy"
    why = (
        "binary_crossentropy reads each target as a probability. With -1 or 9 the loss can become negative, and "
        "it is smallest far away from the truth."
    )
    how = (
        "Turn -1 and 1 into 0 and 1 with y = (y + 1) / 2. For more than two classes use a softmax over all of "
        "them with sparse_categorical_crossentropy; for measured numbers a linear layer with mse."
    )
    references = (THE_DEEP_CHECKER,)
    false_alarms = "None known: the targets were read."

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the range of the targets."""
        seen = target_range(history)
        if seen is None or history.info.losses != ("binary_crossentropy",) or len(history.info.outputs) > 1:
            return
        low, high, _ = seen
        if low >= -TOLERANCE and high <= 1 + TOLERANCE:
            return
        yield RunReport(
            subject=Subject(SubjectKind.TARGETS),
            message=f"The targets run from {low:g} to {high:g}, and binary_crossentropy takes them for probabilities.",
            recipe="y = (y + 1) / 2" if (low, high) == (-1, 1) else "",
        )

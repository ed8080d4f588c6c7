"""SCR811 training-stalled."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import SAGEMAKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import rounded

STEPS = 20


class TrainingStalled(Rule):
    """A step that took very much longer than the others."""

    code = "SCR811"
    name = "training-stalled"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a single step that held the training up for minutes"
    why = "Something outside the model held the run up: a slow or hanging data source, a full disk, a machine at rest."
    how = "See what the input pipeline did at that step; time it alone, without the model."
    references = (SAGEMAKER,)
    false_alarms = "A computer that was put to sleep."
    options = (
        Option("ratio", 10.0, "times the median step", "SageMaker Debugger"),
        Option("seconds", 60.0, "and at least this long", "scram; SageMaker Debugger (1800)"),
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the longest of such steps; the first ones compile and are left out."""
        timed = [record for record in history.steps if record.seconds is not None and record.step > STEPS]
        if len(timed) < STEPS:
            return
        longest = max(timed, key=lambda record: record.seconds or 0.0)
        seconds = longest.seconds or 0.0
        if seconds < self.option("seconds"):
            return
        median = statistics.median(record.seconds or 0.0 for record in timed)
        if seconds < self.option("ratio") * median:
            return
        yield RunReport(
            subject=Subject(SubjectKind.INPUTS),
            message=f"Step {longest.step} took {seconds:,.0f} s, where the others take {rounded(median, 2)} s.",
            step=longest.step,
            epoch=longest.epoch,
        )

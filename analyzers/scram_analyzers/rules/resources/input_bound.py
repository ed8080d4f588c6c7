"""SCR812 input-bound."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Reference, Rule, RunReport
from scram_analyzers.rules.references import SAGEMAKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import share

STEPS = 30
SETTLED = 10
NOTICEABLE = 0.02
"""Seconds: shorter steps are over before it matters what they wait for."""


class InputBound(Rule):
    """The training waits for its data."""

    code = "SCR812"
    name = "input-bound"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a run that spends much of its time waiting for the next batch"
    why = (
        "While a step waits for its batch the processor or graphics card does nothing: the run could be faster "
        "for free."
    )
    how = (
        "Prepare batches ahead: ds.prefetch(tf.data.AUTOTUNE) and map(..., num_parallel_calls=tf.data.AUTOTUNE), "
        "cache() what fits into memory, or workers=4 on a PyDataset."
    )
    references = (
        SAGEMAKER,
        Reference("TensorFlow: better performance with tf.data", "https://www.tensorflow.org/guide/data_performance"),
    )
    false_alarms = "Where batches are made on the device at the moment they are read."
    options = (Option("share", 0.3, "share of the step's time spent waiting", "SageMaker Debugger"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the median share over the newest steps that were timed."""
        timed = [
            (record.data_seconds, record.seconds)
            for record in list(history.steps)[-10 * STEPS :]
            if record.data_seconds is not None and record.seconds and record.step > SETTLED
        ]
        if len(timed) < STEPS:
            return
        waiting = statistics.median(wait / seconds for wait, seconds in timed)
        step = statistics.median(seconds for _, seconds in timed)
        if waiting <= self.option("share") or step < NOTICEABLE:
            return
        yield RunReport(
            subject=Subject(SubjectKind.INPUTS),
            message=f"Steps spend {share(waiting)} of their {1000 * step:.0f} ms waiting for the next batch.",
            step=history.last_step,
            epoch=history.last_epoch,
            recipe="ds = ds.prefetch(tf.data.AUTOTUNE)",
        )

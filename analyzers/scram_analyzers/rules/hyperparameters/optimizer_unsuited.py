"""SCR107 optimizer-unsuited."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER, TUNING_PLAYBOOK
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import median_update_ratio
from scram_analyzers.run.learning import crawl
from scram_analyzers.run.records import Subject, SubjectKind

TOO_SMALL = 1e-5
"""Share of their size by which the weights move in a step; below it the learning rate is the cause."""


class OptimizerUnsuited(Rule):
    """Plain SGD that gets nowhere at a usual learning rate."""

    code = "SCR107"
    name = "optimizer-unsuited"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "plain SGD in a run that hardly learns although its learning rate is usual"
    why = (
        "Without momentum every step follows one noisy gradient alone, and one rate has to suit all weights: "
        "that takes many more epochs than these."
    )
    how = "Use Adam(learning_rate=1e-3), or SGD(learning_rate=0.01, momentum=0.9, nesterov=True)."
    references = (
        AUTO_TRAINER,
        TUNING_PLAYBOOK,
    )
    false_alarms = "None known: it is reported only while the loss hardly falls."
    options = (
        Option("rate", 1e-3, "with a lower rate the rate is the cause", "scram"),
        Option("rate-max", 0.5, "with a higher rate the rate is the cause", "scram"),
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report it when the loss crawls, no finding knows a better reason, and the rate is not to blame."""
        optimizer, stuck = history.info.optimizer, crawl(history)
        if optimizer is None or optimizer.name != "SGD" or optimizer.momentum or stuck is None:
            return
        ratio = median_update_ratio(history)
        rate = optimizer.learning_rate
        if rate is None or not self.option("rate") <= rate <= self.option("rate-max") or (ratio or 1) < TOO_SMALL:
            return
        yield RunReport(
            subject=Subject(SubjectKind.OPTIMIZER),
            message=f"SGD without momentum gets nowhere in these epochs: {stuck.clause}.",
            step=stuck.step,
            epoch=stuck.epoch,
            recipe="keras.optimizers.Adam(learning_rate=1e-3)",
        )

"""SCR611 weights-diverging."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER, THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import is_kernel
from scram_analyzers.run.learning import success
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import named, rounded


class WeightsDiverging(Rule):
    """Weights that grow without bound."""

    code = "SCR611"
    name = "weights-diverging"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a layer whose weights have grown to many times their first size"
    why = (
        "Weights this large make outputs and gradients as large again: the run is on its way to NaN, or stuck where no "
        "small step makes a difference."
    )
    how = "Lower the learning rate to a tenth, scale the inputs and targets, and add weight decay (AdamW)."
    references = (THE_DEEP_CHECKER, AUTO_TRAINER)
    false_alarms = "Weights that were initialized close to zero on purpose. A run that trained well is left alone."
    options = (
        Option("growth", 50.0, "times the norm at the first probe", "scram"),
        Option("deviation", 5.0, "and a deviation of the weights above this", "AutoTrainer (5); DEFault (10)"),
    )
    symptom_of = ("SCR202", "SCR601", "SCR602", "SCR413", "SCR101", "SCR113", "SCR201", "SCR219", "SCR609")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the kernel that has grown most."""
        first, last = history.first_probe, history.probes[-1] if history.probes else None
        if first is None or last is None or first is last or success(history) is not None:
            return
        began = {weight.weight: weight.norm for weight in first.weights}
        grown = [
            (weight.norm / began[weight.weight], weight)
            for weight in last.weights
            if is_kernel(weight) and began.get(weight.weight, 0) > 0 and math.isfinite(weight.norm)
        ]
        if not grown:
            return
        growth, weight = max(grown, key=lambda each: each[0])
        if growth < self.option("growth") or (weight.deviation or 0.0) < self.option("deviation"):
            return
        grew = f"has grown from {rounded(began[weight.weight])} to {rounded(weight.norm)} by step {last.step}"
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, weight.layer),
            message=f"The weights of {named(weight.layer)} diverge: their norm {grew}.",
            step=last.step,
            epoch=last.epoch,
            clause=f"the norm of the weights of {named(weight.layer)} {grew}",
        )

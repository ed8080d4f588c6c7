"""SCR609 exploding-gradient."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER, TUNING_PLAYBOOK
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import gradient_norm
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import rounded

EARLY_PROBES = 5
LATE_PROBES = 3


class ExplodingGradient(Rule):
    """Gradients that have grown far beyond where they began while the loss got worse."""

    code = "SCR609"
    name = "exploding-gradient"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "gradients that grow to many times their first size while the loss gets worse"
    why = (
        "A step is as large as its gradient: one that is a hundred times too large throws the weights far away from "
        "what they had learned, and the next gradient is larger still."
    )
    how = (
        "Clip the gradients (clipnorm=1.0 in the optimizer), lower the learning rate to a tenth, scale the inputs, and "
        "warm the learning rate up in deep or recurrent models."
    )
    references = (TUNING_PLAYBOOK, AUTO_TRAINER)
    false_alarms = "A loss that changes its scale by design, such as an annealed penalty."
    options = (Option("growth", 100.0, "times the median of the first probes", "scram; AutoTrainer (70)"),)
    symptom_of = ("SCR202", "SCR601", "SCR602", "SCR413", "SCR101", "SCR201", "SCR219")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report gradients that stay far above the first ones while the loss is worse than at first."""
        probes = [probe for probe in history.probes if gradient_norm(probe) is not None]
        if len(probes) < EARLY_PROBES + LATE_PROBES:
            return
        norms = [norm for probe in probes if (norm := gradient_norm(probe)) is not None]
        usual = statistics.median(norms[:EARLY_PROBES])
        late = min(norms[-LATE_PROBES:])
        first, last = probes[0].loss, probes[-1].loss
        if first is None or last is None or not math.isfinite(late) or usual <= 0:
            return
        if late <= self.option("growth") * usual or last <= first:
            return
        grew = (
            f"has grown from {rounded(usual, 2)} to {rounded(norms[-1], 2)} by step {probes[-1].step}, "
            f"and the loss from {rounded(first)} to {rounded(last)}"
        )
        yield RunReport(
            subject=Subject(SubjectKind.OPTIMIZER),
            message=f"The gradients explode: their norm {grew}.",
            clause=f"the norm of the gradients {grew}",
            step=probes[-1].step,
            epoch=probes[-1].epoch,
            recipe="keras.optimizers.Adam(learning_rate=1e-3, clipnorm=1.0)",
        )

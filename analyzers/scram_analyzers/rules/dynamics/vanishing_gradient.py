"""SCR608 vanishing-gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER, GLOROT, THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import is_kernel
from scram_analyzers.run.learning import crawl, standstill
from scram_analyzers.run.records import ProbeRecord, Subject, SubjectKind, WeightObservation
from scram_analyzers.run.wording import named, rounded

PROBES = 3


class VanishingGradient(Rule):
    """Gradients that shrink to nothing on their way to the first layers."""

    code = "SCR608"
    name = "vanishing-gradient"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a model that does not learn while the gradients of its first layer are a tiny part of the last one's"
    why = (
        "Each layer multiplies the gradient on its way back. With factors below one the first layers get next to "
        "nothing and stay as they began, so the later ones work on random features."
    )
    how = (
        'Use relu with kernel_initializer="he_normal" instead of sigmoid or tanh, put BatchNormalization between the '
        "layers, add residual connections, or use fewer layers."
    )
    references = (GLOROT, AUTO_TRAINER, THE_DEEP_CHECKER)
    false_alarms = "None known: it is reported only while the loss stands still."
    options = (
        Option("ratio", 1e-3, "gradient norm of the first layer against the last one's", "AutoTrainer"),
        Option("norm", 1e-4, "and the first one's is below this", "DEFault; TheDeepChecker"),
    )
    symptom_of = ("SCR202", "SCR601", "SCR101", "SCR331", "SCR606", "SCR607", "SCR303")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a vanishing gradient that lasts while the loss does not fall."""
        seen = standstill(history) or crawl(history)
        newest = list(history.probes)[-PROBES:]
        ends = [self._vanished(probe) for probe in newest]
        if seen is None or len(ends) < PROBES or None in ends or ends[-1] is None:
            return
        first, last = ends[-1]
        clause = (
            f"the gradient of {named(first.layer)} has a norm of {rounded(first.gradient_norm or 0.0, 2)}, that of "
            f"{named(last.layer)} one of {rounded(last.gradient_norm or 0.0, 2)}"
        )
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, first.layer),
            message=f"The gradient vanishes on its way to the first layer: {clause}; {seen.clause}.",
            step=newest[-1].step,
            epoch=newest[-1].epoch,
            clause=clause,
        )

    def _vanished(self, probe: ProbeRecord) -> tuple[WeightObservation, WeightObservation] | None:
        kernels = [weight for weight in probe.weights if is_kernel(weight) and weight.gradient_norm is not None]
        if len(kernels) < 3:
            return None
        first, last = kernels[0], kernels[-1]
        start, end = first.gradient_norm or 0.0, last.gradient_norm or 0.0
        if not math.isfinite(start) or not math.isfinite(end) or end == 0:
            return None
        vanished = start < self.option("ratio") * end and start < self.option("norm")
        return (first, last) if vanished else None

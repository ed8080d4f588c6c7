"""SCR610 layer-not-learning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import SAGEMAKER, THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import is_kernel
from scram_analyzers.run.records import ProbeRecord, Subject, SubjectKind
from scram_analyzers.run.wording import listed, named

PROBES = 3


class LayerNotLearning(Rule):
    """A trainable layer whose weights stay as they are while others move."""

    code = "SCR610"
    name = "layer-not-learning"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a trainable layer whose weights do not move while those of other layers do"
    why = "The layer keeps its first, random weights: what it hands on is noise to the layers after it."
    how = (
        "See whether the loss depends on the layer at all, whether dead units or an all-zero input cut it off, and "
        "whether it was unfrozen after compile (then compile again)."
    )
    references = (THE_DEEP_CHECKER, SAGEMAKER)
    false_alarms = (
        "A branch that only some batches use, when none of the probed ones did. In a loop of the program's own, which "
        "may leave layers out on purpose, it is for information."
    )
    options = (
        Option("still", 1e-8, "a step moves the weights by a smaller share of their norm", "SageMaker Debugger"),
        Option("moving", 1e-6, "while the median over all layers is above this", "scram"),
    )
    symptom_of = ("SCR202", "SCR601", "SCR315", "SCR316", "SCR319", "SCR331", "SCR606", "SCR607", "SCR608")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report layers whose kernels stood still at each of the newest probes."""
        newest = [probe for probe in list(history.probes)[-PROBES:] if _ratios(probe)]
        if len(newest) < PROBES or not all(self._others_move(probe) for probe in newest):
            return
        still = self._still(newest)
        if not still:
            return
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, still[0]),
            message=(
                f"The weights of {listed(map(named, still))} have not moved since step {newest[0].step} while those "
                "of other layers have."
            ),
            step=newest[-1].step,
            epoch=newest[-1].epoch,
            severity=Severity.INFO if newest[-1].loss is None else None,
        )

    def _others_move(self, probe: ProbeRecord) -> bool:
        ratios = sorted(ratio for _, ratio in _ratios(probe))
        return ratios[-1] > self.option("moving")

    def _still(self, probes: Sequence[ProbeRecord]) -> list[str]:
        """Layers all of whose kernels stood still at every probe; one without a gradient is another rule's."""
        still: set[str] | None = None
        for probe in probes:
            here = {layer for layer, ratio in _ratios(probe) if ratio < self.option("still")}
            here -= {layer for layer, ratio in _ratios(probe) if ratio >= self.option("still")}
            still = here if still is None else still & here
        order = dict.fromkeys(layer for layer, _ in _ratios(probes[-1]))
        return [layer for layer in order if layer in (still or ())]


def _ratios(probe: ProbeRecord) -> list[tuple[str, float]]:
    return [
        (weight.layer, weight.update_ratio)
        for weight in probe.weights
        if is_kernel(weight)
        and weight.update_ratio is not None
        and (weight.gradient_norm is not None or probe.loss is None)
    ]

"""SCR616 signal-lost-at-start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import GLOROT, HE, THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import is_kernel, output_layers
from scram_analyzers.run.learning import crawl, standstill
from scram_analyzers.run.records import LayerObservation, ProbeRecord, RunInfo, Subject, SubjectKind, WeightObservation
from scram_analyzers.run.wording import named, rounded


class SignalLostAtStart(Rule):
    """The outputs of the untrained layers shrink to nothing or grow beyond measure from layer to layer."""

    code = "SCR616"
    name = "signal-lost-at-start"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "an untrained model whose layers' outputs shrink to nothing or grow beyond measure"
    why = (
        "When each untrained layer makes its output a little smaller, the last ones see the same value for every row, "
        "and no gradient finds its way back. When each makes it larger, the first steps are far too large."
    )
    how = (
        "Initialize for the activation: he_normal for relu and its relatives, glorot_uniform for tanh and linear; or "
        "put normalization layers between."
    )
    references = (GLOROT, HE, THE_DEEP_CHECKER)
    false_alarms = "Layers that are made to start at nothing, such as the last one of a residual block."
    options = (
        Option("smallest", 1e-4, "deviation of a layer's outputs below which the signal is lost", "catalogue: 1e-3"),
        Option("largest", 1e3, "deviation above which it has exploded", "SageMaker Debugger; scram"),
        Option("widest", 5.0, "deviation of a layer's untrained weights above which its units only switch", "scram"),
    )
    symptom_of = ("SCR202", "SCR601", "SCR101", "SCR201", "SCR205", "SCR331", "SCR332", "SCR606", "SCR607", "SCR608")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the first such layer: for information, and as a warning once the run does not learn."""
        probe = history.first_probe
        if probe is None or probe.step > 1:
            return
        found = self._lost(probe.layers, output_layers(history))
        if found is None:
            yield from self._wide(probe, history.info)
            return
        before, layer = found
        learns = standstill(history) is None and crawl(history) is None
        came = (
            f" (those of {named(before.layer)} before it: {rounded(before.deviation or 0.0, 2)})"
            if before is not None
            else ""
        )
        deviation = layer.deviation or 0.0
        deviate = (
            f"deviate by {rounded(deviation, 2)} only" if deviation < 1 else f"already deviate by {rounded(deviation)}"
        )
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, layer.layer),
            message=f"Before training, the outputs of {named(layer.layer)} {deviate}{came}.",
            step=1,
            epoch=1,
            severity=Severity.INFO if learns else None,
        )

    def _wide(self, probe: ProbeRecord, info: RunInfo) -> Iterator[RunReport]:
        """The first layer whose weights begin so wide that a bounded output hides it: its units only switch."""
        weights = (each for each in probe.weights if is_kernel(each) and _is_bounded(each, info))
        wide = next((each for each in weights if (each.deviation or 0.0) > self.option("widest")), None)
        if wide is not None:
            yield RunReport(
                subject=Subject(SubjectKind.LAYER, wide.layer),
                message=(
                    f"Before training, the weights of {named(wide.layer)} deviate by {rounded(wide.deviation or 0.0)}; "
                    "usual initializers give less than 1. Its units can only be on or off, and no step moves weights "
                    "of this size."
                ),
                step=1,
                epoch=1,
            )

    def _lost(
        self, layers: Sequence[LayerObservation], outputs: frozenset[str]
    ) -> tuple[LayerObservation | None, LayerObservation] | None:
        before: LayerObservation | None = None
        for layer in layers:
            if layer.deviation is None:
                continue
            if layer.layer not in outputs and not self.option("smallest") <= layer.deviation <= self.option("largest"):
                return before, layer
            before = layer
        return None


def _is_bounded(weight: WeightObservation, info: RunInfo) -> bool:
    """Whether what the weight multiplies goes through a sigmoid or tanh at once, as in a recurrent cell."""
    layer = info.layer(weight.layer)
    return _CELL in weight.weight or (layer is not None and layer.activation in _BOUNDED)


_CELL = "cell/"
_BOUNDED = ("sigmoid", "tanh", "hard_sigmoid")

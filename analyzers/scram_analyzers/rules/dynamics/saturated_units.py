"""SCR607 saturated-units."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import GLOROT, SAGEMAKER, THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import lasting_layers
from scram_analyzers.run.learning import crawl, standstill
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import named, share

PROBES = 3
AFTER_STEP = 10


class SaturatedUnits(Rule):
    """Sigmoid or tanh units that sit at the flat ends of their curve."""

    code = "SCR607"
    name = "saturated-units"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a hidden sigmoid or tanh layer most of whose units are at the flat ends of their curve"
    why = (
        "At its flat ends a sigmoid or tanh passes on next to no gradient: the layer and all layers before it hardly "
        "learn, and give nearly the same output for every row."
    )
    how = (
        "Use relu or gelu in hidden layers, scale the inputs to about -1 to 1, and keep to the default initializer; a "
        "lower learning rate keeps the weights from being driven to the ends."
    )
    references = (GLOROT, THE_DEEP_CHECKER, SAGEMAKER)
    false_alarms = "Gates and codes that are meant to be 0 or 1: for information only while the model learns."
    options = (Option("saturated-share", 0.5, "share of a layer's units", "TheDeepChecker; SageMaker Debugger"),)
    symptom_of = ("SCR202", "SCR601", "SCR101", "SCR201", "SCR332")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the layer with the most saturated units, when that lasts."""
        found = lasting_layers(
            history,
            lambda layer, _: (
                layer.saturated_share is not None and layer.saturated_share > self.option("saturated-share")
            ),
            PROBES,
            AFTER_STEP,
        )
        if not found:
            return
        worst = max(found, key=lambda each: each.now.saturated_share or 0.0)
        learns = standstill(history) is None and crawl(history) is None
        units = f" {worst.now.units}" if worst.now.units is not None else ""
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, worst.now.layer),
            message=(
                f"{share(worst.now.saturated_share or 0.0)} of the{units} units of {named(worst.now.layer)} have been "
                f"at the flat end of their activation since step {worst.since.step}."
            ),
            step=worst.last.step,
            epoch=worst.last.epoch,
            severity=Severity.INFO if learns else None,
        )

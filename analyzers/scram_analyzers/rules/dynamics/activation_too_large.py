"""SCR612 activation-too-large."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import lasting_layers
from scram_analyzers.run.learning import crawl, standstill
from scram_analyzers.run.records import LayerObservation, Subject, SubjectKind
from scram_analyzers.run.wording import named

PROBES = 3
AFTER_STEP = 5
PASSING_ON = ("InputLayer", "Rescaling", "Normalization", "Flatten", "Reshape", "Dropout", "MaxPooling2D")
"""Layers whose outputs are the data themselves, or as large as them."""


class ActivationTooLarge(Rule):
    """A hidden layer whose outputs are in the hundreds and more."""

    code = "SCR612"
    name = "activation-too-large"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a hidden layer whose outputs stay in the hundreds or more"
    why = "Outputs this large make the loss jump with each step and push sigmoid, tanh and softmax to their flat ends."
    how = (
        "Scale the inputs, put BatchNormalization or LayerNormalization after the layer, and keep to the default "
        "initializer."
    )
    references = (AUTO_TRAINER,)
    false_alarms = "Hidden layers of a regression with large targets: for information only while the loss falls."
    options = (Option("magnitude", 100.0, "root mean square of the outputs", "AutoTrainer (10); scram"),)
    symptom_of = ("SCR202", "SCR601", "SCR602", "SCR101", "SCR201", "SCR219", "SCR332", "SCR611", "SCR609")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the first layer with large outputs, when that lasts."""
        kinds = {layer.name: layer.class_name for layer in history.info.layers}
        found = [
            each
            for each in lasting_layers(history, lambda layer, _: self._is_large(layer), PROBES, AFTER_STEP)
            if kinds.get(each.now.layer) not in PASSING_ON
        ]
        if not found:
            return
        seen = found[0]
        learns = standstill(history) is None and crawl(history) is None
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, seen.now.layer),
            message=(
                f"The outputs of {named(seen.now.layer)} are about {_magnitude(seen.now):,.0f} in size since step "
                f"{seen.since.step}; hidden layers usually stay below 10."
            ),
            step=seen.last.step,
            epoch=seen.last.epoch,
            severity=Severity.INFO if learns else None,
        )

    def _is_large(self, layer: LayerObservation) -> bool:
        return _magnitude(layer) > self.option("magnitude")


def _magnitude(layer: LayerObservation) -> float:
    return math.hypot(layer.mean or 0.0, layer.deviation or 0.0)

"""SCR615 initial-loss."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Cause, Option, Rule, RunReport
from scram_analyzers.rules.references import RECIPE, THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import output_layers
from scram_analyzers.run.learning import success
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import CROSS_ENTROPIES, the_output
from scram_analyzers.run.wording import named, rounded

LARGE = 30.0
"""Deviation of a layer's first outputs that explains a high first loss."""


class InitialLoss(Rule):
    """An untrained classifier whose first loss is far above a blind guess's."""

    code = "SCR615"
    name = "initial-loss"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "an untrained classifier whose first loss is several times that of a blind guess"
    why = (
        "Before the first step a sound classifier finds all classes about equally likely, which gives a loss of "
        "ln(classes). A much higher one shows outputs that are already sure of themselves, and wrong: the first epochs "
        "are spent on undoing that."
    )
    how = "Scale the inputs, keep to the default initializers, and check that the loss fits the last layer."
    references = (RECIPE, THE_DEEP_CHECKER)
    false_alarms = "A model that was trained before on other classes."
    options = (Option("ratio", 3.0, "times the loss of a blind guess", "scram; TheDeepChecker (2)"),)
    symptom_of = (
        "SCR202",
        "SCR601",
        "SCR401",
        "SCR402",
        "SCR408",
        "SCR411",
        "SCR413",
        "SCR201",
        "SCR317",
        "SCR331",
        "SCR332",
    )
    needs_cause = True

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the first loss as long as the run has not learned well since."""
        loss, expected = _first_loss(history), _expected(history)
        if loss is None or expected is None or loss < self.option("ratio") * expected or success(history) is not None:
            return
        clause = f"the first loss was {rounded(loss)}, where a blind guess gives {rounded(expected)}"
        yield RunReport(
            subject=Subject(SubjectKind.MODEL),
            message=f"The model starts far from a blind guess: {clause}.",
            step=1,
            epoch=1,
            clause=clause,
            causes=tuple(_causes(history)),
        )


def _first_loss(history: RunHistory) -> float | None:
    """Without what regularizers add to it."""
    probe = history.first_probe
    if probe is not None and probe.step == 1 and probe.loss is not None:
        loss: float | None = probe.loss - (probe.penalty or 0.0)
    else:
        loss = history.first_loss
        if any(layer.regularized for layer in history.info.layers):
            return None
    return loss if loss is not None and math.isfinite(loss) else None


def _expected(history: RunHistory) -> float | None:
    """ln(classes), for one cross-entropy without weights on rows or classes."""
    classes, data = history.info.classes, history.data
    if len(history.info.losses) != 1 or history.info.losses[0] not in CROSS_ENTROPIES:
        return None
    if classes is None or classes < 2 or (data is not None and (data.has_class_weight or data.has_sample_weight)):
        return None
    return math.log(classes)


def _causes(history: RunHistory) -> Iterator[Cause]:
    output, probe = the_output(history), history.first_probe
    if output is not None and output.activation == "linear" and output.from_logits is False:
        yield Cause(
            "the last layer gives logits and the loss takes them for probabilities", Subject(SubjectKind.LOSS), "SCR401"
        )
    if probe is None:
        return
    hidden = [layer for layer in probe.layers if layer.layer not in output_layers(history)]
    for layer in hidden:
        if layer.deviation is not None and layer.deviation > LARGE:
            text = f"the outputs of {named(layer.layer)} already deviate by {rounded(layer.deviation)}"
            yield Cause(text, Subject(SubjectKind.LAYER, layer.layer))
            break

"""SCR707 validation-too-good."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS
from scram_analyzers.run.data_parts import validation_rows
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import accuracy_name
from scram_analyzers.run.records import LayerInfo, Subject, SubjectKind
from scram_analyzers.run.wording import share

EPOCHS = 3
AFTER = 3
ERRORS = 3.0
"""Standard errors of the accuracy over the validation rows."""


class ValidationTooGood(Rule):
    """Validation is clearly better than training, and nothing explains it."""

    code = "SCR707"
    name = "validation-too-good"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = (
        "a validation accuracy clearly above the training accuracy without dropout, augmentation or regularization"
    )
    why = (
        "New rows can't be easier than known ones: either the validation rows were seen in training, or they are "
        "easier, fewer or prepared differently."
    )
    how = "Check that no row is in both parts, that both are scaled alike, and that the split is random."
    references = (DEEP_CHECKS,)
    false_alarms = (
        "Training accuracy is a mean over the epoch while the model still gets better: this is compared with the "
        "epoch after."
    )
    options = (Option("gap", 0.05, "validation accuracy minus training accuracy", "catalogue G4"),)
    symptom_of = ("SCR209", "SCR207", "SCR211", "SCR208", "SCR213", "SCR229", "SCR230")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report it when it lasts for three epochs and is no chance."""
        name = accuracy_name(history.epochs[-1]) if history.epochs else None
        if name is None or any(_hinders(layer) for layer in history.info.layers):
            return
        train, validation = history.metric(name), history.metric(f"val_{name}")
        rows = validation_rows(history)
        if len(train) != len(validation) or len(train) < AFTER + EPOCHS or not rows:
            return
        gaps = [validation[place - 1] - train[place] for place in range(len(train) - EPOCHS, len(train))]
        error = math.sqrt(max(train[-1] * (1 - train[-1]), 0.0) / rows)
        if min(gaps) <= max(self.option("gap"), ERRORS * error):
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=(
                f"The validation accuracy ({share(validation[-2])}) has been above the training accuracy "
                f"({share(train[-1])}) for {EPOCHS} epochs, and nothing in the model holds training back."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
        )


def _hinders(layer: LayerInfo) -> bool:
    """Whether the layer makes training harder than validation."""
    noisy = ("Dropout" in layer.class_name or "Noise" in layer.class_name) and layer.rate != 0
    return noisy or layer.regularized or layer.class_name.startswith(("Random", "BatchNormalization"))

"""SCR320 train-inference-gap."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Reference, Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.inference_gap import inference_gap
from scram_analyzers.run.records import Subject, SubjectKind

BATCH_NORM = Reference(
    "Keras: BatchNormalization", "https://keras.io/api/layers/normalization_layers/batch_normalization/"
)


class TrainInferenceGap(Rule):
    """The model does much worse in inference than in training, on the same rows."""

    code = "SCR320"
    name = "train-inference-gap"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a model whose loss is much higher in inference mode than in training mode on the same rows"
    why = (
        "BatchNormalization uses the batch's own statistics in training and averages it has kept in inference. "
        "Where these lag behind or are noisy, predict and validation get another model than the one that trained."
    )
    how = (
        "Use larger batches, momentum=0.9 in BatchNormalization when a run has few steps, or LayerNormalization; "
        "and look for layers called with training=True."
    )
    references = (
        THE_DEEP_CHECKER,
        BATCH_NORM,
    )
    false_alarms = (
        "The first epochs of a short run, while the averages catch up: for information until the run has made "
        "some hundreds of steps."
    )
    options = (
        Option(
            "steps",
            500,
            "steps within which the averages may catch up",
            "Keras: a momentum of 0.99 forgets in some hundred steps",
        ),
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a gap that lasts."""
        gap = inference_gap(history)
        if gap is None:
            return
        layer = next((each for each in history.info.layers if each.class_name == "BatchNormalization"), None)
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, layer.name) if layer is not None else Subject(SubjectKind.MODEL),
            message=f"The model behaves differently in inference: {gap.clause}.",
            step=gap.step,
            epoch=gap.epoch,
            severity=Severity.INFO if gap.step < self.option("steps") else None,
        )

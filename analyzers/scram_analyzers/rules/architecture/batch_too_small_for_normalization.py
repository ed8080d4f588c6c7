"""SCR321 batch-too-small-for-normalization."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.inference_gap import inference_gap
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import counted, named
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import integer


class BatchTooSmallForNormalization(Rule):
    """Batch statistics from a handful of examples."""

    code = "SCR321"
    name = "batch-too-small-for-normalization"
    severity = Severity.HINT
    confidence = Confidence.MEDIUM
    only_with = ("BatchNormalization",)
    summary = "batches of a few examples in a model with BatchNormalization"
    why = (
        "BatchNormalization takes mean and spread from the batch. From a few examples they are mostly chance: training "
        "is noisy, and predictions, which use the long-run averages, differ from it."
    )
    how = "Use batches of 16 or more, or GroupNormalization or LayerNormalization, which need no batch."
    references = (Reference("Wu, He: Group Normalization (ECCV 2018)", "https://arxiv.org/abs/1803.08494"),)
    false_alarms = "On large maps each example brings many values to the statistics."
    prevents_learning = True
    options = (Option("min-batch", 8.0, "smallest batch that passes", "Wu and He (2018), figure 1"),)
    bad = (
        Example(
            "Two examples at a time",
            """
            import keras
            from keras import layers
            from project import x, y

            model = keras.Sequential([layers.Dense(32), layers.BatchNormalization(), layers.ReLU(), layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, batch_size=»2«)
            """,
        ),
    )
    good = (
        Example(
            "Batches of 32",
            """
            import keras
            from keras import layers
            from project import x, y

            model = keras.Sequential([layers.Dense(32), layers.BatchNormalization(), layers.ReLU(), layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, batch_size=32)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each small batch size given to a model that normalizes by batches."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        size = integer(fit.batch_size.value) if fit.batch_size is not None else None
        if fit.model is None or fit.batch_size is None or fit.batch_size.place is None or size is None:
            return
        if not 0 < size < self.option("min-batch"):
            return
        for layer in fit.model.layers:
            if layer.class_name == "BatchNormalization" and not fit.model.is_frozen(layer):
                yield Report(
                    fit.batch_size.place,
                    f"BatchNormalization takes its mean and spread from {size} example{'s' if size > 1 else ''}.",
                    (Related(layer.place, "The first layer that normalizes by batches."),),
                )
                break

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a model that does worse in inference than in training on the same rows."""
        size = history.info.batch_size
        layer = next((each for each in history.info.layers if each.class_name == "BatchNormalization"), None)
        gap = inference_gap(history)
        if size is None or layer is None or gap is None or size >= self.option("min-batch"):
            return
        yield RunReport(
            subject=Subject(SubjectKind.BATCH_SIZE),
            message=(
                f"Batches of {counted(size, 'row')} are too small for the statistics of {named(layer.name)}. "
                f"Confirmed in this run: {gap.clause}."
            ),
            step=gap.step,
            epoch=gap.epoch,
            severity=Severity.WARNING,
        )

"""SCR105 batch-size-too-small."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.candidates import is_candidate
from scram_analyzers.rules.hyperparameters.evidence import trainings
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import standstill
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import counted
from scram_analyzers.source.keras_api.layers import RECURRENT
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import boolean

USUAL = "32"

MAX_AXES = 2
"""Targets with more axes than rows and columns are images or series, which are often taken one at a time."""


class BatchSizeTooSmall(Rule):
    """One sample for each step of the optimizer."""

    code = "SCR105"
    name = "batch-size-too-small"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "a batch of one sample, so that every single sample moves the weights on its own"
    why = (
        "The gradient of one sample is mostly noise: the loss jumps about, and an epoch takes many times longer than "
        "with batches, because nothing is computed side by side."
    )
    how = "Take 32 to 256 samples for a batch, as many as fit in memory."
    references = (
        Reference(
            "Goodfellow, Bengio, Courville: Deep Learning, section 8.1.3",
            "https://www.deeplearningbook.org/contents/optimization.html",
        ),
        Reference("Google: Deep Learning Tuning Playbook", "https://github.com/google-research/tuning_playbook"),
    )
    false_alarms = (
        "Image-to-image models and samples of different sizes are often trained one at a time, on purpose. Stateful "
        "recurrent models are left alone."
    )
    prevents_learning = True
    options = (
        Option("batch-min", 2, "smallest usual number of samples in a batch", "DL Contract; Google tuning playbook"),
        Option("samples-min", 64, "with fewer training samples than this any batch will do", "scram"),
    )
    bad = (
        Example(
            "Sixty thousand steps in each epoch",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            batch_size = »1«
            model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, batch_size=batch_size, epochs=5, validation_data=(x_val / 255, y_val))
            """,
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            batch_size = 32
            model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, batch_size=batch_size, epochs=5, validation_data=(x_val / 255, y_val))
            """,
        ),
        Example(
            "A dataset of single rows",
            """
            import keras
            import tensorflow as tf

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(404).batch(»1«)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(train, epochs=50)
            """,
            """
            import keras
            import tensorflow as tf

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(404).batch(32)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(train, epochs=50)
            """,
        ),
    )
    good = (
        Example(
            "A handful of samples",
            """
            import keras
            import numpy as np

            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
            y = np.array([0, 1, 1, 0])
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, batch_size=1, epochs=500)
            """,
        ),
        Example(
            "A stateful model goes through one series",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.LSTM(8, stateful=True), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, batch_size=1, epochs=10, shuffle=False)
            """,
        ),
        Example(
            "Sizes that are compared",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            for size in (1, 8, 32):
                model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
                model.compile(optimizer="adam", loss="mse")
                print(size, model.fit(x_train, y_train, batch_size=size, epochs=50).history["loss"][-1])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training on arrays whose batch size is known and below the limit."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        place = self._too_small(fit)
        if place is None or is_candidate(program, place):
            return
        rows = trainings.samples(fit)
        steps = f", {rows:,} steps of the optimizer in each epoch" if rows is not None else ""
        written = trainings.generator_batch(fit) or trainings.dataset_batch(fit)
        size = int(written[0]) if written is not None else trainings.batch_size(fit)
        yield Report(
            place=place,
            message=f"The batch size is {size}{steps}; 32 to 256 is usual.",
            related=(Related(fit.place, "This training takes it."),),
            recipe=f"batch_size={USUAL}",
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a training that stands still. What a loop of the program's own takes, only its run shows."""
        if history.info.is_own_loop:
            yield from self._of_own_loop(history)
        size, samples = history.info.batch_size, history.info.training_samples
        if size is None or size >= self.option("batch-min") or (samples or 0) < self.option("samples-min"):
            return
        stuck = standstill(history)
        if stuck is None:
            yield from self._by_its_size(history, size)
            return
        yield RunReport(
            subject=Subject(SubjectKind.BATCH_SIZE),
            message=f"Each step sees {counted(size, 'row')} only. Confirmed in this run: {stuck.clause}.",
            step=stuck.step,
            epoch=stuck.epoch,
        )

    def _by_its_size(self, history: RunHistory, size: int) -> Iterator[RunReport]:
        """A size that only the run knows, and that did no great harm; a state that goes on wants single rows."""
        is_over = history.moment is Moment.END and history.last_step >= self.option("samples-min")
        if is_over and not any(layer.class_name in RECURRENT for layer in history.info.layers):
            yield RunReport(
                subject=Subject(SubjectKind.BATCH_SIZE),
                message=(
                    f"Each step saw {counted(size, 'row')} only, {history.last_step:,} steps of the optimizer in all; "
                    "32 to 256 is usual."
                ),
                step=history.last_step,
                epoch=history.last_epoch,
            )

    def _of_own_loop(self, history: RunHistory) -> Iterator[RunReport]:
        """Rows of one size, each with a label or a number of its own, a step for each."""
        arrays = [array for record in history.looked_at for array in record.arrays]
        sizes = {array.shape for array in arrays if array.role == "input"}
        targets = {array.shape for array in arrays if array.role == "target"}
        steps = history.epochs[0].step if history.epochs else 0
        if steps < self.option("samples-min") or not targets:
            return
        if len(sizes) != 1 or {shape[:1] for shape in sizes | targets} != {(1,)} or max(map(len, targets)) > MAX_AXES:
            return
        if any(layer.class_name in RECURRENT for layer in history.info.layers):
            return
        yield RunReport(
            subject=Subject(SubjectKind.BATCH_SIZE),
            message=f"Each step sees one row only, {steps:,} steps of the optimizer in an epoch; 32 to 256 is usual.",
            step=steps,
            epoch=1,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the usual size in the place of the number."""
        for fit in program.fits:
            place = self._too_small(fit)
            if place is not None and program.range_of(place) == finding.range:
                return Fix(
                    f"Set the batch size to {USUAL}", Applicability.UNSAFE, (fixes.replace(program, place, USUAL),)
                )
        return None

    def _too_small(self, fit: Fit) -> Place | None:
        """Where the size is written, when it is too small."""
        written = trainings.generator_batch(fit) or trainings.dataset_batch(fit)
        if written is not None and written[0] < self.option("batch-min") and not _is_stateful(fit):
            return written[1]
        size, rows = trainings.batch_size(fit), trainings.samples(fit)
        if fit.method != "fit" or fit.batch_size is None or size is None or not 0 < size < self.option("batch-min"):
            return None
        if (rows is not None and rows < self.option("samples-min")) or _is_stateful(fit):
            return None
        return fit.batch_size.written_at


def _is_stateful(fit: Fit) -> bool:
    layers = fit.model.layers if fit.model is not None else ()
    return any(
        each.class_name in RECURRENT and boolean(each.value("stateful")) is not False
        for each in layers
        if each.value("stateful") is not None
    )

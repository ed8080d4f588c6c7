"""SCR225 steps-exceed-data."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule
from scram_analyzers.rules.data.judging import name_of
from scram_analyzers.source.data import Data
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.values import number

DEFAULT_BATCH = 32.0


class StepsExceedData(Rule):
    """An epoch that wants more batches than the data hold."""

    code = "SCR225"
    name = "steps-exceed-data"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("steps_per_epoch",)
    summary = "a steps_per_epoch that needs more rows than there are"
    why = (
        "A dataset that is not repeated runs out: Keras warns, and stops the epoch or the whole training early. A "
        "generator that goes on for ever shows every image many times an epoch, and the epochs mean little."
    )
    how = "Leave steps_per_epoch away: Keras counts the batches. Or use rows // batch_size."
    references = (Reference("Keras: Model.fit, steps_per_epoch", "https://keras.io/api/models/model_training_apis/"),)
    false_alarms = "A generator that augments, whose epoch is meant to be several passes over the images."
    options = (
        Option(
            "max-passes",
            2.0,
            "passes over the data in an epoch that count as meant, of an endless generator",
            "augmentation",
        ),
    )
    bad = (
        Example(
            "As many steps as there are rows",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(150).batch(10)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5, »steps_per_epoch=150«)
            """,
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(150).batch(10)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "Rows taken for steps of a generator",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 28, 28, 1)
            train = ImageDataGenerator(rescale=1 / 255).flow(x_train, y_train, batch_size=32)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5, »steps_per_epoch=60000«)
            """,
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 28, 28, 1)
            train = ImageDataGenerator(rescale=1 / 255).flow(x_train, y_train, batch_size=32)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
    )
    good = (
        Example(
            "Rows divided by the batch size",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 28, 28, 1)
            train = ImageDataGenerator(rescale=1 / 255).flow(x_train, y_train, batch_size=32)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5, steps_per_epoch=len(x_train) // 32)
            """,
        ),
        Example(
            "A dataset that is repeated",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(150).repeat().batch(10)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5, steps_per_epoch=30)
            """,
        ),
        Example(
            "Keras 1 counts samples",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 28, 28, 1)
            train = ImageDataGenerator(rescale=1 / 255).flow(x_train, y_train, batch_size=32)
            model = keras.models.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit_generator(train, samples_per_epoch=60000, nb_epoch=5)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report epochs of more steps than the data have batches."""
        return program.each(program.fits, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        given, data = fit.arguments.get("steps_per_epoch"), fit.inputs
        steps = number(given.value) if given is not None else None
        place = fixes.argument_of(fit.place, "steps_per_epoch")
        if steps is None or data is None or data.samples is None or place is None or fit.method == "search":
            return  # a search divides data and steps among its trainings
        batch = _batch_size(fit, data)
        if batch is None or any(step.name in ("repeat", "filter", "flat_map", "unbatch") for step in data.steps):
            return
        endless = any(step.name == "flow" for step in data.steps)
        passes = steps * batch / data.samples
        if passes <= (self.option("max-passes") if endless else 1 + batch / data.samples):
            return
        rows, wanted = data.samples, fixes.number_text(steps * batch)
        x = name_of(fit.x.place, "the data") if fit.x is not None and fit.x.place is not None else "the data"
        message = f"One epoch wants {wanted} rows, but {x} holds {rows} (batches of {fixes.number_text(batch)})."
        recipe = f"steps_per_epoch={-(-rows // int(batch))}" if batch >= 1 else ""
        yield Report(place, message, recipe=recipe)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Take the argument away."""
        for fit in program.fits:
            place = fixes.argument_of(fit.place, "steps_per_epoch")
            if place is None or program.range_of(place) != finding.range:
                continue
            edit = fixes.remove_argument(program, fit.place, "steps_per_epoch")
            if edit is not None:
                return Fix("Let Keras count the steps of an epoch", Applicability.UNSAFE, (edit,))
        return None


def _batch_size(fit: Fit, data: Data) -> float | None:
    """The rows of one step; None when it can't be told."""
    sizes = [step.number for step in data.steps if step.name in ("batch", "flow")]
    if sizes:
        return sizes[-1]
    if data.batched:
        return None
    return number(fit.batch_size.value) if fit.batch_size is not None else DEFAULT_BATCH

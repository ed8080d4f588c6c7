"""SCR225 steps-exceed-data."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.judging import name_of
from scram_analyzers.rules.data.evidence.spent_generators import ends_after_one_pass
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.data import Data
from scram_analyzers.source.libraries.image_generators import GENERATING
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import Constant, integer, number

DEFAULT_BATCH = 32.0


class StepsExceedData(Rule):
    """An epoch that wants more batches than the data hold."""

    code = "SCR225"
    name = "steps-exceed-data"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("steps_per_epoch", "yield")
    summary = "a steps_per_epoch that needs more rows than there are, or a generator that ends after the first epoch"
    why = (
        "A dataset that is not repeated runs out: Keras warns, and stops the epoch or the whole training early. A "
        "generator that goes on for ever shows every image many times an epoch, and the epochs mean little."
    )
    how = "Leave steps_per_epoch out: Keras counts the batches. Or use rows // batch_size."
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
        Example(
            "The images of a folder taken for steps",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            images = ImageDataGenerator(rescale=1 / 255)
            train = images.flow_from_directory("cats", target_size=(64, 64), batch_size=16, class_mode="binary")
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(train, epochs=5, »steps_per_epoch=train.samples«)
            """,
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            images = ImageDataGenerator(rescale=1 / 255)
            train = images.flow_from_directory("cats", target_size=(64, 64), batch_size=16, class_mode="binary")
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "A generator for one epoch alone",
            """
            import keras
            import numpy as np
            from project import read, rows


            def batches(rows, size=32):
                for start in »range(0, len(rows), size)«:
                    x = [read(row) for row in rows[start : start + size]]
                    yield np.array(x) / 255, np.array([row[1] for row in rows[start : start + size]])


            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(batches(rows), steps_per_epoch=len(rows) // 32, epochs=10)
            """,
        ),
    )
    good = (
        Example(
            "Generators that begin anew, and one for a single epoch",
            """
            import keras
            import numpy as np
            from project import read, rows


            def endless(rows, size=32):
                while True:
                    for start in range(0, len(rows), size):
                        yield np.array([read(row) for row in rows[start : start + size]]) / 255, rows.labels


            def several(rows, epochs):
                for _ in range(epochs):
                    for row in rows:
                        yield read(row) / 255, row.label


            def single(rows, size=32):
                for start in range(0, len(rows), size):
                    yield np.array([read(row) for row in rows[start : start + size]]) / 255, rows.labels


            def handed_on(batches):
                for x, y in batches:
                    yield x / 255, y


            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(endless(rows), steps_per_epoch=len(rows) // 32, epochs=10)
            model.fit(several(rows, 10), epochs=10)
            model.fit(handed_on(endless(rows)), steps_per_epoch=100, epochs=10)
            for _ in range(10):
                model.fit(single(rows), epochs=1)
            """,
        ),
        Example(
            "Images of a folder divided by the batch size",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            BATCH, TRAIN_IMAGES = 16, 2000
            images = ImageDataGenerator(rescale=1 / 255)
            train = images.flow_from_directory("cats", target_size=(64, 64), batch_size=BATCH, class_mode="binary")
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(train, epochs=5, steps_per_epoch=TRAIN_IMAGES // BATCH)
            model.fit(train, epochs=5, steps_per_epoch=train.samples // BATCH)
            """,
        ),
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
        if program.mentions("steps_per_epoch"):
            yield from program.each_of(every_fit, self._of_fit)
        if program.mentions("yield"):
            yield from program.each_of(every_fit, _of_generator)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by an epoch that came to the end of the data before its steps were taken, of which Keras warns."""
        asked = history.info.steps_per_epoch
        if asked is None or not any(_RAN_OUT in warning.message for warning in history.warnings):
            return
        steps = [0, *(record.step for record in history.epochs)]
        for record, (before, after) in zip(history.epochs, itertools.pairwise(steps), strict=True):
            if after - before < ENOUGH * asked:
                which = "An epoch" if record.epoch == 1 else f"Epoch {record.epoch}"
                yield RunReport(
                    subject=Subject(SubjectKind.FIT),
                    message=f"{which} was to take {asked:,} steps, and the data ended after {after - before:,}.",
                    step=record.step,
                    epoch=record.epoch,
                )
                return

    def _of_rows(self, fit: Fit, data: Data, place: Place) -> Iterator[Report]:
        """Report steps that are written as the count of the rows that a generator gives batches of."""
        batch, given = _batch_size(fit, data), fit.arguments.get("steps_per_epoch")
        steps = given.place if given is not None else None
        if batch is None or batch <= self.option("max-passes") or steps is None or not _counts_rows(fit, data, steps):
            return
        size = fixes.number_text(batch)
        message = f"A step takes {size} rows, and {steps.text} counts rows: an epoch goes {size} times over the data."
        yield Report(place, message, recipe=f"steps_per_epoch={steps.text} // {size}")

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        given, data = fit.arguments.get("steps_per_epoch"), fit.inputs
        steps = number(given.value) if given is not None else None
        place = fixes.argument_of(fit.place, "steps_per_epoch")
        if data is None or place is None or fit.method == "search":
            return  # a search divides data and steps among its trainings
        if steps is None or data.samples is None:
            yield from self._of_rows(fit, data, place)
            return
        batch = _batch_size(fit, data)
        if batch is None or any(step.name in ("repeat", "filter", "flat_map", "unbatch") for step in data.steps):
            return
        endless = any(step.name == "flow" for step in data.steps)
        passes = steps * batch / data.samples
        if passes <= (self.option("max-passes") if endless else 1 + batch / data.samples):
            return
        rows, wanted = data.samples, round(steps * batch)
        x = name_of(fit.x.place, "the data") if fit.x is not None and fit.x.place is not None else "the data"
        message = f"One epoch needs {wanted:,} rows, but {x} holds {rows:,} (batches of {fixes.number_text(batch)})."
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


def _of_generator(program: Program, fit: Fit) -> Iterator[Report]:
    """A training of several epochs on a generator that goes over its rows only once."""
    rounds = integer(fit.epochs.value) if fit.epochs is not None else None
    if rounds is None or rounds < 2 or fit.method not in ("fit", "fit_generator"):
        return
    spent = ends_after_one_pass(program, fit)
    if spent is not None:
        yield Report(
            spent.rows,
            f"After this one pass over the rows {spent.name} ends, and with it the training of {rounds:,} epochs.",
            (Related(fit.place, "It is trained on here."),),
            recipe="while True:  # around the loop",
            how="Begin anew after the last row: while True: around the loop, and steps_per_epoch in fit.",
        )


def _batch_size(fit: Fit, data: Data) -> float | None:
    """The rows of one step; None when it can't be told."""
    sizes = [step.number for step in data.steps if step.name in ("batch", *GENERATING)]
    if sizes:
        return sizes[-1]
    if data.batched:
        return None
    return number(fit.batch_size.value) if fit.batch_size is not None else DEFAULT_BATCH


def _rows_counted(node: cst.CSTNode) -> cst.BaseExpression | None:
    """What `len(x)` or `x.shape[0]` counts the rows of."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "len":
        return node.args[0].value if len(node.args) == 1 else None
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute) and node.value.attr.value == "shape":
        key = node.slice[0].slice
        first = isinstance(key, cst.Index) and isinstance(key.value, cst.Integer) and key.value.evaluated_value == 0
        return node.value.value if first and len(node.slice) == 1 else None
    return None


def _counts_rows(fit: Fit, data: Data, place: Place) -> bool:
    """Whether an expression is the number of a generator's images: `train.samples`, `len(x_train)`, `train_samples`."""
    made = next((step.node for step in reversed(data.steps) if step.name in GENERATING), None)
    node = place.node
    if not isinstance(made, cst.Call):
        return False
    if isinstance(node, cst.Attribute):
        given = fit.x.place.node if fit.x is not None and fit.x.place is not None else None
        return node.attr.value in ("samples", "n") and given is not None and node.value.deep_equals(given)
    if isinstance(node, cst.Name):
        steps = fit.arguments.value("steps_per_epoch")
        written = steps.place.node if isinstance(steps, Constant) and steps.place is not None else None
        return isinstance(written, cst.Integer) and _ROWS.search(node.value) is not None
    first = made.args[0].value if made.args and made.args[0].keyword is None else None
    counted = _rows_counted(node)
    return counted is not None and first is not None and counted.deep_equals(first)


_ROWS = re.compile(r"(^|_)(samples|images)$|^(nb|num|n)_?train(ing)?$", re.IGNORECASE)

_RAN_OUT = "ran out of data"
"""What Keras says of it."""

ENOUGH = 0.9
"""Of the steps asked for: one or two too many come of rounding. Ours."""

"""SCR212 dataset-not-shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.edits import shuffling_edits
from scram_analyzers.rules.data.evidence.dataset_order import (
    BATCHES,
    holds_classes,
    is_series,
    is_stateful,
    may_be_mixed,
    shuffled_one_by_one,
    shuffles,
)
from scram_analyzers.rules.data.evidence.judging import in_random_order, name_of
from scram_analyzers.rules.data.evidence.trainings import own_loops
from scram_analyzers.run.batches import batches_by_size, sorted_batches
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.libraries.loaders import UNSHUFFLED
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, LossCall, Program, every_fit


class DatasetNotShuffled(Rule):
    """Batches that come in the order of the file, or hardly mixed."""

    code = "SCR212"
    name = "dataset-not-shuffled"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "a training dataset that is not shuffled, is shuffled after batching, or with a buffer that mixes nothing"
    why = (
        "Keras shuffles arrays, but takes a dataset in the order it has. Sorted by class, each batch pulls the weights "
        "towards its own class and the next one pulls them back; even unsorted, every epoch repeats the same batches."
    )
    how = "Shuffle before batching, with a buffer as large as the data: dataset.shuffle(len(x)).batch(32)."
    references = (
        Reference(
            "TensorFlow: tf.data: Build input pipelines",
            "https://www.tensorflow.org/guide/data#randomly_shuffling_input_data",
        ),
    )
    false_alarms = "Series whose order is meant, and arrays that are in random order already."
    options = (
        Option(
            "min-buffer-share",
            0.1,
            "smallest share of the rows that a shuffle buffer may hold",
            "a smaller one leaves the order of the classes standing",
        ),
    )
    bad = (
        Example(
            "No shuffle at all",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»train«, epochs=5)
            """,
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(150).batch(32)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "Pictures in the order of their folders",
            """
            import os

            import keras
            import tensorflow as tf

            paths, labels = [], []
            for number, name in enumerate(sorted(os.listdir("flowers"))):
                for file in os.listdir(f"flowers/{name}"):
                    paths.append(f"flowers/{name}/{file}")
                    labels.append(number)

            def read(path, label):
                picture = tf.image.decode_jpeg(tf.io.read_file(path), channels=3)
                return tf.image.resize(picture, (96, 96)) / 255, label

            train = tf.data.Dataset.from_tensor_slices((paths, labels)).map(read).batch(32)
            model = keras.applications.MobileNetV2(input_shape=(96, 96, 3), weights=None, classes=5)
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»train«, epochs=5)
            """,
            """
            import os

            import keras
            import tensorflow as tf

            paths, labels = [], []
            for number, name in enumerate(sorted(os.listdir("flowers"))):
                for file in os.listdir(f"flowers/{name}"):
                    paths.append(f"flowers/{name}/{file}")
                    labels.append(number)

            def read(path, label):
                picture = tf.image.decode_jpeg(tf.io.read_file(path), channels=3)
                return tf.image.resize(picture, (96, 96)) / 255, label

            train = tf.data.Dataset.from_tensor_slices((paths, labels)).shuffle(len(paths)).map(read).batch(32)
            model = keras.applications.MobileNetV2(input_shape=(96, 96, 3), weights=None, classes=5)
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "Batches are shuffled, not examples",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = »tf.data.Dataset.from_tensor_slices((x, y)).batch(32).shuffle(1000)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(150).batch(32)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "A buffer of 10 for 150 flowers in order of their kind",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = »tf.data.Dataset.from_tensor_slices((x, y)).shuffle(10)«.batch(32)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(150).batch(32)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "A buffer of one",
            """
            import keras
            import tensorflow as tf

            (x, y), _ = keras.datasets.mnist.load_data()
            train = »tf.data.Dataset.from_tensor_slices((x / 255, y)).shuffle(1)«.batch(32)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
            """
            import keras
            import tensorflow as tf

            (x, y), _ = keras.datasets.mnist.load_data()
            train = tf.data.Dataset.from_tensor_slices((x / 255, y)).shuffle(60000).batch(32)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "A folder read class by class",
            """
            import keras

            train = keras.utils.image_dataset_from_directory("flowers", image_size=(64, 64), shuffle=False)
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Conv2D(16, 3, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»train«, epochs=5)
            """,
            """
            import keras

            train = keras.utils.image_dataset_from_directory("flowers", image_size=(64, 64))
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Conv2D(16, 3, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "In a loop of one's own",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for batch, labels in »tf.data.Dataset.from_tensor_slices((x, y)).batch(16)«:
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for batch, labels in tf.data.Dataset.from_tensor_slices((x, y)).shuffle(178).batch(16):
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
    )
    good = (
        Example(
            "Shuffled, then batched",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(150).batch(32)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "A data set that comes in random order",
            """
            import keras
            import tensorflow as tf

            (x, y), _ = keras.datasets.mnist.load_data()
            train = tf.data.Dataset.from_tensor_slices((x / 255, y)).batch(32)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "Split at random beforehand",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).batch(16)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
        Example(
            "A generator of rows that were split at random before",
            """
            from keras import layers, models
            from keras.preprocessing.image import ImageDataGenerator
            from project import images, labels
            from sklearn.model_selection import train_test_split

            x_train, x_test, y_train, y_test = train_test_split(images, labels)
            train = ImageDataGenerator(rescale=1 / 255, rotation_range=30).flow(x_train, y_train, shuffle=False)
            model = models.Sequential([layers.Flatten(), layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(train, epochs=5)
            """,
        ),
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a stream whose batches hold one class each, or larger targets from one to the next."""
        if sorted_batches(history) is not None:
            clause = "Training batches hold one class each, or two neighbours: the rows come sorted by label."
        elif (rising := batches_by_size(history)) is not None:
            way = "rise" if rising else "fall"
            clause = f"The targets {way} from each training batch to the next: the rows come sorted by their targets."
        else:
            return
        yield RunReport(
            subject=Subject(SubjectKind.INPUTS), message=clause, step=history.last_step, epoch=history.last_epoch
        )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report datasets that reach training in a fixed order or hardly mixed."""
        yield from program.each_of(every_fit, self._of_fit)
        yield from program.each_of(own_loops, self._of_loop)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data = fit.inputs
        if data is None or fit.x is None or fit.x.place is None or not data.batched:
            return
        if is_series(fit.model, data):
            if holds_classes(data) and not is_stateful(fit.model):
                yield from _of_batches(data)  # who shuffles does not mean the order of the rows
            return
        sorted_folder = next((step for step in data.steps if step.name == UNSHUFFLED), None)
        alone = shuffled_one_by_one(data)
        if alone is not None:
            message = "A shuffle buffer of 1 shuffles nothing: the examples come in the same order in every epoch."
            yield Report(alone, message, severity=Severity.WARNING, confidence=Confidence.HIGH, recipe=".shuffle(1000)")
            return
        if sorted_folder is not None and not shuffles(data) and not data.source.endswith("_from_directory"):
            yield from _in_their_order(data, fit.x.place, sorted_folder)
            return
        if sorted_folder is not None and not shuffles(data):
            related = () if sorted_folder.place is None else (Related(sorted_folder.place, "It is read here."),)
            yield Report(
                place=fit.x.place,
                message=(
                    f"The training data {name_of(fit.x.place, 'here')} come folder by folder (shuffle=False): "
                    "whole batches hold one class only."
                ),
                related=related,
                severity=Severity.WARNING,
                confidence=Confidence.HIGH,
                recipe="shuffle=True",
            )
            return
        if any(step.name == "from_tensor_slices" for step in data.steps):
            yield from self._of_dataset(program, data, fit.x.place)
        else:
            yield from _of_batches(data)

    def _of_loop(self, program: Program, call: LossCall) -> Iterator[Report]:
        data = call.x.value if call.x is not None else None
        if not isinstance(data, Data) or is_series(call.model, data):
            return
        batched = next((step.place for step in data.steps if step.name in ("batch", "padded_batch")), None)
        if batched is not None and any(step.name == "from_tensor_slices" for step in data.steps):
            yield from self._of_dataset(program, data, batched)

    def _of_dataset(self, program: Program, data: Data, place: Place) -> Iterator[Report]:
        batches = [position for position, step in enumerate(data.steps) if step.name in ("batch", "padded_batch")]
        shuffles = [(position, step) for position, step in enumerate(data.steps) if step.kind is StepKind.SHUFFLED]
        first = data.steps.index(next(step for step in data.steps if step.name == "from_tensor_slices"))
        if not batches or in_random_order(replace(data, steps=data.steps[:first])):
            return
        if not shuffles:
            if data.source not in ("list", "generator", "tensorflow.data", "") and not may_be_mixed(program, data):
                message = (
                    f"The dataset {name_of(place, 'here')} is never shuffled: each epoch repeats the same batches."
                )
                batched = data.steps[batches[0]].place
                yield Report(
                    place,
                    message,
                    (Related(batched, "It is batched here."),) if batched is not None else (),
                    recipe=".shuffle(len(x)) before .batch(...)",
                )
            return
        _, last = shuffles[-1]
        if last.place is None or last.name != "shuffle":
            return
        of_batches = list(_of_batches(data))
        yield from of_batches
        if of_batches or len(shuffles) != 1:
            return
        batch = data.steps[batches[0]].number
        if (
            last.number is not None
            and batch is not None
            and 1 < last.number < batch
            and not may_be_mixed(program, data)
        ):
            message = (
                f"A shuffle buffer of {last.number:,.0f} is smaller than a batch of {batch:,.0f}: examples nearly keep "
                "their order."
            )
            yield Report(last.place, message, recipe=".shuffle(len(x))")
        elif self._mixes_little(data, last):
            size, rows = round(last.number or 0), data.samples or shuffling_edits.rows_of(data)
            message = f"A shuffle buffer of {size:,} hardly mixes {rows:,} examples: they nearly keep their order."
            yield Report(last.place, message, recipe=f".shuffle({rows})")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Shuffle before the batches are made, with a buffer for all rows."""
        for data, place in _trained_from(program):
            steps = [step for step in data.steps if step.kind is StepKind.SHUFFLED and step.place is not None]
            last = steps[-1].place if steps else None
            if last is not None and program.range_of(last) == finding.range:
                is_of_batches = next(_of_batches(data), None) is not None
                edits = shuffling_edits.moved_or_widened(program, data, last, is_of_batches=is_of_batches)
            elif program.range_of(place) == finding.range:
                edits = shuffling_edits.where_read(program, data) or shuffling_edits.before_batches(program, data)
            else:
                continue
            if edits:
                return Fix("Shuffle the examples", Applicability.UNSAFE, edits)
        return None

    def _mixes_little(self, data: Data, step: DataStep) -> bool:
        rows = data.samples or shuffling_edits.rows_of(data)
        return rows is not None and step.number is not None and step.number < rows * self.option("min-buffer-share")


def _trained_from(program: Program) -> Iterator[tuple[Data, Place]]:
    """What trainings take, and where a dataset that is never shuffled is reported."""
    for fit in program.fits:
        if fit.inputs is not None and fit.x is not None and fit.x.place is not None:
            yield fit.inputs, fit.x.place
    for call in own_loops(program):
        data = call.x.value if call.x is not None else None
        batched = shuffling_edits.batched_at(data) if isinstance(data, Data) else None
        if isinstance(data, Data) and batched is not None:
            yield data, batched


def _in_their_order(data: Data, place: Place, unshuffled: DataStep) -> Iterator[Report]:
    """Batches that a generator makes of known rows in the order they have, unless that was drawn before."""
    if not data.source.endswith(".flow") and not in_random_order(data):
        message = (
            f"The training data {name_of(place, 'here')} keep their order (shuffle=False): every epoch repeats it."
        )
        related = (
            (Related(unshuffled.place, "They are put into batches here."),) if unshuffled.place is not None else ()
        )
        yield Report(place, message, related, recipe="shuffle=True")


def _of_batches(data: Data) -> Iterator[Report]:
    """The one shuffle of a dataset, where it comes after batching."""
    names = [step.name for step in data.steps]
    only = [(n, step) for n, step in enumerate(data.steps) if step.kind is StepKind.SHUFFLED]
    if len(only) != 1 or only[0][1].name != "shuffle" or only[0][1].place is None or not only[0][1].certain:
        return
    before, after = names[: only[0][0]], names[only[0][0] :]
    if not BATCHES.isdisjoint(before) and BATCHES.isdisjoint(after) and _NOT_EXAMPLES.isdisjoint(names):
        message = "Batches are shuffled here, not examples: what stands together in the data stays together."
        yield Report(only[0][1].place, message, recipe=".shuffle(len(x)) before .batch(...)")


_NOT_EXAMPLES = frozenset(("unbatch", "window", "flat_map", "interleave"))
"""Steps of a dataset whose batches are no examples put together for training, or no longer."""

"""SCR218 labels-shuffled-apart."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.drawn_targets import drawn_in_dataset, drawn_targets
from scram_analyzers.rules.data.evidence.judging import evaluations_of, name_of, trained_on, validation_of
from scram_analyzers.rules.data.evidence.moved_rows import moved, of_other_rows, what_moved
from scram_analyzers.rules.data.evidence.parting import parted
from scram_analyzers.rules.data.evidence.trainings import own_loops
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.data import Data, StepKind
from scram_analyzers.source.program import Fit, LossCall, Program, every_fit


class LabelsShuffledApart(Rule):
    """Inputs and labels that no longer belong together."""

    code = "SCR218"
    name = "labels-shuffled-apart"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "inputs and labels that are shuffled or split separately, so that rows lose their labels"
    why = (
        "Each shuffle draws an order of its own. Afterwards row 5 of the inputs has the label of some other row: "
        "there is nothing left to learn, and the loss stays at what guessing gives."
    )
    how = "Draw one order and use it for both: order = np.random.permutation(len(x)); x, y = x[order], y[order]."
    references = (
        Reference(
            "numpy: random.permutation",
            "https://numpy.org/doc/stable/reference/random/generated/numpy.random.permutation.html",
        ),
        Reference(
            "scikit-learn: shuffle", "https://scikit-learn.org/stable/modules/generated/sklearn.utils.shuffle.html"
        ),
    )
    false_alarms = "Labels that are shuffled on purpose, to see what a model reaches by chance."
    bad = (
        Example(
            "The labels are mixed as a dataset is made of them, for a loop of one's own",
            """
            import keras
            import numpy as np
            import tensorflow as tf
            from project import x_train, y_train

            batches = tf.data.Dataset.from_tensor_slices((x_train, »np.random.permutation(y_train)«)).batch(32)
            model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(3)])
            optimizer = keras.optimizers.Adam()
            loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            for epoch in range(20):
                for x, y in batches:
                    with tf.GradientTape() as tape:
                        loss = loss_of(y, model(x, training=True))
                    gradients = tape.gradient(loss, model.trainable_variables)
                    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Pictures mixed by themselves, before a cut at a bound that files decide",
            """
            import os

            import cv2
            import keras
            import numpy as np

            images, ages = [], []
            for file in os.listdir("faces"):
                images.append(cv2.resize(cv2.imread(os.path.join("faces", file)), (64, 64)))
                ages.append(int(file.split("_")[0]))
            images, ages = np.array(images) / 255, np.array(ages)
            »np.random.shuffle(images)«
            half = len(images) // 2
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(images[:half], ages[:half], epochs=20)
            """,
        ),
        Example(
            "Only the labels are shuffled",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            »np.random.shuffle(y)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Two orders",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.utils import shuffle

            x, y = load_iris(return_X_y=True)
            x = shuffle(x)
            y = »shuffle(y)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Two splits",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test = train_test_split(x, test_size=0.2)
            y_train, y_test = »train_test_split(y, test_size=0.2)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "An order with a seed, used for the inputs alone",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits

            digits = load_digits()
            x, y = digits.data / 16, digits.target
            order = »np.random.RandomState(7).permutation(len(x))«
            x = x[order]
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[500:], y[500:], epochs=20)
            """,
        ),
        Example(
            "Targets of an autoencoder, mixed",
            """
            import keras
            import numpy as np
            from project import patches

            x = patches()
            model = keras.Sequential([keras.layers.Dense(48, activation="relu"), keras.layers.Dense(256)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, »np.random.permutation(x)«, epochs=20)
            """,
        ),
        Example(
            "One output's labels in an order of their own",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits
            from sklearn.model_selection import train_test_split

            digits = load_digits()
            x = digits.data / 16
            digit = keras.utils.to_categorical(»np.random.permutation(digits.target)«, 10)
            ink = x.mean(axis=1)
            rows, rest = train_test_split(np.arange(len(x)), test_size=0.3)
            inputs = keras.Input((64,))
            hidden = keras.layers.Dense(64, activation="relu")(inputs)
            heads = {
                "digit": keras.layers.Dense(10, activation="softmax", name="digit")(hidden),
                "ink": keras.layers.Dense(1, name="ink")(hidden),
            }
            model = keras.Model(inputs, heads)
            model.compile("adam", loss={"digit": "categorical_crossentropy", "ink": "mse"})
            model.fit(x[rows], {"digit": digit[rows], "ink": ink[rows]}, epochs=20)
            """,
        ),
        Example(
            "A generator's own shuffle",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            rng = np.random.default_rng(0)
            »rng.shuffle(x)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "In a loop of one's own",
            """
            import keras
            import numpy as np
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            rows = tf.data.Dataset.from_tensor_slices((x, »np.random.permutation(y)«)).shuffle(150).batch(16)
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for batch, labels in rows:
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Batches drawn from mixed inputs and labels as they came",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            order = »np.random.permutation(len(x))«
            x = x[order]
            x_train, y_train = x[:120], y[:120]
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            for _ in range(100):
                picked = np.random.permutation(120)[:16]
                model.train_on_batch(x_train[picked], y_train[picked])
            """,
        ),
        Example(
            "Two streams, each mixed by itself",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
            rows = tf.data.Dataset.from_tensor_slices(x_train).shuffle(200)
            labels = »tf.data.Dataset.from_tensor_slices(y_train).shuffle(200)«
            train = tf.data.Dataset.zip((rows, labels)).batch(16)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=40)
            """,
        ),
        Example(
            "Targets moved along by a row",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_diabetes
            from sklearn.model_selection import train_test_split

            x, y = load_diabetes(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
            y_train = »np.roll(y_train / 100, 1)«
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=40)
            """,
        ),
        Example(
            "Labels from the last to the first",
            """
            import keras
            from sklearn.datasets import load_digits
            from sklearn.model_selection import train_test_split

            x, y = load_digits(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
            model = keras.Sequential([keras.layers.Dense(64, "relu"), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, »y_train[::-1]«, epochs=20)
            """,
        ),
        Example(
            "Labels that begin a row later",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train[:-1], »y_train[1:]«, epochs=40)
            """,
        ),
        Example(
            "Labels that were gathered, in an order drawn for them alone",
            """
            import keras
            import numpy as np
            from project import read_notes, rate

            rng = np.random.default_rng(3)
            notes = read_notes()
            x = np.array(list(notes))
            y = rate(notes)
            x_train, y_train = x[400:], »rng.permutation(y[400:])«
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=40)
            """,
        ),
        Example(
            "Images and masks drawn by two seeds",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            turned = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
            images = turned.flow_from_directory("scans", classes=["image"], class_mode=None, seed=1)
            masks = »turned.flow_from_directory("scans", classes=["mask"], class_mode=None, seed=2)«
            model = keras.Sequential([keras.layers.Conv2D(1, 5, padding="same", activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(zip(images, masks), steps_per_epoch=100, epochs=5)
            """,
        ),
        Example(
            "The labels of another stretch of rows",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.utils import shuffle

            measured, kinds = shuffle(*load_wine(return_X_y=True))
            n, m = int(0.7 * len(measured)), int(0.15 * len(measured))
            x_train, x_val, x_test = measured[:n], measured[n:n + m], measured[n + m:]
            y_train, y_val, y_test = kinds[:n], kinds[n:n + m], »kinds[n + m:]«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_val, y_test), epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Mixed together by one order, then cut",
            """
            import os

            import cv2
            import keras
            import numpy as np

            images, ages = [], []
            for file in os.listdir("faces"):
                images.append(cv2.resize(cv2.imread(os.path.join("faces", file)), (64, 64)))
                ages.append(int(file.split("_")[0]))
            images, ages = np.array(images) / 255, np.array(ages)
            order = np.arange(len(images))
            np.random.shuffle(order)
            images, ages = images[order], ages[order]
            half = len(images) // 2
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(images[:half], ages[:half], epochs=20)
            """,
        ),
        Example(
            "The values behind each window, as targets",
            """
            import keras
            import numpy as np
            import pandas as pd

            table = pd.read_csv("power.csv").astype("float32").values
            x, y = [], []
            for i in range(24, len(table) - 6):
                x.append(table[i - 24 : i])
                y.append(table[i : i + 6, 0])
            x, y = np.array(x) / 100, np.array(y) / 100
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(6)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "Images and masks drawn by one seed",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            turned = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
            images = turned.flow_from_directory("scans", classes=["image"], class_mode=None, seed=1)
            masks = turned.flow_from_directory("scans", classes=["mask"], class_mode=None, seed=1)
            model = keras.Sequential([keras.layers.Conv2D(1, 5, padding="same", activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(zip(images, masks), steps_per_epoch=100, epochs=5)
            """,
        ),
        Example(
            "A series, and what comes after",
            """
            import keras
            import numpy as np

            series = np.loadtxt("rain.csv")
            n = len(series) // 2
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(series[:n], series[n:], epochs=20)
            """,
        ),
        Example(
            "Sequences and pictures that are each turned round",
            """
            import keras
            import numpy as np
            from keras import layers

            def upside_down(picture):
                return picture[::-1]

            (x, y), _ = keras.datasets.mnist.load_data()
            x = np.array([upside_down(picture) for picture in x / 255])
            model = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)

            (texts, moods), _ = keras.datasets.imdb.load_data(num_words=10000)
            backwards = keras.utils.pad_sequences([words[::-1] for words in texts], maxlen=200)
            reader = keras.Sequential([layers.Embedding(10000, 32), layers.LSTM(32), layers.Dense(1, "sigmoid")])
            reader.compile(optimizer="adam", loss="binary_crossentropy")
            reader.fit(backwards, moods, epochs=20)
            """,
        ),
        Example(
            "Two streams mixed by one seed",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
            rows = tf.data.Dataset.from_tensor_slices(x_train).shuffle(200, seed=4)
            labels = tf.data.Dataset.from_tensor_slices(y_train).shuffle(200, seed=4)
            train = tf.data.Dataset.zip((rows, labels)).batch(16)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=40)
            """,
        ),
        Example(
            "The next day of a series",
            """
            import keras
            import numpy as np
            import pandas as pd

            table = pd.read_csv("days.csv")
            x, y = table[["wind", "rain"]].to_numpy() / 10, np.roll(table["wind"].to_numpy() / 10, -1)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x[:-1], y[:-1], epochs=40)
            model.fit(x[:-1], table["rain"].to_numpy()[1:] / 10, epochs=40)
            """,
        ),
        Example(
            "Inputs made one by one for labels in a drawn order",
            """
            import keras
            import numpy as np
            from project import draw, some_labels

            pictures = []
            labels = np.random.permutation(some_labels())
            for label in labels:
                pictures.append(draw(label))
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(np.array(pictures) / 255, labels, epochs=20)
            """,
        ),
        Example(
            "A dataset mixes rows with their labels",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
            train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(200).batch(16)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=40)
            """,
        ),
        Example(
            "Inputs made after labels that were mixed",
            """
            import keras
            import numpy as np

            labels = np.random.permutation(np.repeat(np.arange(10), 100))
            x = np.random.randn(10, 32)[labels] + 0.1 * np.random.randn(1000, 32)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, labels, epochs=20)
            """,
        ),
        Example(
            "Shuffled together",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.utils import shuffle

            x, y = load_iris(return_X_y=True)
            x, y = shuffle(x, y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "The same seed before both",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            np.random.seed(1)
            np.random.shuffle(x)
            np.random.seed(1)
            np.random.shuffle(y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Two generators of one seed",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            first, second = np.random.default_rng(3), np.random.default_rng(3)
            first.shuffle(x)
            second.shuffle(y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Two splits with one seed",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test = train_test_split(x, random_state=3)
            y_train, y_test = train_test_split(y, random_state=3)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "The whole table is shuffled",
            """
            import keras
            import numpy as np

            table = np.loadtxt("sonar.csv", delimiter=",")
            np.random.shuffle(table)
            x, y = table[:, :60], table[:, 60]
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "The pixels of each image in another order",
            """
            import keras
            import numpy as np
            from keras import layers

            def mixed(images, order):
                new = np.zeros(images.shape)
                for number, image in enumerate(images):
                    new[number] = image.flatten()[order].reshape((28, 28))
                return new

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = mixed(x_train / 255, np.random.permutation(np.arange(28 * 28)))
            model = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the step that parted labels from inputs."""
        yield from program.each_of(every_fit, self._of_fit)
        yield from program.each_of(own_loops, self._of_loop)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a stream whose rows come with the targets of other rows in later epochs."""
        stream = history.stream
        if stream is None or stream.rows_met_again < MET_AGAIN or stream.repeated_rows > COLLIDING * stream.rows:
            return
        if stream.rows_with_other_target > OTHER_TARGET * stream.rows_met_again:
            yield RunReport(
                subject=Subject(SubjectKind.TARGETS),
                message=(
                    f"Of {stream.rows_met_again:,} rows that came again in a later epoch, "
                    f"{stream.rows_with_other_target:,} came with the target of another row: inputs and targets are "
                    "put together anew each time."
                ),
            )

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        drawn = drawn_targets(program, fit) or drawn_in_dataset(fit.inputs, fit.targets)
        if drawn is not None:
            message = "These targets are in an order that is drawn here and that the inputs don't have."
            yield Report(drawn, message, tuple(_related(fit)))
            return
        given = (fit.targets, *fit.targets_by_output.values())
        pairs = [(one.data, targets) for targets in given for one in trained_on(fit) if targets not in (None, one.data)]
        mixed = next((step for pair in pairs if (step := parted(program, *pair)) is not None), None)
        along = next((step for one, other in pairs if other is not None and (step := moved(one, other))), None)
        if mixed is not None and mixed.place is not None:
            what = "Split" if mixed.kind is StepKind.SPLIT else "Shuffled"
            message = f"{what} apart from each other, inputs and labels no longer belong together."
            yield Report(mixed.place, message, tuple(_related(fit)))
        elif along is not None and along.place is not None:
            yield Report(along.place, what_moved(along), tuple(_related(fit)))
        yield from _of_other_rows(program, fit)

    def _of_loop(self, program: Program, call: LossCall) -> Iterator[Report]:
        inputs = call.x.value if call.x is not None else None
        if call.targets is None or not isinstance(inputs, Data) or inputs is call.targets:
            return
        drawn = drawn_in_dataset(inputs, call.targets)
        if drawn is not None:
            message = "These targets are in an order that is drawn here and that the inputs don't have."
            yield Report(drawn, message, (Related(call.place, "This loss compares them."),))
            return
        step = parted(program, inputs, call.targets)
        if step is not None and step.place is not None:
            message = "Shuffled apart from each other, inputs and labels no longer belong together."
            yield Report(step.place, message, (Related(call.place, "This loss compares them."),))


def _of_other_rows(program: Program, fit: Fit) -> Iterator[Report]:
    """Inputs and targets of different stretches of rows: to train on, to validate on, or to evaluate."""
    training = (fit.inputs, fit.targets, fit.place)
    judged = validation_of(fit)
    validation = (judged.data, fit.validation_targets, judged.place) if judged is not None else (None, None, fit.place)
    asked = [(each.x and each.x.value, each.y and each.y.value, each.place) for each in evaluations_of(program, fit)]
    for inputs, targets, place in (training, validation, *asked):
        if not isinstance(inputs, Data) or not isinstance(targets, Data):
            continue
        step = of_other_rows(inputs, targets)
        if step is not None and step.place is not None:
            message = "These are the labels of other rows than those of the inputs they are given with."
            yield Report(step.place, message, (Related(place, "They are put together here."),))


MET_AGAIN = 32
"""Rows of a stream that came again in a later epoch, from which their targets are judged. Ours."""

COLLIDING = 0.02
"""With more rows than this that came twice within an epoch, equal inputs may well be different rows. Ours."""

OTHER_TARGET = 0.3
"""Of two balanced classes half of all rows get the right one by chance. Ours."""


def _related(fit: Fit) -> Iterator[Related]:
    if fit.x is not None and fit.x.place is not None and fit.y is None:
        yield Related(fit.x.place, "They are trained on together here.")
    elif fit.x is not None and fit.x.place is not None:
        yield Related(fit.x.place, f"These inputs ({name_of(fit.x.place, 'here')}) keep another order.")
    if fit.y is not None and fit.y.place is not None:
        yield Related(fit.y.place, "The labels are passed here.")

"""SCR207 scaling-mismatch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from scram_analyzers.findings import Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence import scaling_alike
from scram_analyzers.rules.data.evidence.judging import (
    Judged,
    generator_of,
    judged_beside_loop,
    judged_by,
    name_of,
    step_of,
    trained_in_loop,
    trained_on,
)
from scram_analyzers.rules.data.evidence.scale_differences import difference
from scram_analyzers.rules.data.evidence.trainings import own_loops
from scram_analyzers.run.data_parts import input_pairs, target_pair, unit_ratio
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.questions import question_inputs, question_target
from scram_analyzers.run.records import DataArray, Subject, SubjectKind
from scram_analyzers.run.scale_gap import is_scaled_apart, is_shifted, span
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.program import Fit, LossCall, Program, every_fit


class ScalingMismatch(Rule):
    """Training data and the data that judge the model are on different scales."""

    code = "SCR207"
    name = "scaling-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    hears_questions = True
    summary = "training data that were scaled, and validation, test or new data that were not, or the other way round"
    why = (
        "A model only knows inputs of the size that it was trained on. The same picture 255 times as bright is "
        "something it has never seen, so its answers, and every score on such data, mean nothing."
    )
    how = "Send all data through the same function, or put the scaling into the model as its first layer."
    references = (
        Reference("Keras: Working with preprocessing layers", "https://keras.io/guides/preprocessing_layers/"),
        Reference("scikit-learn: Common pitfalls", "https://scikit-learn.org/stable/common_pitfalls.html"),
    )
    false_alarms = "Data that are stored in a scaled form already, though they come from the same reader."
    options = (
        Option(
            "max-ratio",
            10.0,
            "how many times larger one range may be than the other",
            "the usual ways to scale differ less: 0..1 against -5..5",
        ),
    )
    bad = (
        Example(
            "A column of pixels that is read alike, but divided for training alone",
            """
            import keras
            import numpy as np
            import pandas as pd
            from project import ages

            train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
            train["pixels"] = train["pixels"].apply(lambda text: np.fromstring(text, sep=" "))
            test["pixels"] = test["pixels"].apply(lambda text: np.fromstring(text, sep=" "))
            x_train, x_test = np.vstack(train["pixels"].values) / 255, np.vstack(test["pixels"].values)
            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, ages, epochs=20)
            model.predict(»x_test«)
            """,
        ),
        Example(
            "Only the training images are scaled",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            model.evaluate(»x_test«, y_test)
            """,
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            x_test = x_test / 255
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "A scaler that has its name, in a loop",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("heart.csv")
            x_train, x_test, y_train, y_test = train_test_split(table.drop(columns="disease"), table["disease"])
            scaler = StandardScaler()
            x_scaled = scaler.fit_transform(x_train)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            for part in range(5):
                model.fit(x_scaled, y_train, epochs=10)
                print(part, model.evaluate(»x_test«, y_test))
            """,
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("heart.csv")
            x_train, x_test, y_train, y_test = train_test_split(table.drop(columns="disease"), table["disease"])
            scaler = StandardScaler()
            x_scaled = scaler.fit_transform(x_train)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            for part in range(5):
                model.fit(x_scaled, y_train, epochs=10)
                print(part, model.evaluate(scaler.transform(x_test), y_test))
            """,
        ),
        Example(
            "By the mean and the spread of the training part",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.california_housing.load_data()
            mean, spread = x_train.mean(axis=0), x_train.std(axis=0)
            x_train -= mean
            x_train /= spread
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=20)
            model.evaluate(»x_test«, y_test)
            """,
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.california_housing.load_data()
            mean, spread = x_train.mean(axis=0), x_train.std(axis=0)
            x_train -= mean
            x_train /= spread
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=20)
            x_test = x_test - mean
            x_test = x_test / spread
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Pictures from folders",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            prepared = ImageDataGenerator(rescale=1.0 / 255, horizontal_flip=True)
            plain = ImageDataGenerator()
            train = prepared.flow_from_directory("leaves/train", target_size=(64, 64))
            test = plain.flow_from_directory("leaves/test", target_size=(64, 64))
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(12, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(train, validation_data=»test«, epochs=10)
            """,
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            prepared = ImageDataGenerator(rescale=1.0 / 255, horizontal_flip=True)
            plain = ImageDataGenerator(rescale=1.0 / 255)
            train = prepared.flow_from_directory("leaves/train", target_size=(64, 64))
            test = plain.flow_from_directory("leaves/test", target_size=(64, 64))
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(12, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(train, validation_data=test, epochs=10)
            """,
        ),
        Example(
            "In a loop of one's own, that judges the model by its loss",
            """
            import keras
            import tensorflow as tf

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(60000).batch(64)
            test = tf.data.Dataset.from_tensor_slices((x_test, y_test)).batch(64)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
            distance = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer, mean = keras.optimizers.Adam(), keras.metrics.Mean()
            for epoch in range(5):
                for images, labels in train:
                    with tf.GradientTape() as tape:
                        loss = distance(labels, model(images, training=True))
                    gradients = tape.gradient(loss, model.trainable_weights)
                    optimizer.apply_gradients(zip(gradients, model.trainable_weights))
                mean.reset_state()
                for images, labels in test:
                    mean.update_state(distance(labels, model(»images«, training=False)))
                print(epoch, mean.result())
            """,
        ),
        Example(
            "In the validation step of such a loop, after a table was changed in part",
            """
            import tensorflow as tf
            from sklearn.datasets import fetch_california_housing
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            def train_step(model, optimizer, rows, targets):
                with tf.GradientTape() as tape:
                    loss = tf.keras.losses.MeanSquaredError()(targets, model(rows, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))

            def val_step(model, rows, targets):
                return tf.keras.losses.MeanSquaredError()(targets, model(rows, training=False))

            x, y = fetch_california_housing(return_X_y=True)
            x[:, 5:] *= 2.0
            x_train, x_val, y_train, y_val = train_test_split(x, y[:, None], test_size=0.2)
            x_train = StandardScaler().fit_transform(x_train)
            train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(10_000).batch(32)
            val_ds = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(32)
            model = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam(1e-3)
            for rows, targets in train_ds:
                train_step(model, optimizer, rows, targets)
            for rows, targets in »val_ds«:
                val_step(model, rows, targets)
            """,
        ),
        Example(
            "The scaler is forgotten for the test part",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("heart.csv")
            table["age"] = 2021 - table["born"]
            x, y = table.drop(columns="disease"), table["disease"]
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            x_train = StandardScaler().fit_transform(x_train)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, validation_data=(»x_test«, y_test))
            """,
        ),
        Example(
            "Small numbers as well are others once their mean is taken away",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y)
            scaler = StandardScaler().fit(x_train)
            x_train = scaler.transform(x_train)
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=50)
            model.evaluate(»x_test«, y_test)
            """,
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y)
            scaler = StandardScaler().fit(x_train)
            x_train = scaler.transform(x_train)
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=50)
            x_test = scaler.transform(x_test)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Gaps are filled in both tables, but only one is scaled",
            """
            import keras
            import pandas as pd
            from sklearn.preprocessing import StandardScaler

            train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
            columns = ["age", "fare", "parents"]
            train[columns] = train[columns].fillna(train[columns].mean())
            test[columns] = test[columns].fillna(test[columns].mean())
            x_train = StandardScaler().fit_transform(train[columns])
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, train["survived"], epochs=30)
            model.predict(»test[columns].values«)
            """,
        ),
        Example(
            "Both validation and test, of a data set to which rows were added",
            """
            import keras
            import pandas as pd
            from imblearn.over_sampling import SMOTE
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("cards.csv")
            x_train, x_rest, y_train, y_rest = train_test_split(table.drop(columns="fraud"), table["fraud"])
            x_test, x_held, y_test, y_held = train_test_split(x_rest, y_rest, test_size=0.5)
            x_train, y_train = SMOTE().fit_resample(x_train, y_train)
            x_train = StandardScaler().fit_transform(x_train)
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, validation_data=(»x_held«, y_held))
            model.evaluate(»x_test«, y_test)
            model.predict(x_test)
            """,
        ),
        Example(
            "One of two inputs",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
            x_train = StandardScaler().fit_transform(x_train)
            taste, look = keras.Input((6,), name="taste"), keras.Input((7,), name="look")
            hidden = keras.layers.Dense(16, activation="relu")(keras.layers.concatenate([taste, look]))
            model = keras.Model([taste, look], keras.layers.Dense(3, activation="softmax")(hidden))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(
                {"taste": x_train[:, :6], "look": x_train[:, 6:]},
                y_train,
                validation_data=({"taste": »x_test[:, :6]«, "look": x_test[:, 6:]}, y_test),
            )
            """,
        ),
        Example(
            "Validation by another recipe than training",
            """
            import keras
            from keras.applications.inception_v3 import InceptionV3, preprocess_input
            from keras.preprocessing.image import ImageDataGenerator

            plain = ImageDataGenerator(rescale=1 / 255)
            prepared = ImageDataGenerator(preprocessing_function=preprocess_input)
            train = prepared.flow_from_directory("leaves/train", target_size=(299, 299))
            test = plain.flow_from_directory("leaves/test", target_size=(299, 299))
            base = InceptionV3(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, keras.layers.Dense(12, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(train, validation_data=»test«, epochs=10)
            """,
        ),
        Example(
            "Only the training data are centred",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
            x_train, x_test = x_train / 255, x_test / 255
            x_train = x_train - x_train.mean()
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(»x_test«, y_test))
            """,
        ),
    )
    good = (
        Example(
            "A column of pixels that is read and divided alike",
            """
            import keras
            import numpy as np
            import pandas as pd
            from project import ages

            train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
            train["pixels"] = train["pixels"].apply(lambda text: np.fromstring(text, sep=" "))
            test["pixels"] = test["pixels"].apply(lambda text: np.fromstring(text, sep=" ") / 255)
            x_train, x_test = np.vstack(train["pixels"].values) / 255, np.vstack(test["pixels"].values)
            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, ages, epochs=20)
            model.predict(x_test)
            """,
        ),
        Example(
            "Both centred by the mean of the training data",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
            x_train, x_test = x_train / 255, x_test / 255
            mean = x_train.mean()
            x_train -= mean
            x_test -= mean
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Both are scaled",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train, x_test = x_train / 255, x_test / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "The model scales both",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "New data made in the right range",
            """
            import keras
            import numpy as np

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            model.predict(np.random.rand(5, 28, 28))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report data that judge the model on another scale than its training data."""
        yield from program.each_of(every_fit, self._of_fit)
        yield from program.each_of(own_loops, self._of_loop)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        yield from _reports(self._mismatches(program, fit))

    def _of_loop(self, program: Program, call: LossCall) -> Iterator[Report]:
        trained = trained_in_loop(call)
        if trained is not None:
            yield from _reports(self._apart((trained,), judged_beside_loop(program, call)))

    def _mismatches(self, program: Program, fit: Fit) -> Iterator[_Mismatch]:
        return self._apart(trained_on(fit), judged_by(program, fit))

    def _apart(self, all_trained: Iterable[Judged], judged_by_it: Iterable[Judged]) -> Iterator[_Mismatch]:
        """What a model is trained on, what judges it on another scale, and how the two differ."""
        all_judged = list(judged_by_it)
        most = self.option("max-ratio")
        said: set[frozenset[int]] = set()
        for trained in all_trained:
            for judged in all_judged:
                if judged.data.roots in said:
                    continue
                found = difference(trained.data, judged.data, most) if judged.entry is trained.entry else None
                if found is None:
                    continue
                said.add(judged.data.roots)
                yield trained, judged, found
                if trained.entry is not None:
                    return

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Scale the data as those to train on were scaled."""
        for fit in program.fits:
            for trained, judged, _ in self._mismatches(program, fit):
                if program.range_of(judged.place) == finding.range:
                    return scaling_alike.fix_of(program, trained, judged)
        return None

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by training and validation inputs, or measured targets, of very different size."""
        bound = self.option("max-ratio") / 2
        if history.moment is Moment.ASKED:
            yield from islice(self._check_question(history, bound), 1)
            return
        for train, validation in input_pairs(history):
            if is_scaled_apart(train, validation, bound):
                name = f" {train.name}" if len(input_pairs(history)) > 1 else ""
                yield RunReport(
                    subject=Subject(SubjectKind.VALIDATION),
                    message=(
                        f"The training input{name} runs {span(train)} and the validation input {span(validation)}: "
                        "only one of them was scaled."
                    ),
                )
                return
            if is_shifted(train, validation) or is_shifted(validation, train):
                yield RunReport(
                    subject=Subject(SubjectKind.VALIDATION),
                    message=(
                        f"No validation input lies where the training inputs do: they run {span(validation)}, and "
                        f"those of training {span(train)}. Most likely only one of them was centred and scaled."
                    ),
                )
                return
        one, other = target_pair(history)
        if one is not None and other is not None and unit_ratio(one, other) is not None:
            yield RunReport(
                subject=Subject(SubjectKind.VALIDATION),
                message=(
                    f"The training targets run {span(one)} and those of validation {span(other)}: only one of them "
                    "was scaled."
                ),
                why="The validation loss compares the model with targets in another unit, so it says nothing.",
            )

    def _check_question(self, history: RunHistory, bound: float) -> Iterator[RunReport]:
        """Report what a trained model is asked of, where it is of another size than what it was trained on."""
        for train, asked in question_inputs(history):
            if is_scaled_apart(train, asked, bound) or is_shifted(train, asked) or is_shifted(asked, train):
                yield RunReport(
                    subject=Subject(SubjectKind.QUESTION),
                    message=(
                        f"The model was trained on inputs{_called(train, history)} that run {span(train)}; these run "
                        f"{span(asked)}: most likely only one of them was scaled. The model never saw such inputs."
                    ),
                )
        train_target, target = question_target(history)
        if train_target is not None and target is not None and unit_ratio(train_target, target) is not None:
            yield RunReport(
                subject=Subject(SubjectKind.QUESTION),
                message=(
                    f"The training targets run {span(train_target)} and the targets of this evaluation {span(target)}: "
                    "most likely only one of them was scaled."
                ),
                why="This evaluation compares the model with targets in another unit, so its result says nothing.",
            )


def _called(train: DataArray, history: RunHistory) -> str:
    """The name of an input, where there are several."""
    return f" {train.name}" if len(input_pairs(history, "asked")) > 1 else ""


_Mismatch = tuple[Judged, Judged, str]


def _reports(mismatches: Iterable[_Mismatch]) -> Iterator[Report]:
    for trained, judged, words in mismatches:
        alike = trained.place.text == judged.place.text
        name = "the training data" if alike else name_of(trained.place, "the training data")
        related = Related(trained.place, "The model is trained on these.")
        yield Report(
            place=judged.place,
            message=_message(judged, name, words),
            related=(related, *_scaled_at(trained.data, judged.data)),
        )


def _message(judged: Judged, trained: str, difference: str) -> str:
    name = f"The input {name_of(judged.place, 'here')}"
    verb = "" if difference.startswith("is ") else "holds values from "
    return f"{name} {verb}{difference.format(trained=trained)}: the model never saw such inputs in training."


def _scaled_at(trained: Data, judged: Data) -> Iterator[Related]:
    """Where the one that is scaled was scaled."""
    steps: list[DataStep | None] = [step_of(trained, StepKind.SCALED), step_of(judged, StepKind.SCALED)]
    step = next((each for each in steps if each is not None and each.place is not None), None)
    if step is not None and step.place is not None:
        yield Related(step.place, "Only the one is scaled, here.")
    for data in (trained, judged):
        generator = generator_of(data)
        if generator is not None:
            yield Related(generator, "This generator scales them." if data.scaled else "This one does not scale them.")

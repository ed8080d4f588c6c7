"""SCR207 scaling-mismatch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.judging import Judged, generator_of, judged_by, name_of, step_of, trained_on
from scram_analyzers.run.data_parts import input_pairs, magnitude, target_pair, unit_ratio
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import DataArray, Subject, SubjectKind
from scram_analyzers.run.wording import rounded
from scram_analyzers.source.data import Data, DataStep, Interval, StepKind
from scram_analyzers.source.libraries.data_items import ENCODED_COLUMN
from scram_analyzers.source.libraries.data_methods import SCALED_RANGE
from scram_analyzers.source.libraries.image_generators import FROM_FILES, GENERATOR
from scram_analyzers.source.program import Fit, Program


class ScalingMismatch(Rule):
    """Training data and the data that judge the model are on different scales."""

    code = "SCR207"
    name = "scaling-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
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
    )
    good = (
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
        return program.each(program.fits, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        all_judged = list(judged_by(program, fit))
        said: set[frozenset[int]] = set()
        for trained in trained_on(fit):
            for judged in all_judged:
                if judged.data.roots in said:
                    continue
                difference = self._difference(trained.data, judged.data) if judged.entry is trained.entry else None
                if difference is None:
                    continue
                said.add(judged.data.roots)
                name = name_of(trained.place, "the training data")
                related = Related(trained.place, "The model is trained on these.")
                yield Report(
                    place=judged.place,
                    message=_message(judged, name, difference),
                    related=(related, *_scaled_at(trained.data, judged.data)),
                )
                if trained.entry is not None:
                    return

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by training and validation inputs, or measured targets, of very different size."""
        bound = self.option("max-ratio") / 2
        for train, validation in input_pairs(history):
            if _is_scaled_apart(train, validation, bound):
                name = f" {train.name}" if len(input_pairs(history)) > 1 else ""
                yield RunReport(
                    subject=Subject(SubjectKind.VALIDATION),
                    message=(
                        f"The training input{name} runs {_span(train)} and the validation input {_span(validation)}: "
                        "only one of them was scaled."
                    ),
                )
                return
        one, other = target_pair(history)
        if one is not None and other is not None and unit_ratio(one, other) is not None:
            yield RunReport(
                subject=Subject(SubjectKind.VALIDATION),
                message=(
                    f"The training targets run {_span(one)} and those of validation {_span(other)}: only one of them "
                    "was scaled."
                ),
                why="The validation loss compares the model with targets in another unit, so it says nothing.",
            )

    def _difference(self, trained: Data, judged: Data) -> str | None:
        """What differs, in words; None when nothing does or it can't be told."""
        pictures = trained.images and judged.images
        if self._is_typed_raw(trained, judged) and judged.range is not None:
            return f"{_words(judged.range)}, {{trained}} was scaled by {_scaler_of(trained)}"
        if not trained.source or (trained.source != judged.source and not pictures):
            return None
        if pictures and (prepared := _prepared_alone(trained, judged)) is not None:
            return prepared
        if trained.range is not None and judged.range is not None and _covers(trained) and _covers(judged):
            small, large = sorted((trained.range.magnitude, judged.range.magnitude))
            apart = small > 0 and large / small > self.option("max-ratio") and (trained.scaled or judged.scaled)
            if apart or (pictures and (_centred_apart(trained, judged) or _divided_apart(trained, judged))):
                return f"{_words(judged.range)}, {{trained}} from {_words(trained.range)}"
            return None
        if trained.source != judged.source:
            return None
        if _by_program(trained) and _is_raw(judged, trained):
            return "is as it was read, but {trained} is scaled"
        if _by_program(judged) and _is_raw(trained, judged):
            return "is scaled, but {trained} is as it was read"
        return None

    def _is_typed_raw(self, trained: Data, judged: Data) -> bool:
        """Whether a row is written out in the program as it was measured, for a model that was trained on scaled ones.

        By a scaler that saw every column: no value would be as large after it.
        """
        if judged.source != "literal" or judged.steps or judged.range is None or trained.range is None:
            return False
        every_column = trained.shape is not None and len(trained.shape) == len(judged.shape or ()) == 2
        scaled = bool(_scaler_of(trained)) and every_column
        return scaled and judged.range.magnitude > self.option("max-ratio") * trained.range.magnitude


def _scaler_of(data: Data) -> str:
    """The class of the scaler that the data went through last of all; "" for none."""
    last = data.steps[-1] if data.steps else None
    kind = last.learned.kind.rpartition(".")[2] if last is not None and last.learned is not None else ""
    return kind if kind in SCALED_RANGE else ""


def _prepared_alone(trained: Data, judged: Data) -> str | None:
    """What differs where one went through a network's own preprocessing and the other was brought to 0 to 1."""
    for data, other in ((trained, judged), (judged, trained)):
        scaling = [step for step in data.steps if step.kind is StepKind.SCALED]
        if len(scaling) != 1 or not scaling[0].certain or not _prepares(scaling[0].name):
            continue
        if other.range is None or not other.scaled or other.range.low < 0 or other.range.high > 1:
            continue
        if any(_prepares(step.name) or (step.kind is StepKind.SCALED and not step.certain) for step in other.steps):
            continue
        by = ".".join(scaling[0].name.split(".")[-2:])
        if data is trained:
            return f"{_words(other.range)}, {{trained}} was prepared by {by}"
        return f"is prepared by {by}, {{trained}} holds values from {_words(other.range)}"
    return None


def _centred_apart(trained: Data, judged: Data) -> bool:
    """Whether pixels were moved to both sides of zero in one of them only, and scaled by numbers in both."""
    if trained.range is None or judged.range is None or not (trained.scaled and judged.scaled):
        return False
    scaling = (step for data in (trained, judged) for step in data.steps if step.kind is StepKind.SCALED)
    if any(step.number is None or not step.certain for step in scaling):
        return False
    return (trained.range.low < 0) != (judged.range.low < 0)


def _divided_apart(trained: Data, judged: Data) -> bool:
    """Whether pixels of one data set were divided by one number each, and by different ones."""
    if trained.source != judged.source or not trained.source.startswith("keras.datasets."):
        return False
    scaling = [[step for step in data.steps if step.kind is StepKind.SCALED] for data in (trained, judged)]
    if any(len(steps) != 1 or steps[0].name != "Divide" or not steps[0].certain for steps in scaling):
        return False
    one, other = (steps[0].number or 0 for steps in scaling)
    return min(one, other) > 0 and max(one, other) / min(one, other) > NEARLY


NEARLY = 1.1
"""Divisors closer than this, such as 255 and 256, do no harm. Ours."""


def _words(interval: Interval) -> str:
    return f"{fixes.number_text(interval.low)} to {fixes.number_text(interval.high)}"


def _is_scaled_apart(train: DataArray, validation: DataArray, bound: float) -> bool:
    """Whether both the largest value and the spread differ by more than `bound` times."""
    sizes = magnitude(train), magnitude(validation)
    if not train.deviation or not validation.deviation or 0 in sizes:
        return False
    ratios = sizes[1] / sizes[0], validation.deviation / train.deviation
    return min(ratios) > bound or max(ratios) < 1 / bound


def _span(array: DataArray) -> str:
    return f"from {rounded(array.minimum or 0.0)} to {rounded(array.maximum or 0.0)}"


def _message(judged: Judged, trained: str, difference: str) -> str:
    name = f"The input {name_of(judged.place, 'here')}"
    verb = "" if difference.startswith("is ") else "holds values from "
    return f"{name} {verb}{difference.format(trained=trained)}: the model never saw such inputs in training."


def _covers(data: Data) -> bool:
    """Whether the range speaks of all columns (that of a whole table says little of one)."""
    return data.images or not any(step.kind is StepKind.SELECTED and step.name == "column" for step in data.steps)


def _by_program(data: Data) -> bool:
    """Whether a scaler or a division by a constant scaled the data, rather than arithmetic that only looks like it."""
    by_hand = [step.name for step in data.steps if step.kind is StepKind.SCALED][-2:] == ["Subtract", "Divide"]
    return by_hand or any(
        step.kind is StepKind.SCALED
        and (
            step.learned is not None
            or step.name == "rescale"
            or _prepares(step.name)
            or (step.name == "Divide" and step.number is not None)
        )
        for step in data.steps
    )


def _prepares(name: str) -> bool:
    """Whether this is a network's own preprocessing, of one that does not leave pixels as they are."""
    return name.startswith("keras.applications.") and not any(each in name for each in _LEAVING_PIXELS)


_LEAVING_PIXELS = ("efficientnet", "mobilenet_v3", "convnext", "regnet")
"""Networks whose `preprocess_input` does nothing: they scale by themselves."""


_NEUTRAL = (
    StepKind.SELECTED,
    StepKind.SPLIT,
    StepKind.CONVERTED,
    StepKind.SHUFFLED,
    StepKind.ENCODED,
    StepKind.AUGMENTED,
)
_PLAIN = (
    ENCODED_COLUMN,
    "drop",
    "fit_resample",  # rows more, between those that are there
    "fillna",
    "dropna",
    "reshape",
    "to_numpy",
    "copy",
    "flatten",
    "expand_dims",
    "transpose",
    "reset_index",
    GENERATOR,
    "flow",
    *FROM_FILES,
)


def _is_raw(data: Data, other: Data) -> bool:
    """Whether nothing was done to the values that was not done to the other's, as far as every step is understood."""
    pairs = zip(data.steps, other.steps, strict=False)
    together = itertools.takewhile(lambda pair: _is_one_step(*pair), pairs)
    alone = data.steps[sum(1 for _ in together) :]
    return not data.scaled and all(step.kind in _NEUTRAL or step.name in _PLAIN for step in alone)


def _is_one_step(ours: DataStep, theirs: DataStep) -> bool:
    """Whether both came of the same expression, such as what was done to a table before it was split."""
    return ours.place is not None and theirs.place is not None and ours.place.key == theirs.place.key


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

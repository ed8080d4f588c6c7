"""SCR241 class-weight-keys."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import LabelForm
from scram_analyzers.source.heads import heads_of
from scram_analyzers.source.program import Fit, Program, every_fit


class ClassWeightKeys(Rule):
    """Weights for classes that the labels don't have."""

    code = "SCR241"
    name = "class-weight-keys"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("class_weight",)
    summary = "class weights for classes that no label has"
    why = (
        "Classes are numbered from 0. Keras 3 looks each label up in class_weight, gives those that are missing a "
        "weight of 1 and never uses the others: the weights miss the classes they were meant for. Keras 2 stops with "
        "an error."
    )
    how = "Give class_weight one key for each class, from 0 to the number of classes minus 1."
    references = (Reference("Keras: Model.fit", "https://keras.io/api/models/model_training_apis/"),)
    false_alarms = "Labels that are filtered or renumbered where it can't be seen."
    bad = (
        Example(
            "Counted from 1",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=5000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=100)
            model = keras.Sequential(
                [layers.Embedding(5000, 16), layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5, class_weight=»{1: 1.0, 2: 5.0}«)
            """,
        ),
        Example(
            "Names of classes",
            """
            import keras
            from project import x_train, y_train

            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5, class_weight=»{"ham": 1.0, "spam": 5.0}«)
            """,
        ),
        Example(
            "Classes counted from 1, for a head that counts from 0",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("cards.csv")
            x, y = table.drop(columns="Class") / 100, table["Class"]
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, class_weight=»{1: 1.0, 2: 50.0}«, validation_split=0.2)
            """,
        ),
    )
    good = (
        Example(
            "Weights for each output by its name",
            """
            import keras
            from project import x_train, y_train

            inputs = keras.Input(shape=(8,))
            hidden = keras.layers.Dense(8, activation="relu")(inputs)
            spam = keras.layers.Dense(1, activation="sigmoid", name="spam")(hidden)
            model = keras.Model(inputs, spam)
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5, class_weight={"spam": {0: 1.0, 1: 5.0}})
            """,
        ),
        Example(
            "A weight for each class",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=5000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=100)
            model = keras.Sequential(
                [layers.Embedding(5000, 16), layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5, class_weight={0: 1.0, 1: 5.0})
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training whose weights name a class beyond those of its labels."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        argument, classes = fit.arguments.get("class_weight"), _classes(fit)
        if argument is None or argument.place is None:
            return
        foreign = [key for key in fit.class_weights if isinstance(key, str) or (classes and not 0 <= key < classes)]
        if not foreign:
            return
        labels = fit.y.place if fit.y is not None else None
        known = f"the labels go from 0 to {classes - 1}" if classes else "Keras looks for the numbers of the classes"
        keys = f"the key{'s' if len(foreign) > 1 else ''} {_listed(foreign)}"
        yield Report(
            place=argument.place,
            message=f"The argument class_weight has {keys}, but {known}.",
            related=(Related(labels, "The labels."),) if labels is not None else (),
        )


def _classes(fit: Fit) -> int | None:
    targets = fit.targets
    units = _units_of_softmax(fit)
    if units is not None and (targets is None or targets.classes is None):
        return units
    if targets is None or targets.labels not in (LabelForm.INTEGER, LabelForm.BINARY, LabelForm.ONE_HOT):
        return None
    return 2 if targets.labels is LabelForm.BINARY else targets.classes


def _units_of_softmax(fit: Fit) -> int | None:
    """How many classes the one head knows that picks one of them."""
    heads = heads_of(fit.model) if fit.model is not None else ()
    only = heads[0] if len(heads) == 1 and heads[0].activation == "softmax" else None
    return only.units if only is not None and only.units is not None and only.units > 1 else None


def _listed(keys: list[int | str]) -> str:
    shown = ", ".join(map(repr, keys[:3]))
    return f"{shown}, ..." if len(keys) > 3 else shown

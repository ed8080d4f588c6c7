"""SCR703 evaluation-on-training-data."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.judging import Judged, judged_by, name_of
from scram_analyzers.source.data import shares_rows
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program


class EvaluationOnTrainingData(Rule):
    """A model that is only ever judged by what it was trained on."""

    code = "SCR703"
    name = "evaluation-on-training-data"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "an evaluation on the training data, when nothing else in the program judges the model"
    why = (
        "The score on the training data says how well the model remembers them. A model that knows them by heart and "
        "understands nothing gets the best score of all."
    )
    how = "Hold back a part before training, with train_test_split, and evaluate on that part."
    references = (
        Reference(
            "scikit-learn: Cross-validation: evaluating estimator performance",
            "https://scikit-learn.org/stable/modules/cross_validation.html",
        ),
    )
    false_alarms = "A table of all possible inputs, such as XOR: there are no others to judge the model by."
    bad = (
        Example(
            "Trained and evaluated on the same arrays",
            """
            import keras
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            loss, accuracy = model.evaluate(»x«, y)
            """,
        ),
        Example(
            "Split, and then trained on everything",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            loss, accuracy = model.evaluate(»x_test«, y_test)
            """,
        ),
    )
    good = (
        Example(
            "Both parts are evaluated",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([keras.layers.Normalization(), keras.layers.Dense(1)])
            model.layers[0].adapt(x_train)
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=20)
            print(model.evaluate(x_train, y_train), model.evaluate(x_test, y_test))
            """,
        ),
        Example(
            "All inputs there are",
            """
            import keras
            import numpy as np

            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
            y = np.array([0, 1, 1, 0])
            model = keras.Sequential(
                [
                    keras.layers.Dense(4, activation="tanh"),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, epochs=500)
            model.evaluate(x, y)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report evaluations on the training data of a model that has no other judge."""
        for fit in program.fits:
            if fit.inputs is None or fit.x is None or fit.x.place is None or fit.has_validation is not False:
                continue
            if fit.inputs.source == "literal" or not fit.inputs.roots or _trained_again(program, fit):
                continue
            judged = list(judged_by(program, fit))
            if not judged or not all(shares_rows(fit.inputs, each.data) for each in judged):
                continue
            if len(judged) < _questions(program, fit):
                continue
            first = next((each for each in judged if each.use.startswith(("evaluate", "test"))), None)
            if first is not None:
                yield Report(
                    first.place, _message(first, fit.x.place), (Related(fit.x.place, "The model is trained on these."),)
                )


def _trained_again(program: Program, fit: Fit) -> bool:
    return sum(1 for each in program.fits if each.model and fit.model and each.model.identity == fit.model.identity) > 1


def _questions(program: Program, fit: Fit) -> int:
    """How often the program evaluates anything that may be this model; all of it must be understood."""
    return sum(
        1
        for each in program.evaluations
        if each.model is None or (fit.model is not None and each.model.identity == fit.model.identity)
    )


def _message(judged: Judged, training: Place) -> str:
    name, trained = name_of(judged.place, "these data"), name_of(training, "the training data")
    same = "which it was trained on" if name == trained else f"which is among what it was trained on ({trained})"
    return f"The model is evaluated on {name}, {same}, and on nothing else: the score says nothing about new data."

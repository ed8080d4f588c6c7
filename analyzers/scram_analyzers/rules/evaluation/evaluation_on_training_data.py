"""SCR703 evaluation-on-training-data."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import Judged, cut_alike, judged_by, name_of
from scram_analyzers.rules.evaluation.evidence.told_as_test import told_as_test
from scram_analyzers.source.data import Data, Part, StepKind, shares_rows
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.values import number


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
            "The arrays of which a share was to validate on",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train, x_test = x_train / 255, x_test / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20, validation_split=0.2)
            loss, accuracy = model.evaluate(»x_train«, y_train)
            """,
        ),
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
            "One model for all folds of a cross-validation",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import KFold

            x, y = load_breast_cancer(return_X_y=True)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            scores = []
            for train, test in KFold(5, shuffle=True).split(x):
                model.fit(x[train], y[train], epochs=20)
                scores.append(model.evaluate(»x[test]«, y[test])[1])
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
        Example(
            "Beside it only a new text is read",
            """
            import keras
            from keras.preprocessing.sequence import pad_sequences
            from project import labels, numbers
            from sklearn.model_selection import train_test_split

            x = pad_sequences(numbers, maxlen=30)
            x_train, x_test, y_train, y_test = train_test_split(x, labels)
            model = keras.Sequential([keras.layers.Embedding(900, 16), keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
            model.fit(x_train, y_train, epochs=5)
            print(model.evaluate(»x_train«, y_train))
            print(model.predict(pad_sequences([[4, 8, 15]], maxlen=30)))
            """,
        ),
        Example(
            "Training data, told as the test",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20, validation_data=(x_test, y_test))
            accuracy = model.evaluate(»x_train«, y_train)[1]
            print("Test accuracy:", accuracy)
            """,
        ),
    )
    good = (
        Example(
            "Training data for comparison",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20, validation_data=(x_test, y_test))
            accuracy = model.evaluate(x_train, y_train)[1]
            test_accuracy = model.evaluate(x_test, y_test)[1]
            print(f"training: {accuracy}, test: {test_accuracy}")
            """,
        ),
        Example(
            "What is predicted for others is scored",
            """
            import keras
            import numpy as np
            from sklearn.metrics import accuracy_score

            x, y, x_test, y_test = (np.load(f"{name}.npy") for name in ("x", "y", "x_test", "y_test"))
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            print(model.evaluate(x, y))
            print(accuracy_score(y_test, model.predict(x_test).argmax(axis=1)))
            """,
        ),
        Example(
            "A new model for each fold",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import KFold

            x, y = load_breast_cancer(return_X_y=True)
            scores = []
            for train, test in KFold(5, shuffle=True).split(x):
                model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, "sigmoid")])
                model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
                model.fit(x[train], y[train], epochs=20)
                scores.append(model.evaluate(x[test], y[test])[1])
            """,
        ),
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
        yield from program.each_of(every_fit, _kept_through_folds)
        yield from program.each_of(every_fit, _of_fit)
        yield from program.each_of(every_fit, _told_as_test)


def _of_fit(program: Program, fit: Fit) -> Iterator[Report]:
    if fit.inputs is None or fit.x is None or fit.x.place is None:
        return
    if fit.has_validation is not False and not _is_validated_by_a_share(fit):
        return
    if fit.inputs.source == "literal" or not fit.inputs.roots:
        return
    judged = list(judged_by(program, fit))
    if not judged or _trained_again(program, fit):
        return
    scored = bool(program.pairings) or program.mentions("sklearn.metrics")
    if not all(_shared(fit.inputs, each.data) or (not scored and _is_new(fit.inputs, each)) for each in judged):
        return
    if len(judged) < _questions(program, fit):
        return
    told = told_as_test(program, fit) if fit.has_validation is not False else ()
    said = {each.x.place.key for each in told if each.x is not None and each.x.place is not None}
    first = next((each for each in judged if each.use.startswith(("evaluate", "test"))), None)
    if first is not None and first.place.key not in said:
        related = (Related(fit.x.place, "The model is trained on these."),)
        yield Report(first.place, _message(fit, first, fit.x.place), related)


def _is_validated_by_a_share(fit: Fit) -> bool:
    """Whether `validation_split` sets a part of the arrays aside: an evaluation on all of them has most it learned."""
    share = number(fit.arguments.value("validation_split"))
    return share is not None and 0 < share <= HALF and fit.arguments.get("validation_data") is None


HALF = 0.5
"""With a larger share set aside, most of what is evaluated is new."""


def _told_as_test(program: Program, fit: Fit) -> Iterator[Report]:
    """Report scores of the training data that the program calls those of a test."""
    if fit.has_validation is False and not any(each.data.part is Part.TEST for each in judged_by(program, fit)):
        return  # nothing else judges the model: that is told already
    for each in told_as_test(program, fit):
        if each.x is not None and each.x.place is not None and fit.x is not None and fit.x.place is not None:
            name = name_of(each.x.place, "these data")
            message = f"This is told as the score of a test, but the model was trained on {name}."
            related = (Related(fit.x.place, "The model is trained on these."),)
            yield Report(each.x.place, message, related, severity=Severity.WARNING)


def _is_new(trained: Data, judged: Judged) -> bool:
    """Whether these are examples from elsewhere that are only predicted: a text of one's own, rows without labels."""
    data = judged.data
    apart = (trained.roots | trained.origins).isdisjoint(data.roots | data.origins)
    return judged.use.startswith("predict") and data.part is None and apart


def _shared(trained: Data, judged: Data) -> bool:
    return shares_rows(trained, judged) or cut_alike(trained, judged)


def _kept_through_folds(program: Program, fit: Fit) -> Iterator[Report]:
    """Report a cross-validation whose loop trains one model on and on instead of a new one for each fold."""
    loop = _loop_over_folds(fit)
    if loop is None or fit.model is None or _begins_anew(fit, loop):
        return
    judged = next((each for each in judged_by(program, fit) if _is_of_fold(each.data)), None)
    if judged is None:
        return
    yield Report(
        judged.place,
        "One model is trained through all folds: from the second on it is judged by rows that it was trained on in "
        "the folds before.",
        (
            Related(fit.place, "It is trained on here, fold after fold."),
            Related(fit.model.place, "It is made here."),
        ),
        severity=Severity.WARNING,
        recipe="model = build_model()  # as the first statement in the loop",
    )


def _is_of_fold(data: Data | None) -> bool:
    return data is not None and any(step.kind is StepKind.SPLIT and step.name == "fold" for step in data.steps)


def _loop_over_folds(fit: Fit) -> cst.For | None:
    """The loop over `folds.split(...)` that a training stands in."""
    if not _is_of_fold(fit.inputs):
        return None
    loops = (node for node in parents.ancestors(fit.place) if isinstance(node, cst.For))
    return next((loop for loop in loops if any(_splits(call) for call in search.nodes(loop.iter, cst.Call))), None)


def _splits(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value == "split"


def _begins_anew(fit: Fit, loop: cst.For) -> bool:
    """Whether the loop makes the model, or gives it other weights, before it trains it again."""
    call = fit.place.node
    owner = call.func.value if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) else None
    if owner is None:
        return True
    if any(
        isinstance(inner.func, cst.Attribute) and inner.func.attr.value in _RESETS
        for inner in search.nodes(loop.body, cst.Call)
    ):
        return True
    return any(target.target.deep_equals(owner) for target in search.nodes(loop.body, cst.AssignTarget))


_RESETS = frozenset(("set_weights", "load_weights", "assign", "clear_session", "reset_states"))


def _trained_again(program: Program, fit: Fit) -> bool:
    return fit.model is not None and len(program.fits_of(fit.model.identity)) > 1


def _questions(program: Program, fit: Fit) -> int:
    """How often the program evaluates anything that may be this model; all of it must be understood."""
    return sum(
        1
        for each in program.evaluations
        if each.model is None or (fit.model is not None and each.model.identity == fit.model.identity)
    )


def _message(fit: Fit, judged: Judged, training: Place) -> str:
    name, trained = name_of(judged.place, "these data"), name_of(training, "the training data")
    same = "which it was trained on" if name == trained else f"which is among what it was trained on ({trained})"
    if fit.has_validation is not False:
        return (
            f"The model is evaluated on {name}, {same} but for the share to validate on: the score is not of new data."
        )
    return f"The model is evaluated on {name}, {same}, and on nothing else: the score says nothing about new data."

"""SCR704 test-data-for-model-selection."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import evaluations_of, name_of
from scram_analyzers.source.data import Data, shares_rows
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Callback, Fit, Program, every_fit
from scram_analyzers.source.values import UNKNOWN, Ref, Value, boolean, text


class TestDataForModelSelection(Rule):
    """The data that choose the model are also the data that grade it."""

    __test__ = False  # the name is no test of pytest's

    code = "SCR704"
    name = "test-data-for-model-selection"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    only_with = ("EarlyStopping", "ModelCheckpoint")
    summary = "an evaluation on the validation data by which early stopping or a checkpoint chose the model"
    why = (
        "Of many epochs the one is kept that happens to do best on these data. The score on the same data is then too "
        "good: it is the winner's score at the race that it was picked by."
    )
    how = "Make three parts: train on one, stop and choose by the second, and touch the third once, at the end."
    references = (
        Reference("Karpathy: A Recipe for Training Neural Networks", "https://karpathy.github.io/2019/04/25/recipe/"),
        Reference(
            "Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, 7.2",
            "https://hastie.su.domains/ElemStatLearn/",
        ),
    )
    false_alarms = "A score that is only looked at as the validation score, and never reported as the test's."
    bad = (
        Example(
            "Stopped by the test part, which scikit-learn then scores",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits
            from sklearn.metrics import classification_report
            from sklearn.model_selection import train_test_split

            x, y = load_digits(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
            model.fit(x_train, y_train, epochs=50, validation_data=(»x_test«, y_test), callbacks=[stop])
            print(classification_report(y_test, np.argmax(model.predict(x_test), axis=1)))
            """,
        ),
        Example(
            "Early stopping by the test part",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train, x_test = x_train / 255, x_test / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
            model.fit(x_train, y_train, epochs=50, validation_data=(»x_test«, y_test), callbacks=[stop])
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Several inputs",
            """
            import keras
            from project import age, image, kind, n

            test_x, test_y = {"age": age[n:], "image": image[n:]}, kind[n:]
            inputs = {"age": keras.Input((1,)), "image": keras.Input((64,))}
            joined = keras.layers.Concatenate()([inputs["age"], inputs["image"]])
            model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(joined))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
            train_x = {"age": age[:n], "image": image[:n]}
            model.fit(train_x, kind[:n], epochs=50, validation_data=(»test_x«, test_y), callbacks=[stop])
            model.evaluate(test_x, test_y)
            """,
        ),
    )
    good = (
        Example(
            "A score of what is called validation data, and a report on other rows",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits
            from sklearn.metrics import classification_report
            from sklearn.model_selection import train_test_split

            x, y = load_digits(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
            x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, random_state=0)
            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
            model.fit(x_train, y_train, epochs=50, validation_data=(x_val, y_val), callbacks=[stop])
            print(classification_report(y_val, np.argmax(model.predict(x_val), axis=1)))
            print(classification_report(y_test, np.argmax(model.predict(x_test), axis=1)))
            """,
        ),
        Example(
            "Validation data of their own",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train, x_test = x_train / 255, x_test / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
            model.fit(x_train, y_train, epochs=50, validation_split=0.1, callbacks=[stop])
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Nothing is chosen by them",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train, x_test = x_train / 255, x_test / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5, validation_data=(x_test, y_test))
            model.evaluate(x_test, y_test)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report validation data that select the model and are evaluated on afterwards."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        judged, chooser = fit.validation, _chooser(fit)
        if judged is None or judged.place is None or chooser is None:
            return
        used = _evaluated(program, fit, judged.value) or _scored(program, fit, judged.place)
        if used is None:
            return
        name = name_of(judged.place, "these data")
        related = [Related(used, "The final score is measured on the same data.")]
        if chooser.place is not None:
            related.append(Related(chooser.place, "This chooses the epoch by the validation data."))
        kind = (chooser.kind or "").rpartition(".")[2]
        message = f"{kind} chooses the model by {name}, and the model is then graded on the same data."
        yield Report(judged.place, message, tuple(related))


def _chooser(fit: Fit) -> Callback | None:
    """The callback that keeps one epoch for its validation score."""
    for callback in fit.callbacks or ():
        monitor = text(callback.arguments.value("monitor", 0 if callback.kind != CHECKPOINT else 1)) or "val_loss"
        if not monitor.startswith("val"):
            continue
        if callback.kind == "keras.callbacks.EarlyStopping":
            return callback
        if callback.kind == CHECKPOINT and boolean(callback.arguments.value("save_best_only")):
            return callback
    return None


CHECKPOINT = "keras.callbacks.ModelCheckpoint"


def _evaluated(program: Program, fit: Fit, validation: Value) -> Place | None:
    """Where something is evaluated on these data; a checkpoint may have been loaded into another model."""
    own = [*evaluations_of(program, fit), *program.evaluations]
    trained_on = program.line_of(fit.place)
    for evaluation in own:
        value = evaluation.x.value if evaluation.x is not None else None
        if not evaluation.method.startswith(("evaluate", "test")) or value is None:
            continue
        if program.line_of(evaluation.place) > trained_on and _are_the_same(value, validation):
            return evaluation.x.place if evaluation.x is not None else None
    return None


def _scored(program: Program, fit: Fit, judged: Place) -> Place | None:
    """Where scikit-learn scores answers by the labels of what is called the test data, after the training."""
    labels, trained_on = fit.validation_targets, program.line_of(fit.place)
    if labels is None or not _CALLED_TEST.search(judged.text):
        return None
    for call in program.calls_where(_is_score):
        if program.line_of(call.place) > trained_on and _are_the_same(_labels(call), labels):
            return call.place
    return None


def _labels(call: Call) -> Value:
    return call.arguments.value("y_true", 0) or UNKNOWN


def _is_score(call: Call) -> bool:
    return call.name.startswith("sklearn.metrics.") and call.arguments.get("y_true", 0) is not None


_CALLED_TEST = re.compile(r"(?:^|_|\b)test(?:ing)?(?:_|\b)", re.IGNORECASE)


def _are_the_same(one: Value, other: Value) -> bool:
    """Whether both hold the same rows, or are the one dict or list of several inputs."""
    if isinstance(one, Ref):
        return one == other
    return isinstance(one, Data) and isinstance(other, Data) and bool(other.roots) and shares_rows(one, other)

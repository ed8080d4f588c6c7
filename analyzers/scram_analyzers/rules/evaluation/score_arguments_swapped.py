"""SCR711 score-arguments-swapped."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.data import PREDICTION, Data
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.values import Value

_UNEVEN = frozenset(
    f"sklearn.metrics.{name}"
    for name in (
        *("r2_score", "explained_variance_score", "mean_absolute_percentage_error", "log_loss", "roc_auc_score"),
        *("precision_score", "recall_score", "classification_report", "average_precision_score"),
        *("precision_recall_curve", "roc_curve"),
    )
)
"""Scores that come out differently when labels and predictions change places."""


class ScoreArgumentsSwapped(Rule):
    """A score that is told the predictions first."""

    code = "SCR711"
    name = "score-arguments-swapped"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a score of scikit-learn that is given the predictions where it takes the labels"
    why = (
        "Scores of scikit-learn take the labels first. The other way round precision and recall change places, and R "
        "squared is measured against the spread of the predictions: the number is another one."
    )
    how = "Give the labels first: r2_score(y_test, predictions)."
    references = (
        Reference("scikit-learn: Metrics and scoring", "https://scikit-learn.org/stable/modules/model_evaluation.html"),
    )
    bad = (
        Example(
            "R squared of the labels, by the predictions",
            """
            import keras
            from sklearn.datasets import load_diabetes
            from sklearn.metrics import r2_score
            from sklearn.model_selection import train_test_split

            x, y = load_diabetes(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y / 100)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train)
            print(»r2_score(model.predict(x_test), y_test)«)
            """,
            """
            import keras
            from sklearn.datasets import load_diabetes
            from sklearn.metrics import r2_score
            from sklearn.model_selection import train_test_split

            x, y = load_diabetes(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y / 100)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train)
            print(r2_score(y_test, model.predict(x_test)))
            """,
        ),
        Example(
            "The classes with the largest shares stand first",
            """
            import keras
            import numpy as np
            from sklearn.metrics import classification_report

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train / 255, y_train, epochs=20)
            answers = np.argmax(model.predict(x_test / 255), axis=1)
            print(»classification_report(answers, y_test)«)
            """,
            """
            import keras
            import numpy as np
            from sklearn.metrics import classification_report

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train / 255, y_train, epochs=20)
            answers = np.argmax(model.predict(x_test / 255), axis=1)
            print(classification_report(y_test, answers))
            """,
        ),
    )
    good = (
        Example(
            "The labels first, and a score that is the same both ways",
            """
            import keras
            from sklearn.datasets import load_diabetes
            from sklearn.metrics import mean_squared_error, r2_score
            from sklearn.model_selection import train_test_split

            x, y = load_diabetes(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y / 100)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train)
            made = model.predict(x_test)
            print(r2_score(y_test, made), mean_squared_error(made, y_test))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report uneven scores whose first argument comes from a prediction, and the second does not."""
        for call in program.calls_of(_UNEVEN):
            if _is_swapped(call):
                name = call.name.rpartition(".")[2]
                yield Report(call.place, f"The labels come first in {name}: here the predictions stand in their place.")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Exchange the two."""
        for call in program.calls_of(_UNEVEN):
            node = call.place.node
            if program.range_of(call.place) == finding.range and isinstance(node, cst.Call) and _is_swapped(call):
                first, second = (Place(call.place.section, each.value) for each in node.args[:2])
                edits = (fixes.replace(program, first, second.text), fixes.replace(program, second, first.text))
                return Fix("Give the labels first", Applicability.UNSAFE, edits)
        return None


def _is_swapped(call: Call) -> bool:
    if len(call.arguments.positional) < 2 or call.arguments.open:
        return False
    first, second = (each.value for each in call.arguments.positional[:2])
    return _is_made(first) and isinstance(second, Data) and not _is_made(second) and second.source not in ("", "list")


def _is_made(value: Value) -> bool:
    return isinstance(value, Data) and value.source == PREDICTION

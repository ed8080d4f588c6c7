"""SCR417 classification-without-metric."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import cases
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.keras_api.losses import CATEGORICAL
from scram_analyzers.source.program import Program


class ClassificationWithoutMetric(Rule):
    """A classifier of which only the loss is shown."""

    code = "SCR417"
    name = "classification-without-metric"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a classifier that is compiled without any metric, or with metrics of regression alone"
    why = (
        "The loss alone is hard to read: 0.7 is no better than guessing for two classes and good for a thousand. "
        "Accuracy says how many answers are right, and can be compared with guessing."
    )
    how = 'Give compile metrics=["accuracy"]; where one class is rare, an AUC or F1 score beside it.'
    references = (Reference("Keras: Metrics", "https://keras.io/api/metrics/"),)
    false_alarms = "Programs that measure the quality in another way, after training."
    bad = (
        Example(
            "A distance for yes or no",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.preprocessing import scale

            x, y = load_breast_cancer(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[»"mae"«])
            model.fit(scale(x), y, epochs=20, validation_split=0.2)
            """,
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.preprocessing import scale

            x, y = load_breast_cancer(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(scale(x), y, epochs=20, validation_split=0.2)
            """,
        ),
        Example(
            "Only the loss",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer="adam", loss=»"sparse_categorical_crossentropy"«)
            model.fit(x_train, y_train, validation_split=0.2)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_split=0.2)
            """,
        ),
    )
    good = (
        Example(
            "Accuracy is watched",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit([[0.1], [0.9]], [[0], [1]])
            """,
        ),
        Example(
            "Pixels are not classes",
            """
            import keras
            from keras import layers

            (x_train, _), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, x_train, epochs=5)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each classifier that is trained with a cross-entropy and no metric."""
        return program.each_of(cases.cases, self._of_case)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        if _unwatched(case):
            yield Report(
                place=case.loss.place,
                message=f"This classifier has {case.loss.name} and no metric that says how often it is right.",
                recipe='metrics=["accuracy"]',
            )
        elif _measured(case) and case.metrics:
            yield Report(
                place=case.metrics[0].place,
                message=(
                    f"The metric {case.metrics[0].name} measures distances: none says how often this model is right."
                ),
                related=(Related(case.loss.place, "The loss of a classifier."),),
                recipe='metrics=["accuracy"]',
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Watch the accuracy."""
        case = cases.case_at(program, finding.range)
        edit = None
        if case is not None and case.compiled is not None:
            edit = fixes.set_argument(program, case.compiled.place, "metrics", '["accuracy"]')
        return Fix("Watch the accuracy", Applicability.UNSAFE, (edit,)) if edit is not None else None


def _measured(case: Case) -> bool:
    """Whether nothing but metrics of regression watches a classifier, by its loss or by its labels."""
    tells_classes = case.loss.name in CATEGORICAL or (
        case.loss.name == "binary_crossentropy" and case.form in cases.CLASS_FORMS
    )
    if not tells_classes or case.fit is None or case.judged_by_hand or case.reproduces_inputs:
        return False
    return all(metric.name in cases.MEASURES for metric in case.metrics or ())


def _unwatched(case: Case) -> bool:
    if (
        case.compiled is None
        or case.fit is None
        or case.metrics != ()
        or case.head.units is None
        or case.judged_by_hand
        or (case.compiled.model is not None and case.compiled.model.trains_itself)
    ):
        return False
    if any(name in case.compiled.arguments.keywords for name in ("weighted_metrics", "metrics")):
        return False
    if case.loss.name in CATEGORICAL:
        return case.form is None or case.form in cases.CLASS_FORMS
    return case.loss.name == "binary_crossentropy" and case.head.units == 1 and case.form in cases.NUMBERED

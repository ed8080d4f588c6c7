"""SCR423 softmax-for-multilabel."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import cases, heads
from scram_analyzers.source.data import LabelForm
from scram_analyzers.source.program import Program


class SoftmaxForMultilabel(Rule):
    """One class of many where several may be right at once."""

    code = "SCR423"
    name = "softmax-for-multilabel"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "softmax in the last layer where an example may have several labels at once"
    why = (
        "Softmax makes the units share a total of 1. An example with three labels can give each of them a third at "
        "best, and one without any label is given one all the same."
    )
    how = "Ask each label its own question: sigmoid in the last layer, and binary_crossentropy as the loss."
    references = (
        Reference(
            "Keras: Large-scale multi-label text classification",
            "https://keras.io/examples/nlp/multi_label_classification/",
        ),
    )
    false_alarms = "Labels that the program filters to one for each example."
    bad = (
        Example(
            "Several tags for each text",
            """
            import keras
            from keras import layers
            from sklearn.datasets import make_multilabel_classification

            x, y = make_multilabel_classification(n_classes=3)
            model = keras.Sequential(
                [
                    layers.Dense(20, activation="relu"),
                    layers.Dense(3, activation=»"softmax"«),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["auc"])
            model.fit(x, y, epochs=20)
            """,
            """
            import keras
            from keras import layers
            from sklearn.datasets import make_multilabel_classification

            x, y = make_multilabel_classification(n_classes=3)
            model = keras.Sequential(
                [
                    layers.Dense(20, activation="relu"),
                    layers.Dense(3, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["auc"])
            model.fit(x, y, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "A question for each label",
            """
            import keras
            from keras import layers
            from sklearn.preprocessing import MultiLabelBinarizer
            from project import texts, tags

            y = MultiLabelBinarizer().fit_transform(tags)
            model = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(3, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["auc"])
            model.fit(texts, y, epochs=20)
            """,
        ),
        Example(
            "One label for each example",
            """
            import keras
            from keras import layers
            from project import texts, tags

            y = keras.utils.to_categorical(tags)
            model = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(texts, y, epochs=20)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each softmax head that learns from rows with several labels."""
        return program.each_of(cases.cases, self._of_case)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        place = case.head.activation_place or case.head.place
        if case.head.activation != "softmax" or case.form is not LabelForm.MULTI_HOT or place is None:
            return
        yield Report(
            place=place,
            message=(
                f"{heads.layer_words(case.head)} with softmax picks one class, but the labels may hold several at once."
            ),
            related=(*case.labels_related(), Related(case.loss.place, "The loss changes with the head.")),
            recipe='activation="sigmoid"  # with loss="binary_crossentropy"',
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Sigmoid and binary cross-entropy."""
        case = cases.case_at(program, finding.range)
        edits = (
            cases.activation_and_loss_edits(program, case, "sigmoid", "binary_crossentropy") if case is not None else ()
        )
        return Fix("Use sigmoid and binary_crossentropy", Applicability.UNSAFE, edits) if edits else None

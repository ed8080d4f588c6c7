"""SCR424 exclusive-classes-with-binary-loss."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import cases
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.data import LabelForm
from scram_analyzers.source.program import Program


class ExclusiveClassesWithBinaryLoss(Rule):
    """One class of many, asked as many yes-or-no questions."""

    code = "SCR424"
    name = "exclusive-classes-with-binary-loss"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "sigmoid units under binary cross-entropy for one-hot labels, of which only one can be right"
    why = (
        "Each unit answers for itself, so that several or none may say yes, and nearly all right answers are no: the "
        "loss is small from the start, and the accuracy of the single answers looks high although the class is wrong."
    )
    how = "Let the classes compete: softmax in the last layer, and categorical_crossentropy as the loss."
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference("DL Contract (FSE 2023)", "https://github.com/shibbirtanvin/DLContract"),
    )
    false_alarms = "Binary cross-entropy on purpose, as some recipes for very many classes use it."
    options = (Option("min-classes", 3, "fewest classes that are reported", "two units give nearly the same loss"),)
    bad = (
        Example(
            "Ten digits as ten questions",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            y_train = keras.utils.to_categorical(y_train, 10)
            model = keras.Sequential(
                [
                    layers.Rescaling(1 / 255),
                    layers.Flatten(),
                    layers.Dense(10, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«, metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            y_train = keras.utils.to_categorical(y_train, 10)
            model = keras.Sequential(
                [
                    layers.Rescaling(1 / 255),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "As many units as the labels have columns",
            """
            import keras
            import pandas as pd
            from keras import layers
            from sklearn.preprocessing import LabelEncoder

            news = pd.read_csv("news.csv")
            y = keras.utils.to_categorical(LabelEncoder().fit_transform(news["topic"]))
            model = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(y.shape[1], "sigmoid")])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«, metrics=["accuracy"])
            model.fit(news.drop(columns="topic"), y, epochs=20)
            """,
            """
            import keras
            import pandas as pd
            from keras import layers
            from sklearn.preprocessing import LabelEncoder

            news = pd.read_csv("news.csv")
            y = keras.utils.to_categorical(LabelEncoder().fit_transform(news["topic"]))
            model = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(y.shape[1], "softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(news.drop(columns="topic"), y, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Labels of which several may be right",
            """
            import keras
            from keras import layers
            from sklearn.preprocessing import MultiLabelBinarizer
            from project import texts, tags

            y = MultiLabelBinarizer().fit_transform(tags)
            model = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(8, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["auc"])
            model.fit(texts, y, epochs=20)
            """,
        ),
        Example(
            "Labels of which nothing is known",
            """
            import keras
            from keras import layers
            from project import texts, tags

            model = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(8, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["auc"])
            model.fit(texts, tags, epochs=20)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each head of sigmoids under binary cross-entropy that learns from one-hot labels."""
        return program.each_of(cases.cases, self._of_case)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        if not self._exclusive(case) or case.head.place is None:
            return
        yield Report(
            place=case.loss.place,
            message=(
                f"The labels are one-hot (one class of {_number(case)}), but binary_crossentropy with sigmoid "
                "asks a separate yes or no for each class."
            ),
            related=(
                Related(case.head.activation_place or case.head.place, "The head answers each for itself."),
                *case.labels_related(),
            ),
            recipe='loss="categorical_crossentropy"  # with activation="softmax"',
        )

    def _exclusive(self, case: Case) -> bool:
        if case.loss.name != "binary_crossentropy" or case.head.activation != "sigmoid" or case.reproduces_inputs:
            return False
        units = case.head.units
        enough = case.several if units is None else units >= self.option("min-classes")
        return enough and case.form is LabelForm.ONE_HOT

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Softmax and categorical cross-entropy."""
        case = cases.case_at(program, finding.range)
        if case is None:
            return None
        edits = cases.activation_and_loss_edits(program, case, "softmax", "categorical_crossentropy")
        return Fix("Use softmax and categorical_crossentropy", Applicability.UNSAFE, edits) if edits else None


def _number(case: Case) -> str:
    return f"{case.head.units}" if case.head.units is not None else "several"

"""SCR431 missing-output-activation."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import cases, heads
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.data import LabelForm
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.program import Program


class MissingOutputActivation(Rule):
    """A classifier whose last layer gives plain numbers under a loss that takes them as they are."""

    code = "SCR431"
    name = "missing-output-activation"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a classifier without softmax or sigmoid at its end, under a loss that does not apply one either"
    why = (
        "One-hot labels ask for a probability for each class. Without softmax the outputs can be any number, below 0 "
        "and above 1; a loss such as mean squared error then pulls them towards 0 and 1 one by one, which is slow and "
        "does not make them compete."
    )
    how = (
        "End the model in softmax (one class of many) or sigmoid (several at once), and train it with the "
        "cross-entropy that belongs to it."
    )
    references = (
        Reference("Goodfellow, Bengio, Courville: Deep Learning, section 6.2.2", "https://www.deeplearningbook.org/"),
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
    )
    false_alarms = "A least-squares classifier on purpose."
    bad = (
        Example(
            "Ten classes, no softmax, mean squared error",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            y_train = keras.utils.to_categorical(y_train, 10)
            model = keras.Sequential([layers.Dense(32, activation="relu"), »layers.Dense(10)«])
            model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            y_train = keras.utils.to_categorical(y_train, 10)
            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
        Example(
            "A distance between distributions, of plain numbers",
            """
            import keras
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(8, activation="relu")])
            model.add(»keras.layers.Dense(3)«)
            model.compile(optimizer="adam", loss="kl_divergence")
            model.fit(x, keras.utils.to_categorical(y), epochs=20)
            """,
            """
            import keras
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(8, activation="relu")])
            model.add(keras.layers.Dense(3, activation="softmax"))
            model.compile(optimizer="adam", loss="kl_divergence")
            model.fit(x, keras.utils.to_categorical(y), epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Numbers, not classes",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([layers.Normalization(), layers.Dense(64, "relu"), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            """,
        ),
        Example(
            "Logits under a loss that applies softmax itself",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            y_train = keras.utils.to_categorical(y_train, 10)
            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10)])
            model.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(from_logits=True))
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each linear head that is trained towards rows of classes by a loss for numbers."""
        return program.each_of(cases.cases, self._of_case)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        place = case.head.place
        if place is None or not _is_bare(case):
            return
        assert case.form is not None
        yield Report(
            place=place,
            message=(
                f"{heads.layer_words(case.head)} has no activation, but the labels are "
                f"{cases.FORM_WORDS[case.form]}: nothing makes its outputs probabilities."
            ),
            related=(*case.labels_related(), Related(case.loss.place, "The loss takes the outputs as they are.")),
            recipe=f'{_spelled(program, case)}({case.head.units}, activation="{_activation(case)}")',
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The activation that the labels ask for."""
        for case in cases.cases(program):
            if not _is_bare(case) or case.head.place is None or program.range_of(case.head.place) != finding.range:
                continue
            name = _activation(case)
            edits = heads.activation_edits(program, case.head, name)
            return Fix(f"Add {name}", Applicability.UNSAFE, edits) if edits else None
        return None


DISTANCES = REGRESSION | {"kl_divergence"}
"""Losses that take outputs as they are."""


def _is_bare(case: Case) -> bool:
    """Whether a head of several units without activation is trained towards rows of classes, as numbers."""
    if case.head.activation != "linear" or case.head.units in (None, 1) or case.loss.name not in DISTANCES:
        return False
    return case.form in cases.ROWS and not case.reproduces_inputs and not case.judged_by_hand


def _activation(case: Case) -> str:
    return "sigmoid" if case.form is LabelForm.MULTI_HOT else "softmax"


def _spelled(program: Program, case: Case) -> str:
    return program.imports.spell(case.head.layer.kind if case.head.layer is not None else "keras.layers.Dense").text

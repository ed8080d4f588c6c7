"""SCR412 label-encoding-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.judging import evaluations_of
from scram_analyzers.rules.output_and_loss.evidence import cases, heads
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import LabelForm, Subject, SubjectKind
from scram_analyzers.run.task import targets, the_output
from scram_analyzers.source.data import Data
from scram_analyzers.source.keras_api.losses import CATEGORICAL
from scram_analyzers.source.program import Program

TWINS = {
    "categorical_crossentropy": "sparse_categorical_crossentropy",
    "sparse_categorical_crossentropy": "categorical_crossentropy",
}


class LabelEncodingMismatch(Rule):
    """Labels written one way under a loss that reads the other."""

    code = "SCR412"
    name = "label-encoding-mismatch"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "one-hot labels under a sparse loss, or numbered labels under a categorical one"
    why = (
        "The loss categorical_crossentropy reads one row for each example with a 1 at the right class; "
        "sparse_categorical_crossentropy reads the class's number. Given the other form, Keras stops with an error "
        "about shapes, or compares the wrong things."
    )
    how = "Use the twin of the loss that fits the labels, or change the labels with to_categorical."
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference("Keras: to_categorical", "https://keras.io/api/utils/python_utils/"),
    )
    false_alarms = "Labels that are changed on their way into fit where it can't be seen."
    bad = (
        Example(
            "A model that another module builds",
            """
            from keras.datasets import mnist
            from project import build

            (x_train, y_train), (x_test, y_test) = mnist.load_data()
            model = build(classes=10)
            model.compile(loss=»"categorical_crossentropy"«, optimizer="adam", metrics=["accuracy"])
            model.fit(x_train / 255, y_train, epochs=5, validation_data=(x_test / 255, y_test))
            """,
            """
            from keras.datasets import mnist
            from project import build

            (x_train, y_train), (x_test, y_test) = mnist.load_data()
            model = build(classes=10)
            model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
            model.fit(x_train / 255, y_train, epochs=5, validation_data=(x_test / 255, y_test))
            """,
        ),
        Example(
            "Numbered labels",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer="adam", loss=»"categorical_crossentropy"«, metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "One-hot labels",
            """
            import pandas as pd
            import tensorflow as tf

            table = pd.read_csv("flowers.csv")
            y = tf.keras.utils.to_categorical(table.pop("species"))
            inputs = tf.keras.Input((4,))
            outputs = tf.keras.layers.Dense(3)(inputs)
            model = tf.keras.Model(inputs, outputs)
            model.compile("adam", »tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)«, ["accuracy"])
            model.fit(table, y)
            """,
            """
            import pandas as pd
            import tensorflow as tf

            table = pd.read_csv("flowers.csv")
            y = tf.keras.utils.to_categorical(table.pop("species"))
            inputs = tf.keras.Input((4,))
            outputs = tf.keras.layers.Dense(3)(inputs)
            model = tf.keras.Model(inputs, outputs)
            model.compile("adam", tf.keras.losses.CategoricalCrossentropy(from_logits=True), ["accuracy"])
            model.fit(table, y)
            """,
        ),
        Example(
            "A column of a file, for rows of one output for each class",
            """
            import keras
            from numpy import loadtxt

            rows = loadtxt("diabetes.csv", delimiter=",")
            x, y = rows[:, 0:8] / 100, rows[:, 8]
            model = keras.Sequential([keras.layers.Dense(12, "relu"), keras.layers.Dense(2, "softmax")])
            model.compile(loss=»"categorical_crossentropy"«, optimizer="adam", metrics=["accuracy"])
            model.fit(x, y, epochs=100)
            """,
            """
            import keras
            from numpy import loadtxt

            rows = loadtxt("diabetes.csv", delimiter=",")
            x, y = rows[:, 0:8] / 100, rows[:, 8]
            model = keras.Sequential([keras.layers.Dense(12, "relu"), keras.layers.Dense(2, "softmax")])
            model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
            model.fit(x, y, epochs=100)
            """,
        ),
    )
    good = (
        Example(
            "Rows that a layer makes of class numbers",
            """
            import keras
            import tensorflow_datasets as tfds

            data, info = tfds.load("cats_vs_dogs", as_supervised=True, with_info=True)
            encoder = keras.layers.CategoryEncoding(2, "one_hot", dtype="int32")
            train = data["train"].map(lambda image, label: (image / 255, encoder(label))).shuffle(1000).batch(16)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(train, epochs=10)
            """,
        ),
        Example(
            "One-hot labels for the categorical loss",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            y_train = keras.utils.to_categorical(y_train)
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Numbers again",
            """
            import keras
            import numpy as np
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            y_train = np.argmax(keras.utils.to_categorical(y_train), axis=1)
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Labels changed by something that can't be seen",
            """
            import keras
            from keras import layers
            from project import encode

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, encode(y_train))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each categorical loss that reads labels of the other form."""
        yield from program.each_of(cases.cases, self._of_case)
        yield from program.each_of(cases.cases, _of_evaluations)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        form, name = case.form, case.loss.name
        if not _mismatched(case) or form is None or name is None:
            return
        yield Report(
            place=case.loss.place,
            message=f"The loss {name} reads {_READS[name]}, but the labels are {cases.FORM_WORDS[form]}.",
            related=(*case.labels_related(), *_head(case)),
            recipe=f'loss="{TWINS[name]}"',
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by the labels given to fit, before Keras fails on their shape."""
        output, labels = the_output(history), targets(history)
        if output is None or labels is None or output.units is None or output.units < 2:
            return
        columns = labels.shape[-1] if len(labels.shape) > 1 else 1
        one_hot = labels.label_form is LabelForm.ONE_HOT and columns == output.units
        numbered = labels.label_form in (LabelForm.CLASS_INDICES, LabelForm.BINARY) and columns == 1
        if output.loss == "sparse_categorical_crossentropy" and one_hot:
            message = f"The labels are one-hot rows of {columns} columns, and {output.loss} expects class numbers."
        elif output.loss == "categorical_crossentropy" and numbered:
            message = f"The labels are class numbers, and {output.loss} expects one-hot rows of {output.units} columns."
        else:
            return
        yield RunReport(subject=Subject(SubjectKind.LOSS), message=message)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The loss that reads the labels as they are."""
        case = cases.case_at(program, finding.range)
        if case is None or case.loss.name not in TWINS:
            return None
        twin = TWINS[case.loss.name]
        edits = heads.twin_edits(program, case.loss, twin)
        return Fix(f"Use {twin}", Applicability.UNSAFE, edits) if edits else None


def _of_evaluations(program: Program, case: Case) -> Iterator[Report]:
    """Labels of another form than those trained on, which only an evaluation gives to the same loss."""
    name, fit = case.loss.name, case.fit
    if fit is None or name not in CATEGORICAL or case.form is None or _mismatched(case) or case.head.units == 1:
        return
    for evaluation in evaluations_of(program, fit):
        labels = evaluation.y.value if evaluation.y is not None else None
        form = labels.labels if isinstance(labels, Data) else None
        place = evaluation.y.place if evaluation.y is not None else None
        wrong = cases.NUMBERED if name == "categorical_crossentropy" else cases.ROWS
        if evaluation.method != "evaluate" or form not in wrong or form is None or place is None:
            continue
        yield Report(
            place=place,
            message=f"The loss {name} reads {_READS[name]}, but these labels are {cases.FORM_WORDS[form]}: only those "
            "trained on were brought to its form.",
            related=(Related(case.loss.place, "The loss."), *case.labels_related()),
        )
        return


_READS = {
    "categorical_crossentropy": "one-hot rows",
    "sparse_categorical_crossentropy": "one class number for each example",
}


def _mismatched(case: Case) -> bool:
    if case.loss.name not in CATEGORICAL or case.head.units == 1:
        return False
    if case.loss.name == "categorical_crossentropy":
        return case.form in cases.NUMBERED and case.several
    return case.form in cases.ROWS


def _head(case: Case) -> tuple[Related, ...]:
    return (Related(case.head.place, "The head it trains."),) if case.head.place is not None else ()

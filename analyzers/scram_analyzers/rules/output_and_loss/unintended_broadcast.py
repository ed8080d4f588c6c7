"""SCR427 unintended-broadcast."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.evidence.paths import sample_shape
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, StepKind
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Pairing, Program, every_pairing
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import Argument

_EACH_BY_ITSELF = frozenset(("round", "rint", "around", "floor", "ceil", "compare", "astype", "clip", "abs", "numpy"))
"""What may be done with predictions that leaves their shape."""


class UnintendedBroadcast(Rule):
    """A column of predictions against a row of labels: every one of them with every other."""

    code = "SCR427"
    name = "unintended-broadcast"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "predictions of one column subtracted from, or compared with, labels that have no columns"
    why = (
        "A model with one output gives n rows of one column; labels without columns count as one row of n. An "
        "operator between them stretches both to n by n and pairs every prediction with every label: as a loss it "
        "teaches the mean, as a score it says nothing. Keras's own losses and metrics take care of it, operators don't."
    )
    how = "Take the only column of the predictions, predictions[:, 0], or give the labels one: y.reshape(-1, 1)."
    references = (
        Reference("NumPy: Broadcasting", "https://numpy.org/doc/stable/user/basics.broadcasting.html"),
        Reference("TensorFlow: Broadcasting", "https://www.tensorflow.org/guide/tensor#broadcasting"),
    )
    bad = (
        Example(
            "A loss of one's own",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_diabetes
            from sklearn.preprocessing import scale

            x, y = load_diabetes(return_X_y=True)
            rows = tf.data.Dataset.from_tensor_slices((x, scale(y))).shuffle(400).batch(32)
            model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            optimizer = keras.optimizers.Adam(0.01)
            for batch, targets in rows.repeat(30):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(»model(batch, training=True) - targets«))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "An error worked out by hand, of targets that were taken out of a table",
            """
            import keras
            import numpy as np
            import pandas as pd

            series = pd.read_csv("passengers.csv")["passengers"].values / 1000
            x, y = [], []
            for i in range(len(series) - 12):
                x.append(series[i : i + 12])
                y.append(series[i + 12])
            x, y = np.array(x), np.array(y)
            model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x[:100], y[:100], epochs=200)
            print(np.sqrt(np.mean((»model.predict(x[100:]) - y[100:]«) ** 2)))
            """,
        ),
        Example(
            "A count of right answers",
            """
            import keras
            from keras import layers
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import train_test_split

            x, y = load_breast_cancer(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            model = keras.Sequential([layers.BatchNormalization(), layers.Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy")
            model.fit(x_train, y_train, epochs=30)
            print((»model.predict(x_test).round() == y_test«).mean())
            """,
        ),
    )
    good = (
        Example(
            "The only column",
            """
            import keras
            from keras import layers
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import train_test_split

            x, y = load_breast_cancer(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            model = keras.Sequential([layers.BatchNormalization(), layers.Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy")
            model.fit(x_train, y_train, epochs=30)
            print((model.predict(x_test)[:, 0].round() == y_test).mean())
            """,
        ),
        Example(
            "Labels with a column",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_diabetes
            from sklearn.preprocessing import scale

            x, y = load_diabetes(return_X_y=True)
            rows = tf.data.Dataset.from_tensor_slices((x, scale(y)[:, None])).shuffle(400).batch(32)
            model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            optimizer = keras.optimizers.Adam(0.01)
            for batch, targets in rows.repeat(30):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(model(batch, training=True) - targets))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report operators between the single column that a model gives and labels without columns."""
        return program.each_of(every_pairing, _of_pairing)


def _of_pairing(program: Program, pairing: Pairing) -> Iterator[Report]:
    labels = pairing.labels
    if labels.shape is None or len(labels.shape) != 1 or labels.samples == 1 or labels.images:
        return
    model, x = pairing.model, pairing.x
    if pairing.made is not None:
        if labels.is_table and not labels.in_numpy and not any(step.kind is StepKind.ENCODED for step in labels.steps):
            return  # it may be a Series, which refuses instead
        if any(step.name not in _EACH_BY_ITSELF for step in pairing.made.steps):
            return
        model, x = _maker(program, pairing.made)
    if model is None or not _gives_one_column(model, x):
        return
    does = "subtracts every label from every prediction" if pairing.operator == "Subtract" else "compares all with all"
    related = (Related(x.place, "The model is called on these."),) if x is not None and x.place is not None else ()
    yield Report(
        pairing.place,
        f"The model gives a column of predictions, and the labels have no columns: this {does} instead of row by row.",
        related,
        recipe="predictions[:, 0]",
    )


def _maker(program: Program, made: Data) -> tuple[Model | None, Argument | None]:
    """The model that gave predictions, and what it was given."""
    for each in program.evaluations:
        if made.place is not None and each.place.key == made.place.key:
            return each.model, each.x
    return None, None


def _gives_one_column(model: Model, x: Argument | None) -> bool:
    if len(model.outputs) != 1:
        return False
    data = x.value if x is not None and isinstance(x.value, Data) else None
    return ModelShapes(model, sample_shape(data)).output(model.outputs[0]) == (1,)

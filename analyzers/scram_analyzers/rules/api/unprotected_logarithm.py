"""SCR861 unprotected-logarithm."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.api.evidence import guards
from scram_analyzers.rules.api.evidence.guards import EPSILON, FunctionCall
from scram_analyzers.rules.architecture.evidence.paths import models_of
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.trainings import own_loops
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer, Operation
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.program import LossCall, Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section


class UnprotectedLogarithm(Rule):
    """A loss that takes the logarithm of predictions which may be 0."""

    code = "SCR861"
    name = "unprotected-logarithm"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "a loss function or layer that takes the logarithm of a chance that may be 0"
    why = (
        "A softmax or sigmoid that is sure of itself gives exactly 0 in float32. The logarithm of 0 is minus infinity, "
        "and 0 times infinity is NaN: one such sample makes the loss NaN, and all weights after it."
    )
    how = "Keep the argument away from 0: add a small number or clip it, or use Keras's own cross-entropy, which does."
    references = (
        Reference("Keras: custom losses", "https://keras.io/api/losses/#creating-custom-losses"),
        Reference(
            "DEBAR: Detecting Numerical Bugs in Neural Network Architectures (ESEC/FSE 2020)",
            "https://doi.org/10.1145/3368089.3409720",
        ),
    )
    false_alarms = "Predictions that the model itself keeps above 0, such as the output of softplus plus a constant."
    bad = (
        Example(
            "Of values on both sides of 0",
            """
            import keras
            import tensorflow as tf
            from keras import layers

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64)
                    self.norm = layers.BatchNormalization()
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x, training=False):
                    return self.head(»tf.math.log(self.norm(self.hidden(x), training=training))«)

            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A cross-entropy written by hand",
            """
            import keras
            from keras import ops

            def cross_entropy(y_true, y_pred):
                return -ops.mean(ops.sum(y_true * »ops.log(y_pred)«, axis=-1))

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss=cross_entropy)
            """,
            """
            import keras
            from keras import ops

            def cross_entropy(y_true, y_pred):
                return -ops.mean(ops.sum(y_true * ops.log(y_pred + 1e-7), axis=-1))

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss=cross_entropy)
            """,
        ),
        Example(
            "A focal loss, made by a function",
            """
            import keras
            import tensorflow as tf

            def focal_loss(gamma=2.0):
                def loss(y_true, y_pred):
                    chance = tf.where(tf.equal(y_true, 1), y_pred, 1 - y_pred)
                    return -tf.reduce_mean(tf.pow(1.0 - chance, gamma) * »tf.math.log(chance)«)
                return loss

            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=focal_loss())
            """,
            """
            import keras
            import tensorflow as tf

            def focal_loss(gamma=2.0):
                def loss(y_true, y_pred):
                    chance = tf.where(tf.equal(y_true, 1), y_pred, 1 - y_pred)
                    return -tf.reduce_mean(tf.pow(1.0 - chance, gamma) * tf.math.log(chance + 1e-7))
                return loss

            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=focal_loss())
            """,
        ),
        Example(
            "The softmax is in the loss itself",
            """
            import tensorflow as tf
            from tensorflow import keras

            def divergence(y_true, y_pred):
                chances = tf.nn.softmax(y_pred)
                return tf.reduce_sum(y_true * »tf.math.log(chances)«, axis=-1)

            model = keras.Sequential([keras.layers.Dense(10)])
            model.compile(optimizer="adam", loss=divergence)
            """,
            """
            import tensorflow as tf
            from tensorflow import keras

            def divergence(y_true, y_pred):
                chances = tf.nn.softmax(y_pred)
                return tf.reduce_sum(y_true * tf.math.log(chances + 1e-7), axis=-1)

            model = keras.Sequential([keras.layers.Dense(10)])
            model.compile(optimizer="adam", loss=divergence)
            """,
        ),
        Example(
            "Of what a relu lets through, in a model of its own",
            """
            import keras
            import tensorflow as tf
            from keras import layers


            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64, activation="relu")
                    self.last = layers.Dense(3)

                def call(self, inputs):
                    x = »tf.math.log(self.hidden(inputs))«
                    return self.last(x)


            model = Net()
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "Of predictions that can be below 0",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            squared = keras.losses.MeanSquaredError()
            optimizer = keras.optimizers.Adam(0.01)
            for x, prices in batches:
                with tf.GradientTape() as tape:
                    loss = squared(tf.math.log(prices), »tf.math.log(model(x, training=True))«)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
    )
    good = (
        Example(
            "Of predictions that are above 0",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(16, "relu")])
            model.add(keras.layers.Dense(1, activation="softplus"))
            squared = keras.losses.MeanSquaredError()
            optimizer = keras.optimizers.Adam(0.01)
            for x, prices in batches:
                with tf.GradientTape() as tape:
                    loss = squared(tf.math.log(prices), tf.math.log(model(x, training=True)))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Clipped first",
            """
            import keras
            from keras import ops

            def cross_entropy(y_true, y_pred):
                y_pred = ops.clip(y_pred, 1e-7, 1.0)
                return -ops.mean(ops.sum(y_true * ops.log(y_pred), axis=-1))
            """,
        ),
        Example(
            "A small number is added",
            """
            import keras
            from keras import ops

            def cross_entropy(y_true, y_pred):
                return -ops.mean(y_true * ops.log(y_pred + keras.config.epsilon()))
            """,
        ),
        Example(
            "A logarithm of something else",
            """
            import keras
            from keras import ops

            def log_cosh(y_true, y_pred):
                return ops.mean(ops.log(ops.cosh(y_pred - y_true)))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each logarithm of a loss function's prediction, as it is or taken from 1."""
        for logarithm in _logarithms(program):
            used = guards.trained_with(program, logarithm.computation)
            argument = logarithm.argument.text
            yield Report(
                place=logarithm.place,
                message=f"This is minus infinity, and {_harmed(logarithm)} NaN, as soon as {argument} is 0.",
                related=(Related(used, "The model is trained with this loss."),) if used is not None else (),
                severity=None if used is not None else Severity.INFO,
                recipe=f"{logarithm.function}({argument} + {EPSILON})",
            )

        if program.mentions("log("):
            yield from program.each_of(models_of, _of_model)
            yield from program.each_of(own_loops, _of_loss)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Add a small number to the argument."""
        for logarithm in _logarithms(program):
            if program.range_of(logarithm.place) == finding.range:
                edit = fixes.insert(program.range_of(logarithm.argument).end, f" + {EPSILON}")
                return Fix(f"Add {EPSILON} to {logarithm.argument.text}", Applicability.UNSAFE, (edit,))
        return None


NORMALIZED = ("BatchNormalization", "LayerNormalization", "GroupNormalization", "Normalization")
BELOW_ZERO = ("linear", "tanh", "elu", "selu", "gelu", "swish", "silu", "leaky_relu", "softsign")
"""Activations that let values below 0 through."""

LOGARITHMS = ("log", "log2", "log10")


def _of_model(program: Program, model: Model) -> Iterator[Report]:
    """Logarithms in a model of what goes below 0, or is 0, for about half of all values."""
    for tensor in model.tensors():
        operation, place = tensor.producer, tensor.place
        if not isinstance(operation, Operation) or place is None or len(tensor.inputs) != 1:
            continue
        source = tensor.inputs[0].producer
        if operation.name.rpartition(".")[2] not in LOGARITHMS or not isinstance(source, Layer):
            continue
        if _is_often_zero(source):
            yield Report(
                place,
                f"The logarithm of 0 is minus infinity, and the relu of {source.class_name} gives 0 for about half "
                "of all values.",
                (Related(source.place, "Its outputs are 0 wherever the sum is not above 0."),),
            )
        elif _goes_below_zero(source):
            yield Report(
                place,
                f"The logarithm of a number below 0 is NaN, and {source.class_name} gives such numbers.",
                (Related(source.place, "Its outputs are on both sides of 0."),),
            )


def _of_loss(_: Program, call: LossCall) -> Iterator[Report]:
    """The logarithm of what a model gives, in a loop of the program's own, where its last layer goes below 0."""
    for tensor in call.output.ancestors():
        operation, place = tensor.producer, tensor.place
        if not isinstance(operation, Operation) or place is None or len(tensor.inputs) != 1:
            continue
        source = tensor.inputs[0].producer
        model = source if isinstance(source, Model) else None
        last = model.outputs[0].producer if model is not None and len(model.outputs) == 1 else source
        if operation.name.rpartition(".")[2] in LOGARITHMS and isinstance(last, Layer) and _goes_below_zero(last):
            yield Report(
                place,
                f"The logarithm of a number below 0 is NaN, and the last layer ({last.class_name}) gives such numbers.",
                (Related(last.place, "Its outputs are on both sides of 0."),),
            )


def _is_often_zero(layer: Layer) -> bool:
    return layer.class_name == "ReLU" or own_activation(layer)[0] == "relu"


def _goes_below_zero(layer: Layer) -> bool:
    if layer.class_name in NORMALIZED:
        return True
    return layer.class_name in WEIGHTED and own_activation(layer)[0] in BELOW_ZERO


def _harmed(logarithm: FunctionCall) -> str:
    return "the loss" if logarithm.computation.is_loss else "what follows"


def _logarithms(program: Program) -> Iterator[FunctionCall]:
    for section in search.parts(program, "log("):
        yield from _logarithms_of(section)


@once
def _logarithms_of(section: Section) -> tuple[FunctionCall, ...]:
    return guards.calls(section, "log", guards.may_be_exactly_zero_chance)

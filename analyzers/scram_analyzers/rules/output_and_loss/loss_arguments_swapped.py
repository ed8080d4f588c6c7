"""SCR428 loss-arguments-swapped."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES, loss_name
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program

_LABELS = re.compile(r"y_?true\w*")
_PREDICTIONS = re.compile(r"y_?pred\w*")
_PACKAGES = ("keras.losses", "keras.backend", "keras.metrics", "tensorflow.losses")


class LossArgumentsSwapped(Rule):
    """A cross-entropy that is given the predictions for labels, and the labels for predictions."""

    code = "SCR428"
    name = "loss-arguments-swapped"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a cross-entropy that is given the predictions where it takes the labels, and the other way round"
    why = (
        "Keras takes the labels first. The other way round it takes the logarithm of the labels, which are 0 and 1, "
        "and weighs it by the predictions: the number is no cross-entropy, and its gradients lead nowhere."
    )
    how = "Give the labels first: loss_fn(labels, predictions)."
    references = (Reference("Keras: Losses", "https://keras.io/api/losses/"),)
    bad = (
        Example(
            "In a training loop",
            """
            import tensorflow as tf

            (images, digits), _ = tf.keras.datasets.mnist.load_data()
            images, labels = images.reshape(-1, 784) / 255.0, tf.one_hot(digits, 10)
            model = tf.keras.Sequential([tf.keras.layers.Dense(10, activation="softmax")])
            loss_fn = tf.keras.losses.CategoricalCrossentropy()
            optimizer = tf.keras.optimizers.Adam()
            for step in range(600):
                x, y = images[step * 100 : (step + 1) * 100], labels[step * 100 : (step + 1) * 100]
                with tf.GradientTape() as tape:
                    loss = »loss_fn(model(x, training=True), y)«
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
            """
            import tensorflow as tf

            (images, digits), _ = tf.keras.datasets.mnist.load_data()
            images, labels = images.reshape(-1, 784) / 255.0, tf.one_hot(digits, 10)
            model = tf.keras.Sequential([tf.keras.layers.Dense(10, activation="softmax")])
            loss_fn = tf.keras.losses.CategoricalCrossentropy()
            optimizer = tf.keras.optimizers.Adam()
            for step in range(600):
                x, y = images[step * 100 : (step + 1) * 100], labels[step * 100 : (step + 1) * 100]
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "In a step of the model's own",
            """
            import keras
            import tensorflow as tf

            class Detector(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.out = keras.layers.Dense(1, activation="sigmoid")
                    self.bce = keras.losses.BinaryCrossentropy()

                def call(self, x):
                    return self.out(x)

                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        said = self(x, training=True)
                        loss = »self.bce(said, y)«
                    gradients = tape.gradient(loss, self.trainable_weights)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
                    return {"loss": loss}
            """,
            """
            import keras
            import tensorflow as tf

            class Detector(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.out = keras.layers.Dense(1, activation="sigmoid")
                    self.bce = keras.losses.BinaryCrossentropy()

                def call(self, x):
                    return self.out(x)

                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        said = self(x, training=True)
                        loss = self.bce(y, said)
                    gradients = tape.gradient(loss, self.trainable_weights)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
                    return {"loss": loss}
            """,
        ),
        Example(
            "In a loss of the program's own",
            """
            import keras
            from keras import backend as K


            def weighted(y_true, y_pred):
                return K.mean(»K.binary_crossentropy(y_pred, y_true)«) + 0.1 * K.mean(K.abs(y_true - y_pred))


            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=weighted)
            """,
            """
            import keras
            from keras import backend as K


            def weighted(y_true, y_pred):
                return K.mean(K.binary_crossentropy(y_true, y_pred)) + 0.1 * K.mean(K.abs(y_true - y_pred))


            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=weighted)
            """,
        ),
    )
    good = (
        Example(
            "What another network says in the labels' place",
            """
            import keras
            import tensorflow as tf

            class Distilled(keras.Model):
                def __init__(self, teacher):
                    super().__init__()
                    self.teacher = teacher
                    self.out = keras.layers.Dense(10, activation="softmax")
                    self.distance = keras.losses.CategoricalCrossentropy()

                def call(self, x):
                    return self.out(x)

                def train_step(self, data):
                    x, y = data
                    soft = self.teacher(x)
                    with tf.GradientTape() as tape:
                        said = self(x, training=True)
                        loss = self.distance(y, said) + self.distance(soft, said)
                    gradients = tape.gradient(loss, self.trainable_weights)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
                    return {"loss": loss}
            """,
        ),
        Example(
            "What a teacher says takes the labels' place",
            """
            import tensorflow as tf

            (images, digits), _ = tf.keras.datasets.mnist.load_data()
            images = images.reshape(-1, 784) / 255.0
            teacher = tf.keras.models.load_model("teacher.keras")
            student = tf.keras.Sequential([tf.keras.layers.Dense(10, activation="softmax")])
            loss_fn = tf.keras.losses.CategoricalCrossentropy()
            mse = tf.keras.losses.MeanSquaredError()
            optimizer = tf.keras.optimizers.Adam()
            for step in range(600):
                x, y = images[step * 100 : (step + 1) * 100], digits[step * 100 : (step + 1) * 100]
                with tf.GradientTape() as tape:
                    said = student(x, training=True)
                    loss = loss_fn(teacher(x, training=False), said) + mse(said, tf.one_hot(y, 10))
                gradients = tape.gradient(loss, student.trainable_variables)
                optimizer.apply_gradients(zip(gradients, student.trainable_variables))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report cross-entropies of predictions judged by labels, in each other's places."""
        said = set()
        for place in _swapped(program):
            if place.key not in said:
                said.add(place.key)
                yield Report(place, "The labels come first: here the predictions stand in their place.")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Exchange the first two arguments."""
        for place in _swapped(program):
            if program.range_of(place) == finding.range and isinstance(place.node, cst.Call):
                first, second = (Place(place.section, each.value) for each in place.node.args[:2])
                edits = (fixes.replace(program, first, second.text), fixes.replace(program, second, first.text))
                named = any(each.keyword is not None or each.star for each in place.node.args[:2])
                return None if named else Fix("Give the labels first", Applicability.UNSAFE, edits)
        return None


def _swapped(program: Program) -> Iterator[Place]:
    for loss_call in program.loss_calls:
        if loss_call.swapped and loss_call.loss.name in CROSS_ENTROPIES:
            yield loss_call.place
    if program.mentions("y_pred") or program.mentions("ypred"):
        yield from (call.place for call in program.calls_where(_is_swapped))


def _is_swapped(call: Call) -> bool:
    """`binary_crossentropy(y_pred, y_true)`, in a loss that takes both."""
    package, last = call.name.rpartition(".")[::2]
    if package not in _PACKAGES or loss_name(last) not in CROSS_ENTROPIES or len(call.arguments.positional) < 2:
        return False
    first, second = (each.place.text if each.place is not None else "" for each in call.arguments.positional[:2])
    return bool(_PREDICTIONS.fullmatch(first) and _LABELS.fullmatch(second))

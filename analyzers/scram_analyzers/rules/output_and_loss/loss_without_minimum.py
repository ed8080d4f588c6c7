"""SCR432 loss-without-minimum."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence.divergence_terms import made_small
from scram_analyzers.rules.output_and_loss.evidence.log_likelihoods import is_log_likelihood
from scram_analyzers.rules.output_and_loss.evidence.own_losses import (
    Definition,
    definitions,
    own_losses,
    returned,
    without_mean,
)
from scram_analyzers.rules.output_and_loss.evidence.turned_losses import (
    never_negative,
    turned,
    turned_gradients,
    without_minus,
)
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Loss, Program
from scram_analyzers.source.reading.dotted import dotted_name

_OVERLAP = re.compile(r"dice|iou|jaccard|tversky|f1", re.IGNORECASE)


class LossWithoutMinimum(Rule):
    """A loss of the program's own that is smallest for the worst predictions."""

    code = "SCR432"
    name = "loss-without-minimum"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a loss function that gets smaller as the predictions get worse"
    why = (
        "Training makes the loss as small as it can. A signed difference has no least value: the predictions run off "
        "to one side, and the loss to minus infinity. So does a distance or a cross-entropy with a minus before it. A "
        "measure of overlap is best when it is large: made small, it teaches the model to hit nothing."
    )
    how = (
        "Square the difference or take its absolute value before the mean, and leave out a minus before a distance; "
        "of a measure such as Dice return 1 - dice."
    )
    references = (Reference("Keras: Losses", "https://keras.io/api/losses/"),)
    bad = (
        Example(
            "A difference with its sign",
            """
            import keras
            import tensorflow as tf


            def distance(y_true, y_pred):
                return tf.reduce_mean(»y_true - y_pred«)


            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss=distance)
            """,
        ),
        Example(
            "An overlap that is made small",
            """
            import keras
            from keras import backend as K


            def dice_coef(y_true, y_pred):
                shared = K.sum(K.flatten(y_true) * K.flatten(y_pred))
                return (2.0 * shared + 1) / (K.sum(y_true) + K.sum(y_pred) + 1)


            def dice_loss(y_true, y_pred):
                return »dice_coef(y_true, y_pred)«


            model = keras.Sequential([keras.layers.Conv2D(1, 1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=dice_loss, metrics=[dice_coef])
            """,
        ),
        Example(
            "A loss with a minus before it",
            """
            import keras
            import tensorflow as tf

            class Classifier(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.out = keras.layers.Dense(1, activation="sigmoid")
                    self.bce = keras.losses.BinaryCrossentropy()

                def call(self, x):
                    return self.out(x)

                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        loss = self.bce(y, self(x, training=True))
                        loss = »-loss«
                    gradients = tape.gradient(loss, self.trainable_weights)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
                    return {"loss": loss}
            """,
        ),
        Example(
            "A minus where the tape is asked, before a loss that more is added to",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.layers.Dense(10)])
            optimizer = keras.optimizers.Adam(1e-3)

            def loss_of(labels, logits):
                return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)

            for images, labels in batches:
                with tf.GradientTape() as tape:
                    loss = tf.reduce_sum(loss_of(labels, model(images, training=True))) / 32
                    loss = loss + 1e-4 * sum(model.losses)
                gradients = tape.gradient(»-loss«, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "All gradients with a minus",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.layers.Dense(1)])
            optimizer = keras.optimizers.Adam(1e-3)
            loss_fn = keras.losses.MeanSquaredError()

            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                gradients = »[-each for each in gradients]«
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "A loss with a minus, whose gradients are clipped",
            """
            import keras
            import tensorflow as tf

            class Classifier(keras.Model):
                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        loss = »-self.compute_loss(x=x, y=y, y_pred=self(x, training=True))«
                    gradients = tape.gradient(loss, self.trainable_weights)
                    gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
                    return {"loss": loss}
            """,
        ),
        Example(
            "A square with a minus before it",
            """
            import keras
            import tensorflow as tf


            def distance(y_true, y_pred):
                return »-tf.reduce_mean(tf.square(y_true - y_pred))«


            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss=distance)
            """,
        ),
        Example(
            "The divergence of a variational autoencoder, taken away",
            """
            import keras
            import tensorflow as tf
            from project import decoder, encoder


            class Autoencoder(keras.Model):
                def train_step(self, data):
                    with tf.GradientTape() as tape:
                        mean, log_var, code = encoder(data)
                        rebuilt = tf.reduce_mean(keras.losses.binary_crossentropy(data, decoder(code)))
                        apart = -0.5 * (1 + log_var - tf.square(mean) - tf.exp(log_var))
                        apart = tf.reduce_mean(tf.reduce_sum(apart, axis=1))
                        loss = »rebuilt - apart«
                    gradients = tape.gradient(loss, self.trainable_weights)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
                    return {"loss": loss}
            """,
        ),
        Example(
            "The divergence added, its minus forgotten",
            """
            import keras
            from keras import ops


            def loss_of(rebuilt, mean, log_var):
                apart = 0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=-1)
                return »rebuilt + apart«


            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            """,
        ),
    )
    good = (
        Example(
            "The divergence with its minus, in all ways of writing it",
            """
            import keras
            from keras import ops


            def loss_of(rebuilt, log_px, mean, log_var):
                apart = 1 + log_var - ops.square(mean) - ops.exp(log_var)
                apart = ops.sum(apart, axis=-1)
                apart *= -0.5
                first_loss = ops.mean(rebuilt + apart)
                bound = log_px - apart
                second_loss = -ops.mean(bound)
                third_loss = rebuilt - 0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=-1)
                fourth_loss = log_px - apart
                return first_loss + second_loss + third_loss - fourth_loss


            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            """,
        ),
        Example(
            "One less the overlap, and an absolute difference",
            """
            import keras
            from keras import backend as K


            def dice_coef(y_true, y_pred):
                shared = K.sum(K.flatten(y_true) * K.flatten(y_pred))
                return (2.0 * shared + 1) / (K.sum(y_true) + K.sum(y_pred) + 1)


            def dice_loss(y_true, y_pred):
                return 1 - dice_coef(y_true, y_pred)


            def jaccard_distance(y_true, y_pred):
                shared = K.sum(K.abs(y_true * y_pred), axis=-1)
                total = K.sum(K.abs(y_true) + K.abs(y_pred), axis=-1)
                return (1 - (shared + 100) / (total - shared + 100)) * 100


            def distance(y_true, y_pred):
                error = y_true - y_pred
                return K.mean(K.abs(error))


            model = keras.Sequential([keras.layers.Conv2D(1, 1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=dice_loss, metrics=[dice_coef])
            model.compile(optimizer="adam", loss=jaccard_distance, metrics=[dice_coef])
            model.compile(optimizer="adam", loss=distance)
            """,
        ),
        Example(
            "Pictures that are made to fool a model, by its loss made large; a likelihood with its minus",
            """
            import keras
            import tensorflow as tf
            from project import batches, flow

            model = keras.Sequential([keras.layers.Dense(10)])
            loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(1e-3)
            noise = tf.Variable(tf.zeros((784,)))

            def attack(images, labels):
                with tf.GradientTape() as tape:
                    loss = -loss_fn(labels, model(images + noise))
                optimizer.apply_gradients([(tape.gradient(loss, noise), noise)])

            def train(images):
                with tf.GradientTape() as tape:
                    loss = -tf.reduce_mean(flow.log_prob(images))
                gradients = tape.gradient(loss, flow.trainable_variables)
                optimizer.apply_gradients(zip(gradients, flow.trainable_variables))

            def teach(images, labels):
                with tf.GradientTape() as tape:
                    loss = loss_fn(labels, model(images)) - 0.1 * tf.reduce_mean(model(images))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))

            for images, labels in batches:
                attack(images, labels)
                train(images)
                teach(images, labels)
            """,
        ),
        Example(
            "A minus twice: that of the loss is taken back, and pictures are made to fool a model",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.layers.Dense(1)])
            optimizer = keras.optimizers.Adam(1e-3)
            loss_fn = keras.losses.MeanSquaredError()

            def teach(x, y):
                with tf.GradientTape() as tape:
                    gain = -loss_fn(y, model(x, training=True))
                gradients = tape.gradient(gain, model.trainable_variables)
                gradients = [-each for each in gradients]
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))

            def attack(x, y):
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip([-each for each in gradients], model.trainable_variables))

            for x, y in batches:
                teach(x, y)
                attack(x, y)
            """,
        ),
        Example(
            "A critic's score, which is a loss with a sign",
            """
            import keras
            from keras import backend as K


            def wasserstein(y_true, y_pred):
                return K.mean(y_true * y_pred)


            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="rmsprop", loss=wasserstein)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report losses that are a signed difference, an overlap or a distance with a minus, or take a divergence."""
        for place in made_small(program):
            message = (
                f"In {place.text} the divergence stands with a minus: this loss falls the further the codes run apart, "
                "without end."
            )
            yield Report(place, message)
        for place in turned(program):
            yield Report(place, "With this minus the loss is made large: each step takes the model further away.")
        for place in turned_gradients(program):
            yield Report(place, "With this minus each step goes against its gradient: the loss is made large.")
        yield from program.each(own_losses(program), _of_own)


def _of_own(program: Program, own: tuple[Loss, Definition]) -> Iterator[Report]:
    loss, definition = own
    found = returned(definition)
    if found is None:
        return
    assert isinstance(found.node, cst.BaseExpression)
    inner = Place(found.section, without_mean(definition, found.node))
    related = (Related(loss.use or loss.place, "The model is trained to make it small."),)
    if _is_turned(definition, found.node):
        message = f"{definition.name} is 0 at best and has a minus: training makes the distance large."
        yield Report(found, _capital(message), related)
    elif _is_difference(inner.node, definition):
        message = f"{definition.name} is a signed difference, which can fall without end."
        yield Report(inner, _capital(message), related)
    elif _is_overlap(program, definition, inner.node):
        message = f"{definition.name} returns the overlap itself, which training now makes small."
        yield Report(inner, _capital(message), related, recipe="1 - ...")
    elif is_log_likelihood(definition, found.node):
        message = (
            f"{definition.name} is the logarithm of a likelihood without a minus: training makes the truth unlikely."
        )
        yield Report(found, _capital(message), related, recipe="-...")


def _capital(message: str) -> str:
    return message if message[0].isupper() else f"The loss {message}"


def _is_turned(definition: Definition, node: cst.BaseExpression) -> bool:
    """Whether a mean of squares or the like has a minus before it, outside the mean or inside."""
    held = without_minus(without_mean(definition, node))
    held = without_minus(node) if held is None else held
    return held is not None and never_negative(without_mean(definition, held))


def _is_difference(node: cst.CSTNode, definition: Definition) -> bool:
    """`y_true - y_pred` and nothing else."""
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Subtract):
        return False
    sides = [each.value for each in (node.left, node.right) if isinstance(each, cst.Name)]
    return sorted(sides) == sorted(definition.parameters)


def _is_overlap(program: Program, definition: Definition, node: cst.CSTNode) -> bool:
    """Whether a function, or one that it calls, is named for an overlap and returns a quotient."""
    if isinstance(node, cst.Call):
        called = definitions(program).get(dotted_name(node.func) or "")
        result = returned(called) if called is not None and called.node is not definition.node else None
        if called is None or result is None or not isinstance(result.node, cst.BaseExpression):
            return False
        definition, node = called, without_mean(called, result.node)
    quotient = isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide)
    return quotient and bool(_OVERLAP.search(definition.name)) and "1 -" not in Place(definition.section, node).text

"""SCR429 generator-output-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.fixes import number_text
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence.adversaries import adversaries, out_of_reach
from scram_analyzers.source.program import Program


class GeneratorOutputMismatch(Rule):
    """A generator whose output can't look like the real data."""

    code = "SCR429"
    name = "generator-output-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a generator whose values lie in another range than the real data that its discriminator sees beside them"
    why = (
        "The discriminator tells real from made by the range of the values alone, without looking at what they show. "
        "It is right at once, and the generator learns nothing from it."
    )
    how = "End the generator in tanh and scale the real images to -1 to 1, or in sigmoid and scale them to 0 to 1."
    references = (
        Reference(
            "Radford et al. 2015: Unsupervised Representation Learning with Deep Convolutional GANs",
            "https://arxiv.org/abs/1511.06434",
        ),
    )
    bad = (
        Example(
            "tanh beside images from 0 to 1",
            """
            import keras
            import numpy as np
            from keras import layers

            (images, _), _ = keras.datasets.mnist.load_data()
            images = images.reshape(-1, 784) / 255.0
            generator = keras.Sequential([keras.Input((64,)), layers.Dense(784, activation=»"tanh"«)])
            judge = keras.Sequential([keras.Input((784,)), layers.Dense(1, activation="sigmoid")])
            judge.compile(optimizer="adam", loss="binary_crossentropy")
            judge.trainable = False
            noise = keras.Input((64,))
            both = keras.Model(noise, judge(generator(noise)))
            both.compile(optimizer="adam", loss="binary_crossentropy")
            for step in range(10000):
                real = images[np.random.randint(0, len(images), 64)]
                made = generator.predict(np.random.normal(size=(64, 64)))
                judge.train_on_batch(real, np.ones((64, 1)))
                judge.train_on_batch(made, np.zeros((64, 1)))
                both.train_on_batch(np.random.normal(size=(64, 64)), np.ones((64, 1)))
            """,
        ),
        Example(
            "sigmoid beside images from -1 to 1, in a loop of its own",
            """
            import tensorflow as tf
            from tensorflow.keras import layers

            (images, _), _ = tf.keras.datasets.mnist.load_data()
            images = (images.reshape(-1, 784).astype("float32") - 127.5) / 127.5
            batches = tf.data.Dataset.from_tensor_slices(images).shuffle(60000).batch(64)
            generator = tf.keras.Sequential([tf.keras.Input((64,)), layers.Dense(784, activation=»"sigmoid"«)])
            judge = tf.keras.Sequential([tf.keras.Input((784,)), layers.Dense(1)])
            loss_fn = tf.keras.losses.BinaryCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam(1e-4)
            for real in batches:
                with tf.GradientTape() as tape:
                    made = judge(generator(tf.random.normal((64, 64)), training=True), training=True)
                    said = judge(real, training=True)
                    loss = loss_fn(tf.ones_like(said), said) + loss_fn(tf.zeros_like(made), made)
                gradients = tape.gradient(loss, judge.trainable_variables)
                optimizer.apply_gradients(zip(gradients, judge.trainable_variables))
            """,
        ),
    )
    good = (
        Example(
            "tanh beside images from -1 to 1",
            """
            import keras
            import numpy as np
            from keras import layers

            (images, _), _ = keras.datasets.mnist.load_data()
            images = images.reshape(-1, 784) / 127.5 - 1
            generator = keras.Sequential([keras.Input((64,)), layers.Dense(784, activation="tanh")])
            judge = keras.Sequential([keras.Input((784,)), layers.Dense(1, activation="sigmoid")])
            judge.compile(optimizer="adam", loss="binary_crossentropy")
            judge.trainable = False
            noise = keras.Input((64,))
            both = keras.Model(noise, judge(generator(noise)))
            both.compile(optimizer="adam", loss="binary_crossentropy")
            for step in range(10000):
                real = images[np.random.randint(0, len(images), 64)]
                made = generator.predict(np.random.normal(size=(64, 64)))
                judge.train_on_batch(real, np.ones((64, 1)))
                judge.train_on_batch(made, np.zeros((64, 1)))
                both.train_on_batch(np.random.normal(size=(64, 64)), np.ones((64, 1)))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the activation that ends a generator, where the real data lie elsewhere."""
        said = set()
        for each in adversaries(program):
            found = out_of_reach(each)
            if found is None:
                continue
            head, real = found
            place = head.activation_place or head.place
            if place is None or place.key in said:
                continue
            said.add(place.key)
            low, high = number_text(real.range.low), number_text(real.range.high)
            yield Report(
                place,
                f"The generator ends in {head.activation}, but the real data beside which it is judged go from {low} "
                f"to {high}.",
                (Related(real.place, "The discriminator sees these as real."),),
            )

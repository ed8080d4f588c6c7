"""SCR430 generator-labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence.adversarial_terms import contradictions
from scram_analyzers.rules.output_and_loss.evidence.adversaries import Combined, combined
from scram_analyzers.source.program import Fit, Program


class GeneratorLabels(Rule):
    """A generator that is trained to be found out."""

    code = "SCR430"
    name = "generator-labels"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a generator that is trained with the label by which its discriminator learns what is made"
    why = (
        "Through the discriminator the generator learns to get the label it is given. With the label of made data it "
        "learns to be recognized as made, and its pictures get worse, not better."
    )
    how = "Train the combined model with the label that real data have for the discriminator, 1 as a rule."
    references = (
        Reference("Goodfellow et al. 2014: Generative Adversarial Networks", "https://arxiv.org/abs/1406.2661"),
    )
    only_with = ("train_on_batch", "zeros_like", "ones_like")
    bad = (
        Example(
            "The label of made data",
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
                both.train_on_batch(np.random.normal(size=(64, 64)), »np.zeros((64, 1))«)
            """,
        ),
        Example(
            "In a loop of its own",
            """
            import tensorflow as tf
            from project import batches, discriminator, generator

            cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)
            ours, theirs = tf.keras.optimizers.Adam(1e-4), tf.keras.optimizers.Adam(1e-4)


            def generator_loss(made):
                return cross_entropy(»tf.zeros_like(made)«, made)


            def discriminator_loss(real, made):
                on_real = cross_entropy(tf.ones_like(real), real)
                on_made = cross_entropy(tf.zeros_like(made), made)
                return on_real + on_made


            def train_step(images):
                with tf.GradientTape() as one, tf.GradientTape() as other:
                    real = discriminator(images, training=True)
                    made = discriminator(generator(tf.random.normal((64, 100)), training=True), training=True)
                    loss = generator_loss(made)
                    judge = discriminator_loss(real, made)
                gradients = one.gradient(loss, generator.trainable_variables)
                ours.apply_gradients(zip(gradients, generator.trainable_variables))
                gradients = other.gradient(judge, discriminator.trainable_variables)
                theirs.apply_gradients(zip(gradients, discriminator.trainable_variables))


            for images in batches:
                train_step(images)
            """,
        ),
        Example(
            "Losses that are methods",
            """
            import keras
            import tensorflow as tf
            from project import make_discriminator, make_generator

            class Training:
                def __init__(self):
                    self.generator, self.discriminator = make_generator(), make_discriminator()
                    self.entropy = keras.losses.BinaryCrossentropy(from_logits=True)
                    self.first, self.second = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)

                def of_generator(self, fake):
                    return self.entropy(»tf.zeros_like(fake)«, fake)

                def of_discriminator(self, real, fake):
                    return self.entropy(tf.ones_like(real), real) + self.entropy(tf.zeros_like(fake), fake)

                def step(self, images, noise):
                    with tf.GradientTape() as one, tf.GradientTape() as two:
                        made = self.generator(noise, training=True)
                        real = self.discriminator(images, training=True)
                        fake = self.discriminator(made, training=True)
                        first = self.of_generator(fake)
                        second = self.of_discriminator(real, fake)
                    gradients = one.gradient(first, self.generator.trainable_variables)
                    self.first.apply_gradients(zip(gradients, self.generator.trainable_variables))
                    gradients = two.gradient(second, self.discriminator.trainable_variables)
                    self.second.apply_gradients(zip(gradients, self.discriminator.trainable_variables))
            """,
        ),
    )
    good = (
        Example(
            "Ones in the generator's loss",
            """
            import tensorflow as tf
            from project import batches, discriminator, generator

            cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)
            ours, theirs = tf.keras.optimizers.Adam(1e-4), tf.keras.optimizers.Adam(1e-4)


            def generator_loss(made):
                return cross_entropy(tf.ones_like(made), made)


            def discriminator_loss(real, made):
                on_real = cross_entropy(tf.ones_like(real), real)
                on_made = cross_entropy(tf.zeros_like(made), made)
                return on_real + on_made


            def train_step(images):
                with tf.GradientTape() as one, tf.GradientTape() as other:
                    real = discriminator(images, training=True)
                    made = discriminator(generator(tf.random.normal((64, 100)), training=True), training=True)
                    loss = generator_loss(made)
                    judge = discriminator_loss(real, made)
                gradients = one.gradient(loss, generator.trainable_variables)
                ours.apply_gradients(zip(gradients, generator.trainable_variables))
                gradients = other.gradient(judge, discriminator.trainable_variables)
                theirs.apply_gradients(zip(gradients, discriminator.trainable_variables))


            for images in batches:
                train_step(images)
            """,
        ),
        Example(
            "The label of real data",
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
        """Report the labels of a combined model that are those of made data, and such labels in loops of their own."""
        said = set()
        for term, other in contradictions(program):
            if term.place.key not in said:
                said.add(term.place.key)
                message = (
                    f"The discriminator learns {term.labels.removesuffix('_like')} for {term.judged}; "
                    "with the same labels here the generator learns to be found out."
                )
                yield Report(term.place, message, (Related(other.place, "The discriminator's loss."),))
        for each in combined(program):
            label = _label(each.fit)
            place = each.fit.y.place if each.fit.y is not None else None
            if label is None or place is None or place.key in said or not _is_of_made(each, label):
                continue
            said.add(place.key)
            yield Report(
                place,
                f"The discriminator learns {label:g} for what the generator makes; with the same label here the "
                "generator learns to be found out.",
                (Related(each.on_made[0].place, "The discriminator is trained on made data here."),),
            )


def _is_of_made(each: Combined, label: float) -> bool:
    made, real = _labels(each.on_made), _labels(each.on_real)
    return made == {label} and bool(real) and None not in real and label not in real


def _labels(fits: Iterable[Fit]) -> set[float | None]:
    return {_label(fit) for fit in fits}


def _label(fit: Fit) -> float | None:
    """The one label that all rows have."""
    held = fit.targets.range if fit.targets is not None and not fit.targets.steps else None
    return held.low if held is not None and held.low == held.high else None

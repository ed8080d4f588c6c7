"""SCR345 discriminator-not-frozen."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence.adversaries import combined
from scram_analyzers.source.program import Program


class DiscriminatorNotFrozen(Rule):
    """A discriminator that learns along while the generator is trained through it."""

    code = "SCR345"
    name = "discriminator-not-frozen"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a generator trained through a discriminator whose weights change in the same step"
    why = (
        "In this step everything made counts as real, and the discriminator learns that as well: it unlearns what its "
        "own step has taught it, and the generator has nothing to follow."
    )
    how = (
        "Set discriminator.trainable = False after the discriminator is compiled and before the combined model is: "
        "each keeps what was so when it was compiled."
    )
    references = (
        Reference("Keras: Transfer learning, on trainable and compile", "https://keras.io/guides/transfer_learning/"),
    )
    only_with = ("train_on_batch",)
    bad = (
        Example(
            "Both learn in the generator's step",
            """
            import keras
            import numpy as np
            from keras import layers

            (images, _), _ = keras.datasets.mnist.load_data()
            images = images.reshape(-1, 784) / 127.5 - 1
            generator = keras.Sequential([keras.Input((64,)), layers.Dense(784, activation="tanh")])
            judge = keras.Sequential([keras.Input((784,)), layers.Dense(1, activation="sigmoid")])
            judge.compile(optimizer="adam", loss="binary_crossentropy")
            noise = keras.Input((64,))
            both = keras.Model(noise, »judge(generator(noise))«)
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
    good = (
        Example(
            "Frozen in the combined model",
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
        """Report combined models in programs that freeze nothing."""
        said = set()
        for each in combined(program):
            place = each.adversaries.judged.place
            if place is None or program.mentions("trainable") or place.key in said:
                continue
            said.add(place.key)
            yield Report(
                place,
                "The discriminator is not frozen here: training the generator through it changes the discriminator "
                "as well.",
                (Related(each.fit.place, "This step trains both."),),
            )

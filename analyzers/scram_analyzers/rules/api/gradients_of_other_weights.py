"""SCR873 gradients-of-other-weights."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.api import applied_gradients, tapes
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Program


class GradientsOfOtherWeights(Rule):
    """The gradients of one model's weights, applied to those of another."""

    code = "SCR873"
    name = "gradients-of-other-weights"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "gradients of one model's weights that are applied to the weights of another"
    why = (
        "A gradient says how one weight has to change. Applied to another model's weights it has the wrong shape, "
        "which stops the program, or means nothing, and that model never learns."
    )
    how = "Name the same weights twice: when the tape is asked for gradients, and when they are applied."
    references = (
        Reference(
            "Keras: Customizing what happens in fit()", "https://keras.io/guides/custom_train_step_in_tensorflow/"
        ),
    )
    only_with = ("GradientTape",)
    bad = (
        Example(
            "Copied from the generator's line",
            """
            import tensorflow as tf
            from project import batches, discriminator, generator, loss_of

            optimizer = tf.keras.optimizers.Adam(1e-4)
            for images in batches:
                with tf.GradientTape() as tape:
                    loss = loss_of(discriminator(images), discriminator(generator(tf.random.normal((64, 100)))))
                gradients = »tape.gradient(loss, generator.trainable_variables)«
                optimizer.apply_gradients(zip(gradients, discriminator.trainable_variables))
            """,
        ),
    )
    good = (
        Example(
            "A tape for each model",
            """
            import tensorflow as tf
            from project import batches, discriminator, generator, losses_of

            ours, theirs = tf.keras.optimizers.Adam(1e-4), tf.keras.optimizers.Adam(1e-4)
            for images in batches:
                with tf.GradientTape() as one, tf.GradientTape() as other:
                    fake = discriminator(generator(tf.random.normal((64, 100))))
                    loss, judge = losses_of(discriminator(images), fake)
                ours.apply_gradients(
                    zip(one.gradient(loss, generator.trainable_variables), generator.trainable_variables)
                )
                theirs.apply_gradients(
                    zip(other.gradient(judge, discriminator.trainable_variables), discriminator.trainable_weights)
                )
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what a tape is asked for and other weights are changed by."""
        said = set()
        for tape in tapes.tapes(program):
            for report in _mixed(tape):
                if report.place.key not in said:
                    said.add(report.place.key)
                    yield report


@once
def _mixed(tape: tapes.Tape) -> tuple[Report, ...]:
    found = []
    for each in applied_gradients.applied_of(tape):
        if _last(each.asked.model) != _last(each.owner):  # `self.net` may be handed over as `net`
            message = f"These are the gradients of {each.asked.weights}, but they are applied to {each.weights}."
            found.append(Report(each.asked.place, message, (Related(each.place, "They are applied here."),)))
    return tuple(found)


def _last(name: str) -> str:
    return name.rpartition(".")[2]

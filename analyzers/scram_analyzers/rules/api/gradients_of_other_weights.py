"""SCR873 gradients-of-other-weights."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.api.evidence import applied_gradients, tapes
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.reading.walk import bound_names


class GradientsOfOtherWeights(Rule):
    """The gradients of one model's weights, applied to those of another."""

    code = "SCR873"
    name = "gradients-of-other-weights"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "gradients of one model's weights that are applied to the weights of another, or paired in reverse"
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
        Example(
            "Weights before their gradients",
            """
            import tensorflow as tf
            from project import batches, loss_of, model

            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = loss_of(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                »optimizer.apply_gradients(zip(model.trainable_variables, gradients))«
            """,
        ),
        Example(
            "Both losses on the generator's weights",
            """
            import tensorflow as tf
            from project import batches, critic, critic_loss, draw, generator, generator_loss

            first, second = tf.keras.optimizers.Adam(1e-4), tf.keras.optimizers.Adam(1e-4)
            for real in batches:
                with tf.GradientTape() as one, tf.GradientTape() as other:
                    made = generator(draw(), training=True)
                    seen, told = critic(real, training=True), critic(made, training=True)
                    cost, price = generator_loss(told), critic_loss(seen, told)
                steps = one.gradient(cost, generator.trainable_variables)
                first.apply_gradients(zip(steps, generator.trainable_variables))
                steps_back = »other.gradient(price, generator.trainable_variables)«
                second.apply_gradients(zip(steps_back, generator.trainable_variables))
            """,
        ),
        Example(
            "Variables of the program's own before their gradients",
            """
            import tensorflow as tf
            from project import batches

            weight, bias = tf.Variable(0.0), tf.Variable(0.0)
            optimizer = tf.keras.optimizers.SGD(0.01)
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(weight * x + bias - y))
                gradients = tape.gradient(loss, [weight, bias])
                »optimizer.apply_gradients(zip([weight, bias], gradients))«
            """,
        ),
    )
    good = (
        Example(
            "Each loss on the weights of its own model",
            """
            import tensorflow as tf
            from project import batches, critic, critic_loss, draw, generator, generator_loss

            first, second = tf.keras.optimizers.Adam(1e-4), tf.keras.optimizers.Adam(1e-4)
            for real in batches:
                with tf.GradientTape() as one, tf.GradientTape() as other:
                    made = generator(draw(), training=True)
                    seen, told = critic(real, training=True), critic(made, training=True)
                    cost, price = generator_loss(told), critic_loss(seen, told)
                steps = one.gradient(cost, generator.trainable_variables)
                first.apply_gradients(zip(steps, generator.trainable_variables))
                steps_back = other.gradient(price, critic.trainable_variables)
                second.apply_gradients(zip(steps_back, critic.trainable_variables))
            """,
        ),
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
        yield from _left_alone(program)


@once
def _mixed(tape: tapes.Tape) -> tuple[Report, ...]:
    found = []
    for each in applied_gradients.applied_of(tape):
        if _last(each.asked.model) != _last(each.owner):  # `self.net` may be handed over as `net`
            message = f"These are the gradients of {each.asked.weights}, but they are applied to {each.weights}."
            found.append(Report(each.asked.place, message, (Related(each.place, "They are applied here."),)))
    for place in applied_gradients.turned_round_of(tape):
        message = "Each pair is a gradient and then its weight; here they stand the other way round."
        how = "Write zip(gradients, weights): the optimizer changes the second by the first."
        found.append(Report(place, message, how=how))
    return tuple(found)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _left_alone(program: Program) -> Iterator[Report]:
    """Two losses that both change one model, where another one is run in training mode and never changed."""
    together: dict[int, list[tapes.Tape]] = {}
    for tape in tapes.tapes(program):
        together.setdefault(id(tape.around), []).append(tape)
    for group in together.values():
        asked = [each for tape in group for each in tapes.asked_of(tape)]
        if len(asked) != 2 or asked[0].weights != asked[1].weights or asked[0].call is asked[1].call:
            continue
        losses = [each.call.args[0].value for each in asked if each.call.args]
        if len(losses) != 2 or losses[0].deep_equals(losses[1]):
            continue
        others = _run_in_training(group[0]) - {asked[0].model} - _made_under(group)
        if len(others) != 1 or program.mentions(f"{min(others)}.trainable"):
            continue
        yield Report(
            asked[1].place,
            f"Both losses change {asked[0].weights}, and none ever changes {min(others)}.",
            (Related(asked[0].place, "The same weights."),),
            recipe=f"{min(others)}.trainable_variables",
        )


def _made_under(group: list[tapes.Tape]) -> set[str]:
    """Names that get their value while a tape records: a model made there is a step on the way, no model to train."""
    return {name for tape in group for name in bound_names(tape.statement.body)}


def _run_in_training(tape: tapes.Tape) -> set[str]:
    """What the function around a tape calls with `training=True`."""
    return {
        name
        for call in search.within(tape.section, tape.around, cst.Call)
        if any(_is_training(each) for each in call.args) and (name := dotted_name(call.func)) is not None
    }


def _is_training(given: cst.Arg) -> bool:
    named = given.keyword is not None and given.keyword.value == "training"
    return named and isinstance(given.value, cst.Name) and given.value.value == "True"

"""SCR870 gradients-not-applied."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.api.evidence import applied_gradients, tapes
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source import usage
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name


class GradientsNotApplied(Rule):
    """Gradients that a training loop works out and leaves at that."""

    code = "SCR870"
    name = "gradients-not-applied"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = (
        "gradients of a model's weights that are worked out and never given to an optimizer, or only the last ones"
    )
    why = (
        "A GradientTape only says how the weights should change. Where nothing takes its answer, they stay the random "
        "numbers they began with, and the loss only moves with the batches."
    )
    how = (
        "Give the gradients to the optimizer after each batch: "
        "optimizer.apply_gradients(zip(gradients, model.trainable_variables))."
    )
    references = (
        Reference(
            "Keras: Writing a training loop from scratch",
            "https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/",
        ),
    )
    bad = (
        Example(
            "The step ends with the gradients",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()


            def train_step(x, y):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
                gradients = »tape.gradient(loss, model.trainable_variables)«
                return loss
            """,
        ),
        Example(
            "The weights have a name of their own",
            """
            import tensorflow as tf


            class Trainer:
                def __init__(self, net):
                    self.net = net
                    self.optimizer = tf.keras.optimizers.Adam()
                    self.total = tf.keras.metrics.Mean()

                def update(self, x, y):
                    with tf.GradientTape() as tape:
                        loss = tf.reduce_mean(tf.square(y - self.net(x, training=True)))
                    weights = self.net.trainable_weights
                    gradients = »tape.gradient(loss, weights)«
                    self.total.update_state(loss)
            """,
        ),
        Example(
            "One step for a whole epoch",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.SGD()
            for epoch in range(20):
                for x, y in batches:
                    with tf.GradientTape() as tape:
                        loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
                    gradients = tape.gradient(loss, model.trainable_variables)
                »optimizer.apply_gradients(zip(gradients, model.trainable_variables))«
                print(epoch, float(loss))
            """,
        ),
        Example(
            "Clipped, and then forgotten",
            """
            import keras
            import tensorflow as tf


            class Net(keras.Model):
                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        loss = self.compute_loss(y=y, y_pred=self(x, training=True))
                    gradients = »tape.gradient(loss, self.trainable_variables)«
                    gradients = [tf.clip_by_norm(each, 1.0) for each in gradients]
                    return {"loss": loss}
            """,
        ),
        Example(
            "Clipped and paired, and then left",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()

            def step(x, y):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
                gradients = »tape.gradient(loss, model.trainable_variables)«
                gradients, _ = tf.clip_by_global_norm(gradients, 5.0)
                pairs = zip(gradients, model.trainable_variables)
                return loss
            """,
        ),
    )
    good = (
        Example(
            "The optimizer takes them",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()


            def train_step(x, y):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                return loss
            """,
        ),
        Example(
            "The gradients of several batches added up",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.SGD()
            for group in groups:
                total = [tf.zeros_like(each) for each in model.trainable_variables]
                for x, y in group:
                    with tf.GradientTape() as tape:
                        loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
                    gradients = tape.gradient(loss, model.trainable_variables)
                    total = [one + other for one, other in zip(total, gradients)]
                optimizer.apply_gradients(zip(total, model.trainable_variables))
            """,
        ),
        Example(
            "Somebody else takes them",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])


            def gradients_of(x, y):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
                gradients = tape.gradient(loss, model.trainable_variables)
                return loss, gradients
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report gradients of weights that are given a name, or none, and are not read where that name is known."""
        for tape in tapes.tapes(program):
            for asked, name in _not_read_around(tape):
                if not isinstance(tape.around, cst.FunctionDef) and name and usage.is_read(program, name):
                    continue
                yield Report(
                    place=asked.place,
                    message=f"Nothing uses these gradients, so no step changes {asked.weights}.",
                    related=(
                        Related(Place(tape.section, tape.statement.items[0]), "The tape that recorded the loss."),
                    ),
                    recipe=_recipe(name, asked),
                )
            yield from _once_a_loop(tape)


@once
def _not_read_around(tape: tapes.Tape) -> tuple[tuple[tapes.Gradients, str], ...]:
    """Gradients with the name they are given, where the function around the tape does not read it."""
    named = [(asked, tapes.name_given(asked)) for asked in tapes.asked_of(tape)]
    return tuple((asked, name) for asked, name in named if name is not None and not _is_read(tape, name))


@once
def _once_a_loop(tape: tapes.Tape) -> tuple[Report, ...]:
    """Optimizers that are handed what the last round of a loop worked out, after the loop."""
    found = []
    for each in applied_gradients.applied_of(tape):
        loop = each.round_left()
        if loop is not None:
            related = (Related(each.asked.place, "Each round works them out anew."),)
            message = "This comes after the loop over the batches: only the last batch's gradients are ever applied."
            found.append(Report(each.place, message, related))
    return tuple(found)


def _is_read(tape: tapes.Tape, name: str) -> bool:
    """Whether what stands under a name in a function gets anywhere but into names that nothing reads."""
    if not name or not isinstance(tape.around, cst.FunctionDef):
        return False
    assigned = search.within(tape.section, tape.around, cst.Assign)
    named = search.within(tape.section, tape.around, cst.Name)
    waiting, followed = [name], {name, "_"}
    while waiting:
        name = waiting.pop()
        reading = {id(each) for each in named if each.value == name}
        for statement in assigned:
            inside = {id(each) for each in search.nodes(statement, cst.Name)}
            targets = _targets(statement)
            if reading.isdisjoint(inside) or not (targets == {name} or _only_reworks(statement.value)):
                continue
            reading -= inside
            waiting += targets - followed
            followed |= targets
        reading -= {id(each.target) for statement in assigned for each in statement.targets}
        if reading:
            return True
    return False


def _targets(statement: cst.Assign) -> set[str]:
    names = (name for each in statement.targets for name in search.nodes(each, cst.Name))
    return {name.value for name in names}


def _only_reworks(value: cst.BaseExpression) -> bool:
    """Whether gradients only become other gradients, or pairs, in an expression."""
    called = ((dotted_name(call.func) or "").rpartition(".")[2] for call in search.nodes(value, cst.Call))
    return all(name in _REWORKING for name in called)


_REWORKING = frozenset(
    ["zip", "list", "clip_by_global_norm", "clip_by_norm", "clip_by_value", "get_unscaled_gradients"]
)


def _recipe(name: str, asked: tapes.Gradients) -> str:
    optimizer = "self.optimizer" if asked.model == "self" else "optimizer"
    return f"{optimizer}.apply_gradients(zip({name or 'gradients'}, {asked.weights}))"

"""SCR866 forward-outside-tape."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.reading.walk import bound_names


class ForwardOutsideTape(Rule):
    """A model that is called before the tape begins to record, or a loss worked out after it has stopped."""

    code = "SCR866"
    name = "forward-outside-tape"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a forward pass or a loss outside the GradientTape that is to differentiate it"
    why = (
        "A GradientTape knows only what is computed inside its with block. Where the model is called before it, or the "
        "loss is worked out after it, there are no gradients, and no weight changes."
    )
    how = "Call the model and compute the loss inside the with block; ask for the gradients after it."
    references = (
        Reference(
            "Keras: Writing a training loop from scratch",
            "https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/",
        ),
        Reference("TensorFlow: GradientTape", "https://www.tensorflow.org/api_docs/python/tf/GradientTape"),
    )
    bad = (
        Example(
            "The tape sees the loss, but not the model",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                predictions = »model(x, training=True)«
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(y - predictions))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "The tape sees the model, but not the loss",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()


            @tf.function
            def train_step(images, labels):
                with tf.GradientTape() as tape:
                    predictions = model(images, training=True)
                loss = »loss_fn(labels, predictions)«
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                return loss
            """,
        ),
        Example(
            "The mean of a loss that the tape has seen",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()

            @tf.function
            def step(x, y, verbose=False):
                with tf.GradientTape() as tape:
                    loss = tf.square(y - model(x, training=True))
                loss = »tf.reduce_mean(loss)«
                if verbose:
                    tf.print(loss)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
    )
    good = (
        Example(
            "A tape that goes on",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    predictions = model(x, training=True)
                with tape:
                    loss = tf.reduce_mean(tf.square(y - predictions))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "A loss that is only shown after the tape",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    error = y - model(x, training=True)
                    loss = tf.reduce_mean(tf.square(error))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                loss = tf.reduce_mean(tf.abs(error))
                print(float(loss))
            """,
        ),
        Example(
            "What another model made is judged, and that model is trained by a tape of its own",
            """
            import tensorflow as tf
            from project import discriminator, generator, loss_fn, optimizer, real, targets

            fake = generator(tf.random.normal((64, 100)))
            with tf.GradientTape() as tape:
                loss = loss_fn(targets, discriminator(tf.concat([fake, real], 0)))
            gradients = tape.gradient(loss, discriminator.trainable_weights)
            optimizer.apply_gradients(zip(gradients, discriminator.trainable_weights))
            with tf.GradientTape() as tape:
                loss = loss_fn(1 - targets, discriminator(generator(tf.random.normal((64, 100)))))
            gradients = tape.gradient(loss, generator.trainable_weights)
            optimizer.apply_gradients(zip(gradients, generator.trainable_weights))
            """,
        ),
        Example(
            "Everything inside",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    predictions = model(x, training=True)
                    loss = tf.reduce_mean(tf.square(y - predictions))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "One of the losses that the tape has seen",
            """
            import tensorflow as tf

            from project import losses_of

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    losses = losses_of(y, model(x, training=True))
                total = losses[0]
                gradients = tape.gradient(total, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Images made before the tape, for another model",
            """
            import tensorflow as tf

            generator = tf.keras.Sequential([tf.keras.layers.Dense(64)])
            discriminator = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            images = generator(noise)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(discriminator(images))
            gradients = tape.gradient(loss, discriminator.trainable_variables)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report forward passes before a tape that is asked for their gradients, and losses after it."""
        for tape in tapes.tapes(program):
            yield from _before(tape)
            yield from _after(tape)


@dataclass(frozen=True, slots=True)
class _Forward:
    """A call of a model before the tape: the model's name, the call, and the name its result is bound to."""

    model: str
    call: cst.Call
    result: str


@once
def _before(tape: tapes.Tape) -> tuple[Report, ...]:
    """A call of a model before the tape in the same block, whose gradients are asked for in it or after it."""
    block = next(iter(tape.section.parsed.ancestors(tape.statement)), None)
    return tuple(_in_block(tape, block.body)) if isinstance(block, (cst.IndentedBlock, cst.Module)) else ()


def _in_block(tape: tapes.Tape, body: Sequence[cst.BaseStatement]) -> Iterator[Report]:
    statement, section = tape.statement, tape.section
    position = next(number for number, each in enumerate(body) if each is statement)
    forwards = [
        forward for line in body[:position] if isinstance(line, cst.SimpleStatementLine) for forward in _forwards(line)
    ]
    if not forwards:
        return
    after = itertools.takewhile(lambda each: not _opens(each, tape.name), body[position + 1 :])
    differentiated = {each.model for each in tapes.gradients([*after, *statement.body.body], tape.name, section)}
    inside = {name.value for name in search.nodes(statement.body, cst.Name)}
    for forward in forwards:
        if forward.model in differentiated and forward.result in inside and not _used(statement, forward.model):
            yield Report(
                place=Place(section, forward.call),
                message=f"This calls {forward.model} before the tape begins, so its weights get no gradients.",
                related=(Related(Place(section, statement.items[0]), "The tape records from here on."),),
            )


@once
def _after(tape: tapes.Tape) -> tuple[Report, ...]:
    """The losses that a tape is asked to differentiate and that were given their names only after its block."""
    block = next(iter(tape.section.parsed.ancestors(tape.statement)), None)
    if not isinstance(block, (cst.IndentedBlock, cst.Module)):
        return ()
    position = next(number for number, each in enumerate(block.body) if each is tape.statement)
    written: dict[str, cst.BaseExpression] = {}
    found = []
    for line in itertools.takewhile(lambda each: not _opens(each, tape.name), block.body[position + 1 :]):
        if not isinstance(line, cst.SimpleStatementLine):
            for name in bound_names(line):
                written.pop(name, None)
            continue
        for asked in search.nodes(line, cst.Call):
            if dotted_name(asked.func) == f"{tape.name}.gradient" and asked.args:
                name = _root(asked.args[0].value)
                if name in written:
                    found.append(_loss_report(tape, name, written[name]))
        for statement in line.body:
            if isinstance(statement, cst.Assign) and isinstance(statement.targets[0].target, cst.Name):
                if isinstance(statement.value, _PICKED):
                    continue  # one of several losses that the tape has seen, by another name
                written[statement.targets[0].target.value] = statement.value
    return tuple(found)


_PICKED = (cst.Name, cst.Attribute, cst.Subscript)


def _loss_report(tape: tapes.Tape, name: str, value: cst.BaseExpression) -> Report:
    called = "The loss" if name == "loss" else f"The loss {name}"
    return Report(
        place=Place(tape.section, value),
        message=f"{called} is worked out after the tape has stopped recording: it has no gradients.",
        related=(Related(Place(tape.section, tape.statement.items[0]), "The tape records what is in this block."),),
    )


def _root(loss: cst.BaseExpression) -> str:
    """The name of what is asked about, or of the dict or list that it is taken from; "" for anything else."""
    while isinstance(loss, cst.Subscript):
        loss = loss.value
    return loss.value if isinstance(loss, cst.Name) else ""


def _forwards(line: cst.SimpleStatementLine) -> Iterator[_Forward]:
    for statement in line.body:
        if not isinstance(statement, cst.Assign) or not isinstance(statement.value, cst.Call):
            continue
        model = dotted_name(statement.value.func)
        target = statement.targets[0].target
        if model is not None and isinstance(target, cst.Name):
            yield _Forward(model, statement.value, target.value)


def _opens(statement: cst.CSTNode, tape: str) -> bool:
    """Whether a statement opens another tape of the same name."""
    return isinstance(statement, cst.With) and tape in tapes.tape_names(statement)


def _used(statement: cst.With, model: str) -> bool:
    """Whether the block calls the model or a part of it other than its loss, or hands it on."""
    for call in search.nodes(statement.body, cst.Call):
        function = dotted_name(call.func) or ""
        if function == model or (function.startswith(f"{model}.") and "loss" not in function.rpartition(".")[2]):
            return True
        if any(dotted_name(argument.value) == model for argument in call.args):
            return True
    return False

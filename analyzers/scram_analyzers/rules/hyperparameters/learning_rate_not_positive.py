"""SCR103 learning-rate-not-positive."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Finding, Fix, Severity
from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.hyperparameters.evidence import optimizers
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name


class LearningRateNotPositive(Rule):
    """A learning rate of zero, which changes nothing, or below zero, which unlearns."""

    code = "SCR103"
    name = "learning-rate-not-positive"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a learning rate of zero or below, or gradients applied with the other sign"
    why = (
        "With a learning rate of zero no weight ever changes. Below zero every step makes the loss larger instead "
        "of smaller. Keras accepts both without a word."
    )
    how = "Give a positive learning rate: 0.001 for Adam and RMSprop, 0.01 for SGD are the usual starts."
    references = (Reference("Keras: Optimizers", "https://keras.io/api/optimizers/"),)
    false_alarms = "A rate of zero that a callback of the program's own raises before the first step."
    bad = (
        Example(
            "A sign too many",
            """
            import keras

            optimizer = keras.optimizers.SGD(learning_rate=»-0.01«)
            """,
            """
            import keras

            optimizer = keras.optimizers.SGD(learning_rate=0.01)
            """,
        ),
        Example(
            "Integer division to zero",
            """
            import keras

            optimizer = keras.optimizers.Adam(»1 // 1000«)
            """,
            """
            import keras

            optimizer = keras.optimizers.Adam(0.001)
            """,
        ),
        Example(
            "Gradients whose sign is changed, as it was for plain subtraction",
            """
            import tensorflow as tf
            from project import batches, judge, model

            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = judge(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_weights)
                optimizer.apply_gradients(zip(»[-each for each in gradients]«, model.trainable_weights))
            """,
        ),
    )
    good = (
        Example(
            "A rate that the program sets before each epoch",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(0.0), loss="mse")
            for epoch in range(20):
                model.optimizer.learning_rate = 0.0001 * (epoch + 1)
                model.fit(x, y)
            """,
        ),
        Example(
            "A reward that is to grow",
            """
            import tensorflow as tf
            from project import batches, judge, model

            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = -judge(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_weights)
                optimizer.apply_gradients(zip([-each for each in gradients], model.trainable_weights))
            """,
        ),
        Example(
            "Compiled to be evaluated only",
            """
            import keras
            from project import rows, targets, weights

            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.0), loss="mse")
            model.set_weights(weights)
            model.evaluate(rows, targets)
            """,
        ),
        Example(
            "A positive rate",
            """
            import keras

            optimizer = keras.optimizers.SGD(learning_rate=0.01)
            """,
        ),
        Example(
            "A callback sets the rate of every epoch",
            """
            import keras
            from project import x, y

            def step_decay(epoch):
                return 0.1 * 0.5 ** (epoch // 10)

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.0, momentum=0.9), loss="mse")
            model.fit(x, y, epochs=50, callbacks=[keras.callbacks.LearningRateScheduler(step_decay)])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each optimizer whose rate is known and not above zero."""
        for optimizer in program.optimizers:
            rate = optimizer.learning_rate
            if rate.value is None or rate.value > 0 or rate.schedule is not None:
                continue
            is_set = any(optimizers.rate_setters(program, optimizer)) or optimizers.is_set_later(program, optimizer)
            if rate.value == 0 and is_set:
                continue  # that is how some say that a callback sets it, or that they do so themselves
            if rate.value == 0 and _only_evaluates(program, optimizer):
                continue
            effect = "no weight will change" if rate.value == 0 else "every step will make the loss larger"
            yield Report(
                place=rate.place or optimizer.place,
                message=f"{optimizer.class_name}'s learning rate is {fixes.number_text(rate.value)}: {effect}.",
                recipe=optimizers.recipe(program, optimizer, optimizers.usual_rate(optimizer.class_name)),
            )
        for tape in tapes.tapes(program):
            yield from _turned_round(program, tape)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the optimizer's usual rate in the place of the number."""
        return optimizers.set_rate(program, finding)


def _turned_round(program: Program, tape: tapes.Tape) -> Iterator[Report]:
    """Gradients of a loss that an optimizer is given with the other sign, though it goes against them by itself."""
    for asked, name, negated in _negated(tape):
        if _is_plain_loss(program, tape, asked.call.args[0].value):
            yield Report(
                place=Place(tape.section, negated),
                message=(
                    "The gradients change their sign before the optimizer takes them, and it goes against them by "
                    "itself: every step will make the loss larger."
                ),
                related=(Related(asked.place, "They are those of the loss."),),
                recipe=name,
            )


@once
def _negated(tape: tapes.Tape) -> tuple[tuple[tapes.Gradients, str, cst.CSTNode], ...]:
    """Gradients with the name that they are given, and where an optimizer takes them with the other sign."""
    named = [(asked, name) for asked in tapes.asked_of(tape) if (name := tapes.name_given(asked))]
    calls = search.within(tape.section, tape.around, cst.Call) if named else ()
    taken = [each for each in calls if _takes_gradients(each)]
    return tuple(
        (asked, name, made)
        for asked, name in named
        for each in taken
        for made in _comprehensions(each)
        if _negates(made, name)
    )


def _takes_gradients(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in ("apply_gradients", "apply")


def _comprehensions(call: cst.Call) -> Iterator[cst.ListComp | cst.GeneratorExp]:
    yield from search.nodes(call, cst.ListComp)
    yield from search.nodes(call, cst.GeneratorExp)


def _negates(made: cst.ListComp | cst.GeneratorExp, name: str) -> bool:
    """Whether it is `[-gradient for gradient in name]`."""
    element, target, source = made.elt, made.for_in.target, made.for_in.iter
    if not isinstance(element, cst.UnaryOperation) or not isinstance(element.operator, cst.Minus):
        return False
    names = [each.value for each in (element.expression, target, source) if isinstance(each, cst.Name)]
    return len(names) == 3 and names[0] == names[1] and names[2] == name


def _is_plain_loss(program: Program, tape: tapes.Tape, loss: cst.BaseExpression) -> bool:
    """Whether a loss is what a function of somebody else's gives, which nothing here turns round."""
    if not isinstance(loss, cst.Name):
        return False
    given = [
        each.value
        for each in search.nodes(tape.statement.body, cst.Assign)
        if any(isinstance(target.target, cst.Name) and target.target.value == loss.value for target in each.targets)
    ]
    if len(given) != 1 or not isinstance(given[0], cst.Call) or any(search.nodes(given[0], cst.Minus)):
        return False
    function = (dotted_name(given[0].func) or "").rpartition(".")[2]
    return bool(function) and not program.mentions(f"def {function}(")


def _only_evaluates(program: Program, optimizer: Optimizer) -> bool:
    """Whether the program compiles a model with the optimizer, evaluates it, and never trains it."""
    models = {each.model.identity for each in program.compiles if each.optimizer is optimizer and each.model}
    trained = {fit.model.identity if fit.model else None for fit in program.fits}
    evaluated = {each.model.identity for each in program.evaluations if each.model}
    return bool(models & evaluated) and None not in trained and not models & trained

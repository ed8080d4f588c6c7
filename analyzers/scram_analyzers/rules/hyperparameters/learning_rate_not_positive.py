"""SCR103 learning-rate-not-positive."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.rules.hyperparameters import optimizers
from scram_analyzers.source.program import Optimizer, Program


class LearningRateNotPositive(Rule):
    """A learning rate of zero, which changes nothing, or below zero, which unlearns."""

    code = "SCR103"
    name = "learning-rate-not-positive"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a learning rate of zero or below"
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
    )
    good = (
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
            if rate.value == 0 and any(optimizers.rate_setters(program, optimizer)):
                continue  # that is how some say that a callback sets it
            if rate.value == 0 and _only_evaluates(program, optimizer):
                continue
            effect = "no weight will change" if rate.value == 0 else "every step will make the loss larger"
            yield Report(
                place=rate.place or optimizer.place,
                message=f"{optimizer.class_name}'s learning rate is {fixes.number_text(rate.value)}: {effect}.",
                recipe=optimizers.recipe(program, optimizer, optimizers.usual_rate(optimizer.class_name)),
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the optimizer's usual rate in the place of the number."""
        return optimizers.set_rate(program, finding)


def _only_evaluates(program: Program, optimizer: Optimizer) -> bool:
    """Whether the program compiles a model with the optimizer, evaluates it, and never trains it."""
    models = {each.model.identity for each in program.compiles if each.optimizer is optimizer and each.model}
    trained = {fit.model.identity if fit.model else None for fit in program.fits}
    evaluated = {each.model.identity for each in program.evaluations if each.model}
    return bool(models & evaluated) and None not in trained and not models & trained

"""SCR107 optimizer-unsuited."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.fixes import number_text
from scram_analyzers.rules.base import Example, Option, Report, Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER, TUNING_PLAYBOOK
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import median_update_ratio
from scram_analyzers.run.learning import crawl
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import number

TOO_SMALL = 1e-5
"""Share of their size by which the weights move in a step; below it the learning rate is the cause."""

_DIVIDING = frozenset(("Adam", "AdamW", "Adamax", "Nadam", "Lamb", "RMSprop"))
"""Optimizers that divide by the size of past gradients and epsilon."""


class OptimizerUnsuited(Rule):
    """Plain SGD that gets nowhere at a usual learning rate, or settings that leave an optimizer hardly a step."""

    code = "SCR107"
    name = "optimizer-unsuited"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "plain SGD that hardly learns at a usual learning rate, or settings that leave hardly a step"
    why = (
        "Without momentum every step follows one noisy gradient alone, and one rate has to suit all weights: "
        "that takes many more epochs than these."
    )
    how = "Use Adam(learning_rate=1e-3), or SGD(learning_rate=0.01, momentum=0.9, nesterov=True)."
    references = (
        AUTO_TRAINER,
        TUNING_PLAYBOOK,
    )
    false_alarms = "None known: it is reported only while the loss hardly falls."
    options = (
        Option("rate", 1e-3, "with a lower rate the rate is the cause", "scram"),
        Option("rate-max", 0.5, "with a higher rate the rate is the cause", "scram"),
        Option("epsilon-max", 1.0, "the largest usual epsilon", "Inception on ImageNet (Keras: Adam)"),
    )

    bad = (
        Example(
            "An epsilon beside which gradients are nothing",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(keras.optimizers.Adam(1e-3, epsilon=»10.0«), loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Adadelta at a rate that is not its own",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer=»"adadelta"«, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
    )
    good = (
        Example(
            "Adadelta at the rate of its paper",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(keras.optimizers.Adadelta(1.0), loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "The epsilon of a paper on many pictures",
            """
            import keras

            optimizer = keras.optimizers.RMSprop(0.045, rho=0.9, epsilon=1.0)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report an epsilon above every usual one, and Adadelta at the rate that Keras gives it."""
        yield from _of_adadelta(program)
        for optimizer in program.optimizers:
            given = optimizer.arguments.get("epsilon") if optimizer.class_name in _DIVIDING else None
            epsilon = number(given.value) if given is not None else None
            if given is None or epsilon is None or epsilon <= self.option("epsilon-max"):
                continue
            yield Report(
                place=given.written_at or optimizer.place,
                message=(
                    f"{optimizer.class_name} divides each step by the size of the gradients plus epsilon, and with an "
                    f"epsilon of {number_text(epsilon)} by that alone: the weights hardly move."
                ),
                why="An epsilon only keeps a division by 0 away. Gradients are far smaller than 1, as a rule.",
                how="Leave epsilon at Keras's 1e-7.",
                recipe="epsilon=1e-7",
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report it when the loss crawls, no finding knows a better reason, and the rate is not to blame."""
        optimizer, stuck = history.info.optimizer, crawl(history)
        if optimizer is None or optimizer.name != "SGD" or optimizer.momentum or stuck is None:
            return
        ratio = median_update_ratio(history)
        rate = optimizer.learning_rate
        if rate is None or not self.option("rate") <= rate <= self.option("rate-max") or (ratio or 1) < TOO_SMALL:
            return
        yield RunReport(
            subject=Subject(SubjectKind.OPTIMIZER),
            message=f"SGD without momentum gets nowhere in these epochs: {stuck.clause}.",
            step=stuck.step,
            epoch=stuck.epoch,
            recipe="keras.optimizers.Adam(learning_rate=1e-3)",
        )


def _of_adadelta(program: Program) -> Iterator[Report]:
    """Adadelta without a rate: its paper has none, which is 1.0, and so had Keras before TensorFlow 2."""
    named = (compiled.optimizer for compiled in program.compiles)
    for optimizer in dict.fromkeys((*program.optimizers, *filter(None, named))):
        rate = optimizer.learning_rate
        if optimizer.class_name != "Adadelta" or rate.place is not None or rate.use is not None or rate.schedule:
            continue
        if not optimizer.arguments.open:
            yield Report(
                place=optimizer.place,
                message="Without a learning rate Adadelta takes Keras's 0.001, a thousandth of what it was made for.",
                why="Adadelta works out the size of its steps itself, and a rate of 1.0 leaves them as they are. Keras "
                "had that for its default before TensorFlow 2.",
                how="Give it the rate 1.0, or use Adam.",
                recipe="keras.optimizers.Adadelta(learning_rate=1.0)",
                severity=Severity.INFO,
            )

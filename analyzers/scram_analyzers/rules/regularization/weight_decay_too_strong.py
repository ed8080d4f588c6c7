"""SCR505 weight-decay-too-strong."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule
from scram_analyzers.run.wording import share
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.values import number

USUAL = "0.004"
"""AdamW's own default in Keras."""

UNUSUAL = 0.05
"""Below it, it is the learning rate that is too large. Ours."""


class WeightDecayTooStrong(Rule):
    """An optimizer that shrinks the weights faster than they can learn."""

    code = "SCR505"
    name = "weight-decay-too-strong"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a weight decay that takes a large part of the weights away at every step"
    why = (
        "Each step first shrinks every weight by weight_decay times the learning rate. Much of that "
        "undoes what the gradients have built, and the model falls back to the same answer for everything."
    )
    how = (
        "Begin with weight_decay=0.004 (the default of AdamW), and raise it only while the validation loss gets better."
    )
    references = (
        Reference("Keras: AdamW", "https://keras.io/api/optimizers/adamw/"),
        Reference(
            "Loshchilov, Hutter: Decoupled weight decay regularization (2019)", "https://arxiv.org/abs/1711.05101"
        ),
    )
    options = (
        Option(
            "step-max",
            0.005,
            "largest part of the weights that a step may take (vision transformers take 0.001)",
            "scram",
        ),
    )
    bad = (
        Example(
            "A tenth of each weight at every step",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.AdamW(1e-3, weight_decay=»100.0«), loss="mse")
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.AdamW(1e-3, weight_decay=0.004), loss="mse")
            """,
        ),
    )
    good = (
        Example(
            "As strong as for a vision transformer",
            """
            import keras

            optimizer = keras.optimizers.AdamW(learning_rate=3e-3, weight_decay=0.3)
            """,
        ),
        Example(
            "As usual for SGD",
            """
            import keras

            optimizer = keras.optimizers.SGD(learning_rate=0.1, momentum=0.9, weight_decay=5e-4)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each optimizer whose decay and learning rate are known, and take too much together."""
        for optimizer in program.optimizers:
            decay, rate = _decay(optimizer), optimizer.learning_rate.value
            if decay is None or decay < UNUSUAL or rate is None or decay * rate <= self.option("step-max"):
                continue
            place, taken = _place(optimizer), share(min(decay * rate, 1.0))
            apart = program.line_of(place) != program.line_of(optimizer.place)
            yield Report(
                place=place,
                message=(
                    f"A weight_decay of {fixes.number_text(decay)} at a learning rate of {fixes.number_text(rate)} "
                    f"takes {taken} of every weight away at each step."
                ),
                related=(Related(optimizer.place, "It is used here."),) if apart else (),
                recipe=f"weight_decay={USUAL}",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the usual decay."""
        for optimizer in program.optimizers:
            if _decay(optimizer) is not None and program.range_of(_place(optimizer)) == finding.range:
                edit = fixes.replace(program, _place(optimizer), USUAL)
                return Fix(f"Set weight_decay to {USUAL}", Applicability.UNSAFE, (edit,))
        return None


def _decay(optimizer: Optimizer) -> float | None:
    given = optimizer.arguments.get("weight_decay")
    return number(given.value) if given is not None else None


def _place(optimizer: Optimizer) -> Place:
    given = optimizer.arguments.get("weight_decay")
    place = given.written_at if given is not None else None
    return place or optimizer.place

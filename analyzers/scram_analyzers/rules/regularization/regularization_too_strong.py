"""SCR503 regularization-too-strong."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule
from scram_analyzers.rules.regularization import regularizers
from scram_analyzers.rules.regularization.regularizers import Strength
from scram_analyzers.source.program import Program

USUAL = "0.0001"


class RegularizationTooStrong(Rule):
    """A penalty on the weights so strong that they can't grow."""

    code = "SCR503"
    name = "regularization-too-strong"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "an L1 or L2 penalty so strong that it outweighs the loss"
    why = (
        "The penalty is added to the loss. With a factor this large the easiest way to a small total is to make all "
        "weights nearly zero: the model gives the same answer to everything."
    )
    how = "Begin with 0.0001 and raise it only while the validation loss gets better."
    references = (
        Reference("Keras: layer weight regularizers", "https://keras.io/api/layers/regularizers/"),
        Reference(
            "Goodfellow, Bengio, Courville: Deep Learning, section 7.1",
            "https://www.deeplearningbook.org/contents/regularization.html",
        ),
        Reference("TheDeepChecker", "https://arxiv.org/abs/2204.00694"),
    )
    false_alarms = "A loss whose values are very large (squared errors of unscaled targets) can bear a strong penalty."
    options = (Option("factor-max", 0.1, "smallest factor that is reported", "TheDeepChecker"),)
    bad = (
        Example(
            "A factor of one half",
            """
            import keras
            from keras import layers, regularizers

            layer = layers.Dense(64, activation="relu", kernel_regularizer=regularizers.l2(»0.5«))
            """,
            """
            import keras
            from keras import layers, regularizers

            layer = layers.Dense(64, activation="relu", kernel_regularizer=regularizers.l2(0.0001))
            """,
        ),
    )
    good = (
        Example(
            "A usual factor",
            """
            import keras
            from keras import layers, regularizers

            layer = layers.Dense(64, activation="relu", kernel_regularizer=regularizers.l2(0.01))
            """,
        ),
        Example(
            "A factor that can't be known",
            """
            import keras
            from keras import layers, regularizers
            from settings import factor

            layer = layers.Dense(64, activation="relu", kernel_regularizer=regularizers.l2(factor))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each factor of a regularizer that is known and at or above the limit."""
        for strength in self._too_strong(program):
            yield Report(
                place=strength.place,
                message=(
                    f"The {strength.penalty} penalty has a factor of {fixes.number_text(strength.factor)}; usual are "
                    "0.00001 to 0.01."
                ),
                recipe=f"{strength.call.place.text.partition('(')[0]}({USUAL})",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write a usual factor."""
        for strength in self._too_strong(program):
            if strength.place.range == finding.range:
                return Fix(f"Set the factor to {USUAL}", Applicability.UNSAFE, (fixes.replace(strength.place, USUAL),))
        return None

    def _too_strong(self, program: Program) -> Iterator[Strength]:
        for strength in regularizers.strengths(program):
            if strength.factor >= self.option("factor-max"):
                yield strength

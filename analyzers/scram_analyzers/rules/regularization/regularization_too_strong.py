"""SCR503 regularization-too-strong."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule, RunReport
from scram_analyzers.rules.candidates import is_candidate
from scram_analyzers.rules.regularization.evidence import regularizers
from scram_analyzers.rules.regularization.evidence.regularizers import Strength
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import success
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import baseline
from scram_analyzers.run.wording import named, rounded, share
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
            "A penalty on what another library weighs in its own way",
            """
            import keras
            from stellargraph.layer import WatchYourStep

            embedding = WatchYourStep(generator, num_walks=80, attention_regularizer=keras.regularizers.l2(0.5))
            """,
        ),
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
        Example(
            "Factors that are compared",
            """
            import keras
            from project import train

            FACTORS = [0.5, 0.05, 0.0005]
            for factor in FACTORS:
                train(keras.layers.Dense(8, kernel_regularizer=keras.regularizers.l2(factor)))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each factor of a regularizer that is known and at or above the limit."""
        for strength in self._too_strong(program):
            yield Report(
                place=strength.place,
                message=(
                    f"The {strength.penalty} penalty has a factor of {fixes.number_text(strength.factor)}; "
                    "0.00001 to 0.01 is usual."
                ),
                recipe=f"{strength.call.place.text.partition('(')[0]}({USUAL})",
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a loss most of which is penalty while the model has not learned its data."""
        newest = [probe for probe in list(history.probes)[-RUN_PROBES:] if probe.penalty is not None and probe.loss]
        known = baseline(history)
        if len(newest) < RUN_PROBES or known is None or success(history) is not None or history.last_epoch < 2:
            yield from self._by_its_factor(history)
            return
        shares = [(probe.penalty or 0.0) / (probe.loss or 1.0) for probe in newest]
        data_loss = (newest[-1].loss or 0.0) - (newest[-1].penalty or 0.0)
        if min(shares) <= RUN_SHARE or known.loss is None or data_loss < RUN_UNLEARNED * known.loss:
            yield from self._by_its_factor(history)
            return
        layer = next((each for each in history.info.layers if each.regularized), None)
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, layer.name) if layer is not None else Subject(SubjectKind.MODEL),
            message=(
                f"Regularization makes up {share(shares[-1])} of the loss, and the rest ({rounded(data_loss)}) is "
                "still "
                f"close to a blind guess's ({rounded(known.loss)}): training shrinks the weights instead of fitting "
                "the data."
            ),
            step=newest[-1].step,
            epoch=newest[-1].epoch,
        )

    def _by_its_factor(self, history: RunHistory) -> Iterator[RunReport]:
        """A factor that only the run knows, told as the source's would be; less loudly where it did no harm."""
        layer = max(history.info.layers, key=lambda each: each.penalty or 0.0, default=None)
        is_over = history.moment is Moment.END and history.last_step >= RUN_STEPS
        if layer is None or layer.penalty is None or layer.penalty < self.option("factor-max") or not is_over:
            return
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, layer.name),
            message=(
                f"The penalty on the weights of {named(layer.name)} has a factor of "
                f"{fixes.number_text(layer.penalty)}; 0.00001 to 0.01 is usual."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
            severity=Severity.INFO if success(history) is not None else Severity.WARNING,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write a usual factor."""
        for strength in self._too_strong(program):
            if program.range_of(strength.place) == finding.range:
                return Fix(
                    f"Set the factor to {USUAL}", Applicability.UNSAFE, (fixes.replace(program, strength.place, USUAL),)
                )
        return None

    def _too_strong(self, program: Program) -> Iterator[Strength]:
        for strength in regularizers.strengths(program):
            strong = strength.factor >= self.option("factor-max")
            if not strong or regularizers.goes_to_another_library(program, strength.call):
                continue
            if not is_candidate(program, strength.place):
                yield strength


RUN_SHARE = 0.5
RUN_PROBES = 3
"""The penalty's share of the loss, at so many probes in a row (TheDeepChecker; catalogue C10)."""

RUN_STEPS = 50
"""Of a shorter run, a test of the program say, no factor is told. Ours."""

RUN_UNLEARNED = 0.5
"""Ours: late in a good run the loss is small and the penalty may well be most of it."""

"""SCR409 single-unit-categorical-loss."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.output_and_loss.evidence import cases, heads
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import the_output
from scram_analyzers.source.keras_api.losses import CATEGORICAL
from scram_analyzers.source.program import Program


class SingleUnitCategoricalLoss(Rule):
    """One output under a loss that needs one for each class."""

    code = "SCR409"
    name = "single-unit-categorical-loss"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a single output unit under categorical cross-entropy, whose loss is then always 0 or never falls"
    why = (
        "Categorical cross-entropy compares one output for each class. With a single output there is "
        "nothing to compare: Keras scales it to 1, the loss is exactly 0 (or fails to fall), and nothing "
        "is learned."
    )
    how = (
        "For two classes: one unit with sigmoid and binary_crossentropy. For more: one unit for each "
        "class with softmax."
    )
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference(
            "NeuraLint: Nikanjam et al., Automatic Fault Detection for Deep Learning Programs (TOSEM 2021)",
            "https://arxiv.org/abs/2105.08095",
        ),
    )
    false_alarms = "None known."
    bad = (
        Example(
            "A yes-or-no question",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss=»"categorical_crossentropy"«)
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "The loss for yes or no",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            """,
        ),
        Example(
            "One unit for each class",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(2, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each categorical loss that reads a head of one unit."""
        classes = {case.loss.place.key: case.classes for case in cases.cases(program)}
        for head, loss in heads.heads_and_losses(program):
            if head.units != 1 or loss.name not in CATEGORICAL or head.place is None:
                continue
            yield Report(
                place=loss.place,
                message=(
                    f"The loss {loss.name} needs one output for each class, but {heads.layer_words(head)} has a "
                    "single one: the loss can't tell right from wrong."
                ),
                related=(Related(head.place, "The head has one unit."),),
                recipe=_recipe(classes.get(loss.place.key)),
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a loss of exactly zero in the first steps."""
        output = the_output(history)
        losses = history.losses()
        if output is None or output.units != 1 or output.loss not in CATEGORICAL:
            return
        if not losses or any(loss != 0 for _, loss in losses):
            return
        yield RunReport(
            subject=Subject(SubjectKind.LOSS),
            message=(
                f"{output.loss} over a single output is 0 whatever the model predicts: so far it was 0 at every step."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The loss for yes or no, where the head already answers that."""
        pair = heads.pair_at(program, finding.range)
        if pair is None or pair[0].activation != "sigmoid":
            return None
        edits = heads.loss_edits(program, pair[1], "binary_crossentropy")
        return Fix("Use binary_crossentropy", Applicability.UNSAFE, edits) if edits else None


def _recipe(classes: int | None) -> str:
    if classes is not None and classes > 2:
        return f'Dense({classes}, activation="softmax")  # one unit for each class'
    return 'loss="binary_crossentropy"  # with Dense(1, activation="sigmoid")'

"""SCR405 softmax-single-unit."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss import heads
from scram_analyzers.source.heads import Head
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.program import Loss, Program


class SoftmaxSingleUnit(Rule):
    """Softmax over one unit, which is always 1."""

    code = "SCR405"
    name = "softmax-single-unit"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "softmax over a single unit, whose output is the constant 1"
    why = (
        "Softmax makes its outputs add up to 1. With one output that output is 1 for every input: the "
        "model predicts the same class for everything, and no gradient tells it otherwise."
    )
    how = (
        "For two classes use one unit with sigmoid and binary_crossentropy. For more, use one unit for "
        "each class with softmax. For a number to predict, use one unit without activation."
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
                    layers.Dense(1, activation=»"softmax"«),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
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
        Example(
            "The activation as a layer",
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense

            model = Sequential()
            model.add(Dense(1, input_dim=8))
            model.add(Activation(»"softmax"«))
            model.compile(loss="binary_crossentropy", optimizer="adam")
            """,
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense

            model = Sequential()
            model.add(Dense(1, input_dim=8))
            model.add(Activation("sigmoid"))
            model.compile(loss="binary_crossentropy", optimizer="adam")
            """,
        ),
    )
    good = (
        Example(
            "Two units",
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
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Sigmoid",
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

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each head of one unit that ends in softmax."""
        return program.each(heads.heads_and_losses(program), self._of_head)

    def _of_head(self, program: Program, pair: tuple[Head, Loss]) -> Iterator[Report]:
        head, loss = pair
        if head.activation != "softmax" or head.units != 1:
            return
        place = head.activation_place or head.place
        if place is None:
            return
        regression = loss.name in REGRESSION
        yield Report(
            place=place,
            message="Softmax over one unit is always 1, whatever the input: this model can't learn anything.",
            related=tuple(_related(head, loss)),
            recipe=f"{_spelled(program, head)}(1)"
            if regression
            else f'{_spelled(program, head)}(1, activation="sigmoid")',
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Sigmoid, where the loss asks a yes-or-no question."""
        pair = heads.pair_at(program, finding.range)
        if pair is None or pair[1].name != "binary_crossentropy":
            return None
        edits = heads.activation_edits(program, pair[0], "sigmoid")
        return Fix("Use sigmoid", Applicability.UNSAFE, edits) if edits else None


def _spelled(program: Program, head: Head) -> str:
    return program.imports.spell(head.layer.kind if head.layer is not None else "keras.layers.Dense").text


def _related(head: Head, loss: Loss) -> Iterator[Related]:
    if head.layer is not None:
        yield Related(head.layer.place, "The layer has one unit.")
    yield Related(loss.place, "The loss it is trained with.")

"""SCR406 sigmoid-with-categorical-loss."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import cases, heads
from scram_analyzers.source.keras_api.losses import CATEGORICAL
from scram_analyzers.source.program import Program


class SigmoidWithCategoricalLoss(Rule):
    """Independent yes-or-no outputs under a loss for one class of many."""

    code = "SCR406"
    name = "sigmoid-with-categorical-loss"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "sigmoid outputs under categorical cross-entropy, which expects one class of many"
    why = (
        "Sigmoid answers yes or no for each unit on its own; categorical cross-entropy expects "
        "probabilities that add up to 1 and only looks at the unit of the true class. Nothing pushes the "
        "other units down, and the model says yes to everything."
    )
    how = (
        "If each example belongs to one class, use softmax. If it may belong to several, keep sigmoid, "
        "use binary_crossentropy and labels of zeros and ones for each class."
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
            "Three classes",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(3, activation=»"sigmoid"«),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(3, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
        Example(
            "As many units as there are letters",
            """
            import keras
            from keras import layers

            letters = sorted(set(open("book.txt").read()))
            model = keras.Sequential([layers.LSTM(64), layers.Dense(len(letters), activation=»"sigmoid"«)])
            model.compile(optimizer="rmsprop", loss="categorical_crossentropy")
            """,
            """
            import keras
            from keras import layers

            letters = sorted(set(open("book.txt").read()))
            model = keras.Sequential([layers.LSTM(64), layers.Dense(len(letters), activation="softmax")])
            model.compile(optimizer="rmsprop", loss="categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "A ready-made head that can't be seen",
            """
            import keras
            from project import build_head

            inputs = keras.Input(shape=(20,))
            model = keras.Model(inputs, keras.layers.Activation("sigmoid")(build_head(inputs)))
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
        Example(
            "Softmax",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(3, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
        Example(
            "Several labels for each example",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(3, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each sigmoid head of several units under a categorical loss."""
        return program.each_of(cases.cases, self._of_case)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        head, loss = case.head, case.loss
        place = head.activation_place or head.place
        if head.activation not in ("sigmoid", "hard_sigmoid") or loss.name not in CATEGORICAL or place is None:
            return
        if head.units == 1 or head.layer is None or loss.from_logits:
            return
        yield Report(
            place=place,
            message=(
                f"{heads.layer_words(head)} answers yes or no for each class on its own ({head.activation}), but "
                f"{loss.name} expects one class of {head.units or 'several'}."
            ),
            related=(Related(loss.place, "This loss expects softmax."),),
            recipe='activation="softmax"',
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Softmax in the place of sigmoid."""
        pair = heads.pair_at(program, finding.range)
        edits = heads.activation_edits(program, pair[0], "softmax") if pair is not None else ()
        return Fix("Use softmax", Applicability.UNSAFE, edits) if edits else None

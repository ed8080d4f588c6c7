"""SCR408 invalid-output-activation."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.output_and_loss.evidence import heads
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import not_probabilities
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.activations import KNOWN
from scram_analyzers.source.heads import Head
from scram_analyzers.source.keras_api.losses import CATEGORICAL, CROSS_ENTROPIES
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Loss, Program


class InvalidOutputActivation(Rule):
    """A head whose outputs can not be what the loss reads: probabilities, as a rule."""

    code = "SCR408"
    name = "invalid-output-activation"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "relu, tanh or the like under a cross-entropy, which needs probabilities, or probabilities under a hinge"
    why = (
        "Cross-entropy needs probabilities. The outputs of relu can exceed 1 and stick at exactly 0, "
        "those of tanh can be negative: the loss is then wrong or NaN, and units stuck at 0 never learn "
        "again. A hinge loss asks for numbers beyond -1 and 1, which probabilities never reach."
    )
    how = (
        "End in softmax for one class of many, or in sigmoid for yes or no. Or leave the activation out "
        "and tell the loss from_logits=True. Under a hinge loss, end in tanh or in no activation."
    )
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference(
            "NeuraLint: Nikanjam et al., Automatic Fault Detection for Deep Learning Programs (TOSEM 2021)",
            "https://arxiv.org/abs/2105.08095",
        ),
        Reference("UMLAUT (CHI 2021)", "https://doi.org/10.1145/3411764.3445538"),
    )
    false_alarms = "None known."
    symptom_of = ("SCR406",)
    bad = (
        Example(
            "Relu at the end",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10, activation=»"relu"«),
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
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
        Example(
            "Logits cut by relu",
            """
            import keras
            from keras import layers

            inputs = keras.Input(shape=(20,))
            x = layers.Dense(10)(inputs)
            outputs = »layers.ReLU()«(x)
            model = keras.Model(inputs, outputs)
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            """,
            """
            import keras
            from keras import layers

            inputs = keras.Input(shape=(20,))
            x = layers.Dense(10)(inputs)
            outputs = x
            model = keras.Model(inputs, outputs)
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            """,
        ),
        Example(
            "Tanh for yes or no",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(1, activation=»"tanh"«),
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
    )
    good = (
        Example(
            "Logits that a leaky relu has bent reach every number",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(64, activation="leaky_relu"), layers.Dense(10, "leaky_relu")])
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
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
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
        Example(
            "Relu is fine for a positive number",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(1, activation="relu"),
                ]
            )
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
        Example(
            "A generator that was trained inside another model, and now only draws",
            """
            import numpy as np
            from keras import Sequential, layers

            def make_generator():
                return Sequential([layers.Input((100,)), layers.Dense(784, activation="tanh")])

            def train():
                generator, judge = make_generator(), Sequential([layers.Dense(1, activation="sigmoid")])
                both = Sequential([generator, judge])
                both.compile(loss="binary_crossentropy", optimizer="adam")
                both.fit(np.random.rand(1000, 100), np.ones(1000))
                generator.save_weights("generator.weights.h5")

            def draw():
                generator = make_generator()
                generator.compile(loss="binary_crossentropy", optimizer="sgd")
                generator.load_weights("generator.weights.h5")
                return generator.predict(np.random.rand(1, 100))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each head under a cross-entropy whose last activation gives no probabilities."""
        return program.each_of(heads.heads_and_losses, self._of_head)

    def _of_head(self, program: Program, pair: tuple[Head, Loss]) -> Iterator[Report]:
        head, loss = pair
        place = head.activation_place or head.place
        if loss.name in HINGES and head.activation in ("sigmoid", "softmax") and place is not None:
            yield _under_hinge(head, loss, place)
        if loss.name not in CROSS_ENTROPIES or head.activation is None or place is None or loss.from_logits is None:
            return
        if head.activation in PROBABILITIES or head.activation == "linear" or head.activation not in KNOWN:
            return
        if loss.from_logits and head.activation in UNBOUNDED:
            return
        needed = "logits" if loss.from_logits else "probabilities"
        told = "This loss was told to take logits." if loss.from_logits else "This loss needs probabilities."
        yield Report(
            place=place,
            message=f"{heads.layer_words(head)} ends in {head.activation}, but {loss.name} needs {needed}.",
            related=(Related(loss.place, told),),
            recipe=_recipe(program, head, loss),
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by predictions that are no probabilities, from a last layer with another activation."""
        seen = not_probabilities(history)
        if seen is None or seen.output.activation in (None, "linear") or seen.output.layer is None:
            return
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, seen.output.layer),
            message=(
                f"{seen.output.loss} needs probabilities, and with {seen.output.activation} the last layer gives none: "
                f"{seen.clause}."
            ),
            step=seen.panel.step,
            epoch=seen.panel.epoch,
            clause=seen.clause,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Softmax for one class of many, sigmoid for yes or no, nothing for a loss that takes logits."""
        pair = heads.pair_at(program, finding.range)
        if pair is None or pair[1].name in HINGES or (pair[0].units == 1 and pair[1].name in CATEGORICAL):
            return None
        activation = _right_activation(*pair)
        edits = heads.activation_edits(program, pair[0], activation)
        title = (
            f"Use {activation}"
            if activation != "linear"
            else f"Leave the logits as they are, without {pair[0].activation}"
        )
        return Fix(title, Applicability.UNSAFE, edits) if edits else None


HINGES = frozenset(("hinge", "squared_hinge"))
"""Losses that ask for a number of at least 1 for yes, and of at most -1 for no."""


def _under_hinge(head: Head, loss: Loss, place: Place) -> Report:
    several = head.units is not None and head.units > 1
    return Report(
        place=place,
        message=(
            f"{heads.layer_words(head)} ends in {head.activation} and gives no number below 0, but {loss.name} asks "
            "for -1 where the answer is no: this loss never gets small."
        ),
        related=(Related(loss.place, "This loss compares with -1 and 1."),),
        severity=Severity.WARNING,
        recipe='loss="categorical_crossentropy"' if head.activation == "softmax" and several else 'activation="tanh"',
    )


PROBABILITIES = frozenset(
    ("softmax", "sigmoid", "hard_sigmoid", "log_softmax", "sparsemax", "sparse_sigmoid", "exponential")
)
"""Activations whose outputs a cross-entropy can read, or that are too special to judge."""


UNBOUNDED = frozenset(("leaky_relu", "prelu"))
"""Activations that reach every number in both directions: as logits, any class can have any chance."""


def _recipe(program: Program, head: Head, loss: Loss) -> str:
    right = f'activation="{_right_activation(head, loss)}"'
    if head.layer is None or head.activation_place is not None or heads.takes_activation(head.layer):
        return right
    return f"{program.imports.spell('keras.layers.Dense').text}(classes, {right})  # as the last layer"


def _right_activation(head: Head, loss: Loss) -> str:
    if loss.from_logits:
        return "linear"
    return "sigmoid" if loss.name == "binary_crossentropy" else "softmax"

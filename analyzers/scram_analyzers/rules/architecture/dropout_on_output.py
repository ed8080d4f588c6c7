"""SCR307 dropout-on-output."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import layer_edits
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence.paths import is_activation, words
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.program import Compile, Program, every_compile
from scram_analyzers.source.values import number

DROPOUTS = frozenset(("Dropout", "AlphaDropout", "GaussianDropout"))


class DropoutOnOutput(Rule):
    """Dropout on what the model answers."""

    code = "SCR307"
    name = "dropout-on-output"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("Dropout",)
    summary = "Dropout after the last layer, where it deletes the model's answers"
    why = (
        "After the last layer, Dropout sets answers to zero and enlarges the others at every training step. The loss "
        "then punishes right answers at random, and probabilities no longer add up to one."
    )
    how = "Move Dropout before the last Dense layer, or remove it."
    references = (
        Reference("Srivastava et al.: Dropout (JMLR 2014)", "https://jmlr.org/papers/v15/srivastava14a.html"),
        Reference("TheDeepChecker (TOSEM 2023)", "https://doi.org/10.1145/3587155"),
    )
    false_alarms = "A model that only makes features for a loss of its own."
    bad = (
        Example(
            "Dropout between the scores and softmax",
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense, Dropout

            model = Sequential()
            model.add(Dense(64, activation="relu"))
            model.add(Dense(10))
            model.add(»Dropout(0.5)«)
            model.add(Activation("softmax"))
            model.compile(loss="categorical_crossentropy", optimizer="adam")
            """,
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense, Dropout

            model = Sequential()
            model.add(Dense(64, activation="relu"))
            model.add(Dense(10))
            model.add(Activation("softmax"))
            model.compile(loss="categorical_crossentropy", optimizer="adam")
            """,
        ),
        Example(
            "Behind a normalization",
            """
            from keras.models import Sequential
            from keras.layers import BatchNormalization, Dense, Dropout

            model = Sequential()
            model.add(Dense(64, activation="relu"))
            model.add(Dense(1))
            model.add(BatchNormalization())
            model.add(»Dropout(0.5)«)
            model.compile(loss="mse", optimizer="adam")
            """,
            """
            from keras.models import Sequential
            from keras.layers import BatchNormalization, Dense, Dropout

            model = Sequential()
            model.add(Dense(64, activation="relu"))
            model.add(Dense(1))
            model.add(BatchNormalization())
            model.compile(loss="mse", optimizer="adam")
            """,
        ),
    )
    good = (
        Example(
            "Dropout before the last layer",
            """
            from keras.models import Sequential
            from keras.layers import Dense, Dropout

            model = Sequential()
            model.add(Dense(64, activation="relu"))
            model.add(Dropout(0.5))
            model.add(Dense(10, activation="softmax"))
            model.compile(loss="categorical_crossentropy", optimizer="adam")
            """,
        ),
        Example(
            "A part of a model that ends in Dropout",
            """
            import keras
            from keras import layers

            features = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dropout(0.3)])
            model = keras.Sequential([features, layers.Dense(10, activation="softmax")])
            model.compile(loss="categorical_crossentropy", optimizer="adam")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each dropout between a compiled model's last layer with weights and its loss."""
        return program.each_of(every_compile, self._of_compile)

    def _of_compile(self, program: Program, compiled: Compile) -> Iterator[Report]:
        model = compiled.model
        if model is None or not model.uses_compiled_loss or not any(loss.name for loss in compiled.losses):
            return
        for output in model.outputs:
            found = _dropout_at_end(output)
            if found is None:
                continue
            dropout, last = found
            yield Report(
                dropout.place,
                f"This Dropout deletes outputs of {words(last)}, the model's last layer.",
                (Related(last.place, "The last layer with weights."),),
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Take it out."""
        layer = next((each for each in program.layers if program.range_of(each.place) == finding.range), None)
        edits = layer_edits.take_out(program, layer) if layer is not None else ()
        return Fix("Remove this Dropout", Applicability.UNSAFE, edits) if edits else None


def _dropout_at_end(output: Tensor) -> tuple[Layer, Layer] | None:
    """A dropout behind the last layer with weights, and that layer."""
    dropout: Layer | None = None
    tensor = output
    while isinstance(tensor.producer, Layer):
        layer = tensor.producer
        if layer.class_name in DROPOUTS:
            dropout = layer if number(layer.value("rate")) != 0 else dropout
        elif layer.class_name in WEIGHTED:
            return (dropout, layer) if dropout is not None and layer.class_name == "Dense" else None
        elif not (is_activation(layer) or layer.class_name in _NORMALIZING):
            return None
        if len(tensor.inputs) != 1:
            return None
        tensor = tensor.inputs[0]
    return None


_NORMALIZING = ("BatchNormalization", "LayerNormalization")

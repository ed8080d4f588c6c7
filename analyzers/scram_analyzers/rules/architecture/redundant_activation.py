"""SCR302 redundant-activation."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, SourceRange, TextEdit
from scram_analyzers.rules.architecture.paths import DROPOUTS, Paths, is_activation, models_of
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.keras_api.layers import RECURRENT
from scram_analyzers.source.parents import added_to, statement_of
from scram_analyzers.source.program import Program
from scram_analyzers.source.text import lines_of

RECTIFIERS = frozenset(("relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "softplus"))


class RedundantActivation(Rule):
    """Two activations with nothing to learn between them."""

    code = "SCR302"
    name = "redundant-activation"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "an activation applied to values that have just been through one"
    why = (
        "An activation after an activation adds nothing the network can learn from: the second relu changes nothing, "
        "and softmax or sigmoid after relu never sees a negative score, so that no class can be ruled out."
    )
    how = "Keep one of the two: the layer's own activation, or the Activation layer that follows."
    references = (
        Reference(
            "Nikanjam et al.: NeuraLint, rule 3: redundant activations (TOSEM 2021)",
            "https://doi.org/10.1145/3470006",
        ),
    )
    false_alarms = "Attention scores squashed by tanh before softmax are left alone."
    bad = (
        Example(
            "relu twice",
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense

            model = Sequential()
            model.add(Dense(50, activation="relu"))
            model.add(»Activation("relu")«)
            model.add(Dense(1, activation="sigmoid"))
            model.compile(loss="binary_crossentropy", optimizer="adam")
            """,
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense

            model = Sequential()
            model.add(Dense(50, activation="relu"))
            model.add(Dense(1, activation="sigmoid"))
            model.compile(loss="binary_crossentropy", optimizer="adam")
            """,
        ),
        Example(
            "softmax over scores that relu has cut",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10, activation="relu"),
                    »layers.Softmax()«,
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "A layer to learn between them",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(32),
                    layers.ReLU(),
                    layers.Dense(10),
                    layers.Softmax(),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Attention: tanh, then softmax over the scores",
            """
            import keras
            from keras import layers

            inputs = keras.Input(shape=(20, 8))
            scores = layers.Dense(1, activation="tanh")(inputs)
            weights = layers.Activation("softmax")(layers.Flatten()(scores))
            context = layers.Dot(axes=1)([weights, inputs])
            model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(context))
            model.compile("adam", "binary_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each activation layer that directly follows an activation which makes it pointless."""
        for model in models_of(program):
            paths = Paths(model)
            for layer, tensor in paths.applied():
                before = _activation_before(paths, tensor) if is_activation(layer) else None
                second, _ = own_activation(layer)
                if before is None or second is None:
                    continue
                source, first = before
                if first == second and first not in ("softplus", "linear"):
                    message = (
                        f"This {second} follows {first}: it changes nothing or only flattens the values once more."
                    )
                elif first in RECTIFIERS and second in ("softmax", "sigmoid"):
                    message = f"This {second} gets values that {first} has cut or bent: low scores never reach it."
                elif first in RECTIFIERS and second in RECTIFIERS:
                    message = f"This {second} follows {first}, with no layer between that could learn from it."
                else:
                    continue
                yield Report(layer.place, message, (Related(source.place, f"{first} is applied here."),))

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Take out the second of two equal activations, where it is added in a line of its own."""
        for layer in program.layers:
            if layer.place.range != finding.range or added_to(layer.place) is None:
                continue
            statement = statement_of(layer.place)
            if statement is None or not finding.message.startswith("This relu follows relu"):
                return None
            first, last = statement.range.start.line, statement.range.end.line
            if last >= len(lines_of(program.text)):
                return None
            edit = TextEdit(SourceRange.of(first, 0, last + 1, 0), "")
            return Fix("Remove the second relu", Applicability.SAFE, (edit,))
        return None


def _activation_before(paths: Paths, tensor: Tensor) -> tuple[Layer, str] | None:
    """The layer that applied an activation to these values just before, and which.

    Values that a residual branch reads as well are let be: the second activation is that branch's own.
    """
    source = tensor
    while True:
        if len(source.inputs) != 1 or paths.only_reader(source.inputs[0]) is None:
            return None
        source = source.inputs[0]
        if not isinstance(source.producer, Layer) or source.producer.class_name not in DROPOUTS:
            break
    layer = source.producer
    if not isinstance(layer, Layer) or layer.class_name in RECURRENT:
        return None
    activation, _ = own_activation(layer)
    return (layer, activation) if activation not in (None, "linear") and activation is not None else None

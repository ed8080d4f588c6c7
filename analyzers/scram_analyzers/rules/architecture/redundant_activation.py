"""SCR302 redundant-activation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers import fixes, layer_edits
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.architecture.evidence.paths import DROPOUTS, Paths, is_activation, models_of, paths_of
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.activations import activation_of_function, own_activation
from scram_analyzers.source.graph import Layer, Operation, Tensor
from scram_analyzers.source.keras_api.layers import RECURRENT
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program

RECTIFIERS = frozenset(("relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "softplus"))
SMOOTH = frozenset(("softplus",))
"""Parts of other activations: mish is x times the tanh of softplus."""
BOUNDED = frozenset(("sigmoid", "hard_sigmoid", "tanh", "softsign"))
PROBABILITIES = frozenset(("softmax", "sigmoid"))


class RedundantActivation(Rule):
    """Two activations with nothing to learn between them."""

    code = "SCR302"
    name = "redundant-activation"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "an activation applied to values that have just been through one"
    why = (
        "An activation after an activation adds nothing the network can learn from: the second relu changes nothing, "
        "softmax or sigmoid after relu never sees a negative score, so that no class can be ruled out, and softmax "
        "after sigmoid or tanh gives even the surest class only a little more than the others."
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
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10),
                    layers.Softmax(),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "softmax over scores that sigmoid has squeezed",
            """
            import keras
            from keras import layers

            inputs = keras.Input(shape=(20,))
            x = layers.Dense(32, activation="relu")(inputs)
            scores = layers.Dense(10, activation="sigmoid")(x)
            outputs = »layers.Softmax()«(scores)
            model = keras.Model(inputs, outputs)
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
            """
            import keras
            from keras import layers

            inputs = keras.Input(shape=(20,))
            x = layers.Dense(32, activation="relu")(inputs)
            scores = layers.Dense(10)(x)
            outputs = layers.Softmax()(scores)
            model = keras.Model(inputs, outputs)
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "A function applied to what a layer has made probabilities of",
            """
            import tensorflow as tf


            class Net(tf.keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = tf.keras.layers.Dense(64, activation="relu")
                    self.last = tf.keras.layers.Dense(10, activation="softmax")

                def call(self, x):
                    return »tf.nn.softmax(self.last(self.hidden(x)))«


            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "Attention that passes over the lowest scores",
            """
            import keras
            from keras import layers

            words = keras.Input((20, 16))
            scores = layers.Dense(1, activation="relu")(layers.Dense(10, activation="tanh")(words))
            context = layers.Dot(axes=1)([layers.Softmax(axis=1)(scores), words])
            outputs = layers.Dense(5, activation="softmax")(layers.Flatten()(context))
            model = keras.Model(words, outputs)
            model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
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
        for pair in _pairs(program):
            related = (Related(pair.source.place, f"{pair.first} is applied here."),)
            yield Report(pair.place, pair.message, related)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Take out the second of two equal activations, or the one that bends scores before they become chances."""
        pair = next((each for each in _pairs(program) if program.range_of(each.place) == finding.range), None)
        if pair is None or pair.layer is None:
            return None
        if pair.first == pair.second:
            edits = layer_edits.take_out(program, pair.layer)
            applicability = Applicability.SAFE if pair.second == "relu" else Applicability.UNSAFE
            return Fix(f"Remove the second {pair.second}", applicability, edits) if edits else None
        if pair.second not in PROBABILITIES:
            return None
        edits = _without_activation(program, pair.source)
        return Fix(f"Remove {pair.first} before {pair.second}", Applicability.UNSAFE, edits) if edits else None


@dataclass(frozen=True, slots=True)
class _Pair:
    """An activation at `place`, the layer that applied one just before, and what is wrong with that.

    `layer` is the layer that applies the second; None for a function.
    """

    place: Place
    layer: Layer | None
    source: Layer
    first: str
    second: str
    message: str


def _pairs(program: Program) -> Iterator[_Pair]:
    return program.each_of(models_of, _pairs_of)


def _pairs_of(_: Program, model: Model) -> Iterator[_Pair]:
    paths = paths_of(model)
    for layer, tensor in paths.applied:
        before = _activation_before(paths, tensor) if is_activation(layer) else None
        second = own_activation(layer)[0]
        if before is None or second is None:
            continue
        source, first = before
        message = _message(first, second, paths.is_output(tensor))
        if message is not None:
            yield _Pair(layer.place, layer, source, first, second, message)
    for tensor in paths.tensors:
        second = activation_of_function(tensor.producer.name) if isinstance(tensor.producer, Operation) else None
        before = _activation_before(paths, tensor) if second in PROBABILITIES else None
        if before is not None and before[1] == second and tensor.place is not None:
            message = f"This {second} follows {second}: it only flattens the values once more."
            yield _Pair(tensor.place, None, *before, second, message)


def _message(first: str, second: str, is_output: bool) -> str | None:
    """What is wrong with `second` after `first`; None where it may be meant."""
    if first == second and first not in ("softplus", "linear"):
        return f"This {second} follows {first}: it changes nothing or only flattens the values once more."
    shares_out = second == "softmax" and not is_output  # attention, which may well pass over what scores lowest
    if first in RECTIFIERS and second in PROBABILITIES and not shares_out:
        return f"This {second} gets values that {first} has cut or bent: low scores never reach it."
    if first in BOUNDED and second == "softmax" and is_output:
        low = "-1" if first in ("tanh", "softsign") else "0"
        return (
            f"This softmax gets values that {first} has squeezed between {low} and 1: it can never be sure of a class."
        )
    if first in RECTIFIERS | BOUNDED and second in RECTIFIERS:
        return f"This {second} follows {first}, with no layer between that could learn from it."
    if first in RECTIFIERS - SMOOTH and second in ("tanh", "softsign"):
        return f"This {second} follows {first}, with no layer between that could learn from it."
    return None


def _without_activation(program: Program, layer: Layer) -> tuple[TextEdit, ...]:
    if is_activation(layer):
        return layer_edits.take_out(program, layer)
    edit = fixes.remove_argument(program, layer.place, "activation")
    return (edit,) if edit is not None else ()


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

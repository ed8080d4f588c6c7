"""SCR332 initializer-scale."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.architecture.evidence.paths import (
    LINEAR_MAPS,
    Paths,
    core,
    initializer_of,
    is_activation,
    paths_of,
    shaped_models,
    width,
    words,
)
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule
from scram_analyzers.run.wording import rounded
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer, Shape, Tensor
from scram_analyzers.source.keras_api.layers import RECURRENT
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.shapes.effects import axes_of, product, sizes
from scram_analyzers.source.values import Arguments, number

NORMAL = ("randomnormal", "truncatednormal", "normal")
UNIFORM = ("randomuniform", "uniform")
DEFAULT_SCALE = 0.05

STEPWISE = ("LSTM", "GRU", "SimpleRNN")
"""Recurrent layers whose kernel is applied to one step of the sequence at a time."""


class InitializerScale(Rule):
    """Weights that start far too large, or not as selu needs them."""

    code = "SCR332"
    name = "initializer-scale"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "weights that start far too large for the number of inputs, or selu without its initializer"
    why = (
        "Each unit adds up all of its inputs times their weights. Weights that are too large for the number of inputs "
        "give sums far from the range where activations work: they saturate or explode from layer to layer."
    )
    how = 'Leave the initializer out, or use one that knows the number of inputs: "he_normal", "glorot_uniform".'
    references = (
        Reference("He et al.: Delving Deep into Rectifiers (ICCV 2015)", "https://arxiv.org/abs/1502.01852"),
        Reference("Klambauer et al.: Self-Normalizing Neural Networks (2017)", "https://arxiv.org/abs/1706.02515"),
    )
    prevents_learning = True
    options = (
        Option("max-ratio", 5.0, "times the scale of He et al. from which it is too large", "catalogue row E2"),
        Option("max-gain", 4.0, "growth of a recurrent state per step from which it is too large", "scram; 1 is usual"),
    )
    bad = (
        Example(
            "A spread of one for 784 inputs",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(784,)),
                    layers.Dense(64, activation="relu", kernel_initializer=»keras.initializers.RandomNormal(stddev=1)«),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(784,)),
                    layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "A state that grows at every step",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20, 1)),
                    layers.SimpleRNN(
                        16, activation="relu", recurrent_initializer=»keras.initializers.RandomNormal(stddev=2.0)«
                    ),
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20, 1)),
                    layers.SimpleRNN(
                        16, activation="relu", recurrent_initializer="orthogonal"
                    ),
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "The gates of a recurrent layer",
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input(shape=(20, 8))])
            model.add(
                layers.Bidirectional(layers.GRU(16, kernel_initializer=»keras.initializers.RandomNormal(stddev=50.0)«))
            )
            model.add(layers.Dense(1))
            model.compile("adam", "mse")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input(shape=(20, 8))])
            model.add(
                layers.Bidirectional(layers.GRU(16, kernel_initializer="he_normal"))
            )
            model.add(layers.Dense(1))
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "selu with another activation's initializer",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            model.add(layers.Dense(64, activation="selu", kernel_initializer=»"he_normal"«))
            model.add(layers.Dense(10, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            model.add(layers.Dense(64, activation="selu", kernel_initializer="lecun_normal"))
            model.add(layers.Dense(10, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "Keras's own choice, and a small spread",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(784,)),
                    layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
                    layers.Dense(64, kernel_initializer=keras.initializers.RandomNormal(stddev=0.02)),
                    layers.ReLU(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "selu as its authors want it",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            model.add(layers.Dense(64, activation="selu", kernel_initializer="lecun_normal"))
            model.add(layers.Dense(10, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report kernels whose spread is known and too large, and selu with a foreign initializer."""
        return program.each_of(shaped_models, self._of_model)

    def _of_model(self, program: Program, pair: tuple[Model, ModelShapes]) -> Iterator[Report]:
        model, shapes = pair
        paths = paths_of(model)
        for layer, tensor in paths.applied:
            both_ways = layer.inner if layer.class_name == "Bidirectional" else None
            inner = both_ways or core(layer)
            yield from self._of_recurrent(program, inner)
            argument = inner.arguments.get("kernel_initializer")
            if inner.class_name not in (*LINEAR_MAPS, *STEPWISE) or argument is None or argument.place is None:
                continue
            found = initializer_of(program, inner, "kernel_initializer")
            if found is None:
                continue
            spread = _spread(*found)
            inputs = _fan_in(inner, shapes.output(tensor.inputs[0]) if tensor.inputs else None)
            if spread is not None:
                usual = math.sqrt(2 / (inputs or 1))
                if spread > self.option("max-ratio") * usual:
                    bound = f"for {inputs:,} inputs {rounded(usual, 2)} is usual" if inputs else "1 is much already"
                    yield Report(
                        argument.place,
                        f"The weights of {words(layer)} start with a spread of {rounded(spread, 2)}; {bound}.",
                        recipe='kernel_initializer="he_normal"',
                    )
            elif _activation_after(paths, layer, tensor) == "selu" and found[0] in ("henormal", "heuniform"):
                yield _selu_report(argument.place, layer)

    def _of_recurrent(self, program: Program, layer: Layer) -> Iterator[Report]:
        """A recurrent kernel that multiplies what a layer feeds back to itself at every step of the sequence."""
        argument, units = layer.arguments.get("recurrent_initializer"), width(layer)
        found = initializer_of(program, layer, "recurrent_initializer")
        spread = _spread(*found) if found is not None else None
        if layer.class_name not in RECURRENT or argument is None or argument.place is None or not units:
            return
        if spread is not None and spread * math.sqrt(units) > self.option("max-gain"):
            yield Report(
                argument.place,
                f"The recurrent weights of {words(layer)} start with a spread of {rounded(spread, 2)}: with {units:,} "
                f"units each step of the sequence multiplies its state by {rounded(spread * math.sqrt(units), 2)}.",
                recipe='recurrent_initializer="orthogonal"',
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Name the initializer of the recipe."""
        name = finding.recipe.partition("=")[2]
        return Fix(f"Start with {name}", Applicability.UNSAFE, (TextEdit(finding.range, name),))


def _activation_after(paths: Paths, layer: Layer, tensor: Tensor) -> str | None:
    """The activation of a layer, its own or that of the activation layer that alone reads it."""
    own, _ = own_activation(layer)
    reader = paths.only_reader(tensor) if own == "linear" else None
    if reader is not None and isinstance(reader.producer, Layer) and is_activation(reader.producer):
        return own_activation(reader.producer)[0]
    return own


def _selu_report(place: Place, layer: Layer) -> Report:
    return Report(
        place,
        f"{words(layer)} uses selu, which keeps its values in range only with lecun_normal.",
        why=(
            "Layers with selu normalize their own outputs if the weights start with the spread of lecun_normal. With a "
            "larger one the values grow from layer to layer, and the point of selu is lost."
        ),
        how='Use kernel_initializer="lecun_normal" with selu, or relu with "he_normal".',
        recipe='kernel_initializer="lecun_normal"',
    )


def _spread(name: str, arguments: Arguments) -> float | None:
    """The standard deviation of the weights."""
    if arguments.open:
        return None
    if name in NORMAL:
        given = arguments.get("stddev", 1)
        return number(given.value) if given is not None else DEFAULT_SCALE
    if name in UNIFORM:
        low, high = arguments.get("minval", 0), arguments.get("maxval", 1)
        least = number(low.value) if low is not None else -DEFAULT_SCALE
        most = number(high.value) if high is not None else DEFAULT_SCALE
        return (most - least) / math.sqrt(12) if least is not None and most is not None else None
    return None


def _fan_in(layer: Layer, source: Shape | None) -> int | None:
    """How many inputs a unit adds up."""
    if not source or "Transpose" in layer.class_name or layer.class_name.startswith(("Separable", "Locally")):
        return None
    if layer.class_name in ("Dense", *STEPWISE):
        return source[-1]
    return product([*sizes(layer, "kernel_size", axes_of(layer), None), source[-1]])

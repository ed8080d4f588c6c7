"""SCR303 saturating-hidden-activation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence.paths import (
    DROPOUTS,
    LINEAR_MAPS,
    Paths,
    core,
    is_activation,
    models_of,
    paths_of,
)
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program

SIGMOIDS = frozenset(("sigmoid", "hard_sigmoid"))
TANHS = frozenset(("tanh", "softsign"))
_POOLED = frozenset(
    f"{reach}{kind}Pooling{axes}D" for reach in ("", "Global") for kind in ("Max", "Average") for axes in (1, 2)
)
PASSED = DROPOUTS | {"Flatten", "Reshape"} | _POOLED


@dataclass(frozen=True, slots=True)
class _Squashing:
    """A hidden layer's saturating activation, and where it is written."""

    activation: str
    place: Place
    argument: Place | None


class SaturatingHiddenActivation(Rule):
    """A stack of sigmoid layers, through which no gradient comes."""

    code = "SCR303"
    name = "saturating-hidden-activation"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "several hidden layers in a row with sigmoid or tanh, through which gradients vanish"
    why = (
        "The slope of sigmoid is at most 0.25, and nearly 0 for inputs beyond 5. Each such layer shrinks the gradient "
        "by a factor of four or more on its way back, so that the first layers hardly learn."
    )
    how = (
        'Use "relu" in hidden layers (with kernel_initializer="he_normal"), and keep sigmoid for a yes-or-no output. '
        "If it must be sigmoid, put BatchNormalization between."
    )
    references = (
        Reference(
            "Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010)",
            "https://proceedings.mlr.press/v9/glorot10a.html",
        ),
        Reference(
            "Zhang et al.: AutoTrainer: vanishing gradients (ICSE 2021)", "https://doi.org/10.1109/ICSE43902.2021.00043"
        ),
    )
    false_alarms = "Shallow or very well scaled networks can train with sigmoid; tanh networks of physics are a hint."
    prevents_learning = True
    options = (
        Option(
            "sigmoid-layers",
            3.0,
            "this many hidden sigmoid layers in a row are a warning",
            "the slope falls below 0.25 ** 3 = 0.016; labelled programs that fail begin at three",
        ),
        Option(
            "tanh-layers",
            6.0,
            "this many hidden tanh or sigmoid layers in a row are a hint",
            "Glorot and Bengio (2010) see saturation in tanh networks of five hidden layers",
        ),
    )
    bad = (
        Example(
            "Three sigmoid layers",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(13,)),
                    layers.Dense(10, activation=»"sigmoid"«),
                    layers.Dense(10, activation="sigmoid"),
                    layers.Dense(10, activation="sigmoid"),
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
                    keras.Input(shape=(13,)),
                    layers.Dense(10, activation="relu"),
                    layers.Dense(10, activation="relu"),
                    layers.Dense(10, activation="relu"),
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "As layers of their own",
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense, Dropout

            model = Sequential()
            model.add(Dense(50, input_shape=(784,)))
            model.add(Activation(»"sigmoid"«))
            model.add(Dropout(0.2))
            model.add(Dense(50))
            model.add(Activation("sigmoid"))
            model.add(Dense(50))
            model.add(Activation("sigmoid"))
            model.add(Dense(10, activation="softmax"))
            model.compile("sgd", "categorical_crossentropy")
            """,
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense, Dropout

            model = Sequential()
            model.add(Dense(50, input_shape=(784,)))
            model.add(Activation("relu"))
            model.add(Dropout(0.2))
            model.add(Dense(50))
            model.add(Activation("relu"))
            model.add(Dense(50))
            model.add(Activation("relu"))
            model.add(Dense(10, activation="softmax"))
            model.compile("sgd", "categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "One hidden sigmoid layer, and a sigmoid head",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(2, activation="sigmoid"),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile("adam", "binary_crossentropy")
            """,
        ),
        Example(
            "Normalized between",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            for _ in range(4):
                model.add(layers.Dense(32, activation="sigmoid"))
                model.add(layers.BatchNormalization())
            model.add(layers.Dense(1))
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "Gates that multiply",
            """
            import keras
            from keras import layers

            inputs = keras.Input(shape=(16,))
            x = inputs
            for _ in range(4):
                gate = layers.Dense(16, activation="sigmoid")(x)
                x = layers.Multiply()([x, gate])
            model = keras.Model(inputs, layers.Dense(1)(x))
            model.compile("adam", "mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the first layer of each run of squashing layers that is too long."""
        for chain in _chains(program):
            sigmoids = sum(1 for each in chain if each.activation in SIGMOIDS)
            if sigmoids >= self.option("sigmoid-layers"):
                severity, what, count = Severity.WARNING, "sigmoid", sigmoids
            elif len(chain) >= self.option("tanh-layers"):
                severity, what, count = Severity.HINT, chain[0].activation, len(chain)
            else:
                continue
            yield Report(
                place=chain[0].place,
                message=f"{count} hidden layers in a row end in {what}; the gradient shrinks in each of them.",
                related=tuple(Related(each.place, "And here.") for each in chain[1:]),
                severity=severity,
                recipe='activation="relu"',
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Put relu in the place of every activation of the run."""
        for chain in _chains(program):
            if program.range_of(chain[0].place) != finding.range:
                continue
            places = [each.argument for each in chain]
            if any(place is None or not isinstance(place.node, cst.SimpleString) for place in places):
                return None
            written = {place.key: place for place in places if place is not None}
            edits = tuple(fixes.replace(program, place, '"relu"') for place in written.values())
            return Fix("Use relu in these hidden layers", Applicability.UNSAFE, edits)
        return None


def _chains(program: Program) -> Iterator[tuple[_Squashing, ...]]:
    """The longest runs of hidden layers that squash their values, with no normalization between."""
    for model in models_of(program):
        yield from _chains_of(model)


@once
def _chains_of(model: Model) -> tuple[tuple[_Squashing, ...], ...]:
    paths = paths_of(model)
    found: list[tuple[_Squashing, ...]] = []
    begun: set[int] = set()
    for layer, tensor in paths.applied:
        if core(layer).class_name not in LINEAR_MAPS or id(tensor) in begun:
            continue
        chain: list[_Squashing] = []
        current: Tensor | None = tensor
        while current is not None and (step := _squashed(paths, current)) is not None:
            begun.add(id(current))
            squashing, current = step
            chain.append(squashing)
        if chain:
            found.append(tuple(chain))
    return tuple(found)


def _squashed(paths: Paths, tensor: Tensor) -> tuple[_Squashing, Tensor] | None:
    """The squashing activation of a layer's output and the next layer's tensor; None where the run ends."""
    layer = tensor.producer
    assert isinstance(layer, Layer)
    activation, argument = own_activation(layer)
    place = layer.place
    reader = paths.only_reader(tensor)
    while reader is not None and isinstance(reader.producer, Layer):
        producer = reader.producer
        if activation == "linear" and is_activation(producer):
            activation, argument = own_activation(producer)
            place = producer.place
        elif core(producer).class_name in LINEAR_MAPS:
            if activation not in SIGMOIDS | TANHS or activation is None:
                return None
            written = argument.place if argument is not None else None
            return _Squashing(activation, written or place, written), reader
        elif producer.class_name not in PASSED:
            return None
        reader = paths.only_reader(reader)
    return None

"""SCR418 softmax-hidden-layer."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence.paths import (
    LINEAR_MAPS,
    Paths,
    core,
    is_activation,
    models_of,
    paths_of,
    words,
)
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.keras_api.layers import NEUTRAL, RECURRENT
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program

POOLINGS = frozenset(
    [
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
    ]
)


_HIDDEN = frozenset((*LINEAR_MAPS, *RECURRENT))


def _usual(layer: Layer) -> str:
    """What a layer has where it is hidden, as it is written."""
    return '"tanh"' if core(layer).class_name in RECURRENT else '"relu"'


class SoftmaxHiddenLayer(Rule):
    """Softmax in the middle of a network."""

    code = "SCR418"
    name = "softmax-hidden-layer"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "softmax as the activation of a hidden layer"
    why = (
        "Softmax makes the units of a layer share a total of 1: when one grows, all others shrink. That is right for "
        "the probabilities at the end; inside the network it makes all values tiny, lets little information through, "
        "and slows training down."
    )
    how = "Use relu (or gelu) in hidden layers, and softmax only in the last one."
    references = (
        Reference("Goodfellow, Bengio, Courville: Deep Learning, section 6.3", "https://www.deeplearningbook.org/"),
        Reference("TheDeepChecker (TSE 2022)", "https://arxiv.org/abs/2204.00694"),
    )
    false_alarms = "A hidden layer that is meant to choose one of a few codes."
    bad = (
        Example(
            "Softmax before the last layer",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(64, activation=»"softmax"«),
                    layers.Dropout(0.2),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(64, activation="relu"),
                    layers.Dropout(0.2),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "At the end of a part of a larger model",
            """
            import keras
            from keras import layers

            base = keras.Sequential([keras.Input((20,)), layers.Dense(32, activation=»"softmax"«)])
            model = keras.Sequential([base, layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
            """
            import keras
            from keras import layers

            base = keras.Sequential([keras.Input((20,)), layers.Dense(32, activation="relu")])
            model = keras.Sequential([base, layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "The activation as a layer",
            """
            from tensorflow.keras.layers import Activation, Conv2D, Dense, Flatten
            from tensorflow.keras.models import Sequential

            model = Sequential()
            model.add(Conv2D(32, 3, input_shape=(28, 28, 1)))
            model.add(Activation(»"softmax"«))
            model.add(Flatten())
            model.add(Dense(10, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
            """
            from tensorflow.keras.layers import Activation, Conv2D, Dense, Flatten
            from tensorflow.keras.models import Sequential

            model = Sequential()
            model.add(Conv2D(32, 3, input_shape=(28, 28, 1)))
            model.add(Activation("relu"))
            model.add(Flatten())
            model.add(Dense(10, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "Softmax within a recurrent layer",
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input((40, 12)), layers.LSTM(64, activation=»"softmax"«), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input((40, 12)), layers.LSTM(64, activation="tanh"), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
    )
    good = (
        Example(
            "Softmax at the end",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "Attention: the shares weigh something",
            """
            import keras
            from keras import layers

            inputs = keras.Input((16, 8))
            scores = layers.Flatten()(layers.Dense(1)(inputs))
            shares = layers.Reshape((16, 1))(layers.Dense(16, activation="softmax")(scores))
            x = layers.Flatten()(layers.Multiply()([inputs, shares]))
            model = keras.Model(inputs, layers.Dense(1)(x))
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "A part that answers for itself",
            """
            import keras
            from keras import layers

            kinds = keras.Sequential([keras.Input((20,)), layers.Dense(4, activation="softmax")])
            model = keras.Sequential([kinds, layers.Dense(1)])
            model.compile("adam", "mse")
            kinds.predict(samples)
            """,
        ),
        Example(
            "An output that another part reads too",
            """
            import keras
            from keras import layers

            inputs = keras.Input((20,))
            kind = layers.Dense(4, activation="softmax", name="kind")(inputs)
            size = layers.Dense(1, name="size")(kind)
            model = keras.Model(inputs, [kind, size])
            model.compile("adam", loss={"kind": "categorical_crossentropy", "size": "mse"})
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each softmax whose values only go on into another learning layer."""
        softmaxes = list(program.each_of(models_of, _softmaxes))
        outputs = set(_outputs(program)) if softmaxes else set[int]()
        for model, layer, tensor in softmaxes:
            reader = _learning_reader(paths_of(model), tensor, outputs)
            reader = reader or _reader_beyond(program, model, tensor, outputs)
            if reader is None:
                continue
            own = words(layer) if core(layer).class_name in LINEAR_MAPS else layer.class_name
            argument = own_activation(layer)[1]
            yield Report(
                place=argument.place if argument is not None and argument.place is not None else layer.place,
                message=f"{own} is hidden and has softmax: its units share a total of 1 before {words(reader)}.",
                related=(Related(reader.place, "This layer reads the shares."),),
                recipe=f"activation={_usual(layer)}",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Relu in its place, where the activation is named."""
        for model in models_of(program):
            for layer in model.layers:
                argument = own_activation(layer)[1]
                if argument is None or argument.place is None or program.range_of(argument.place) != finding.range:
                    continue
                edit = fixes.replace(program, argument.place, _usual(layer))
                return Fix(f"Use {_usual(layer).strip(chr(34))}", Applicability.UNSAFE, (edit,))
        return None


def _softmaxes(_: Program, model: Model) -> Iterator[tuple[Model, Layer, Tensor]]:
    """Where softmax is applied in a model, with the layer that does."""
    for layer, tensor in paths_of(model).applied:
        if own_activation(layer)[0] == "softmax" and (is_activation(layer) or core(layer).class_name in _HIDDEN):
            yield model, layer, tensor


def _outputs(program: Program) -> Iterator[int]:
    """The tensors that the program takes for answers: those of a part that only a larger model reads are none."""
    asked = [
        *(each.model for each in program.compiles),
        *(each.model for each in program.fits),
        *(each.model for each in program.evaluations),
    ]
    used = {model.identity for model in asked if model is not None}
    for model in models_of(program):
        if model.identity in used:
            yield from (id(output) for output in model.outputs)


def _reader_beyond(program: Program, part: Model, tensor: Tensor, outputs: set[int]) -> Layer | None:
    """The learning layer of a larger model that reads the only output of this part of it."""
    if part.outputs != (tensor,) or id(tensor) in outputs:
        return None
    for model in models_of(program):
        paths = paths_of(model)
        for made in paths.tensors:
            if isinstance(made.producer, Model) and made.producer.identity == part.identity:
                return _learning_reader(paths, made, outputs)
    return None


def _learning_reader(paths: Paths, tensor: Tensor, outputs: set[int]) -> Layer | None:
    """The learning layer that alone reads a tensor, past layers that only move or drop values."""
    current: Tensor | None = tensor
    while current is not None and id(current) not in outputs:
        current = paths.only_reader(current)
        if current is None or not isinstance(current.producer, Layer) or len(current.inputs) != 1:
            return None
        layer = current.producer
        name = core(layer).class_name
        if name in LINEAR_MAPS or name in RECURRENT:
            return layer
        if name not in NEUTRAL and name not in POOLINGS and name != "BatchNormalization":
            return None
    return None

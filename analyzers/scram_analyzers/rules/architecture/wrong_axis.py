"""SCR344 wrong-axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import integer, is_none, text

_WITH_AXIS = frozenset(("Softmax", "BatchNormalization", "LayerNormalization"))
"""Layers that work along an axis; by default the last."""

_RANK: Mapping[str, int] = MappingProxyType(
    {
        "Conv1D": 3,
        "SeparableConv1D": 3,
        "Conv1DTranspose": 3,
        "Conv2D": 4,
        "SeparableConv2D": 4,
        "DepthwiseConv2D": 4,
        "Conv2DTranspose": 4,
        "Conv3D": 5,
        "Conv3DTranspose": 5,
    }
)
"""How many axes the maps of a convolution have, that of the examples included."""

_KEEPING = frozenset(
    ("Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "MaxPooling1D", "MaxPooling2D", "AveragePooling2D")
)
"""Layers after which the channels are where they were."""

_LAYOUT_SETTERS = frozenset(("keras.config.set_image_data_format", "keras.backend.set_image_data_format"))


class WrongAxis(Rule):
    """A layer that works along the axis of the examples, or along one of the places of a map."""

    code = "SCR344"
    name = "wrong-axis"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a layer told to work along the axis of the examples, or to normalize rows of a map instead of channels"
    why = (
        "Axis 0 counts the examples of a batch: what works along it mixes them, and what the model says of one "
        "depends on which others are beside it. BatchNormalization keeps averages for each entry of its axis: after "
        "a convolution that must be the channels, which Keras has in the last axis."
    )
    how = "Leave axis at its default, -1."
    references = (
        Reference("Keras: Softmax", "https://keras.io/api/layers/activation_layers/softmax/"),
        Reference("Keras: BatchNormalization", "https://keras.io/api/layers/normalization_layers/batch_normalization/"),
    )
    false_alarms = "Channels that come first without a word of it in this file."
    bad = (
        Example(
            "Chances that add up to 1 over the batch",
            """
            import keras
            from keras import layers

            inputs = keras.Input((20,))
            outputs = layers.Softmax(axis=»0«)(layers.Dense(4)(inputs))
            model = keras.Model(inputs, outputs)
            """,
            """
            import keras
            from keras import layers

            inputs = keras.Input((20,))
            outputs = layers.Softmax(axis=-1)(layers.Dense(4)(inputs))
            model = keras.Model(inputs, outputs)
            """,
        ),
        Example(
            "Averages of rows",
            """
            import keras
            from keras import layers

            inputs = keras.Input((28, 28, 1))
            x = layers.Conv2D(16, 3, activation="relu")(inputs)
            x = layers.BatchNormalization(axis=»1«)(x)
            model = keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
            model.compile("adam", "mse")
            """,
            """
            import keras
            from keras import layers

            inputs = keras.Input((28, 28, 1))
            x = layers.Conv2D(16, 3, activation="relu")(inputs)
            x = layers.BatchNormalization(axis=-1)(x)
            model = keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
            model.compile("adam", "mse")
            """,
        ),
    )
    good = (
        Example(
            "The channels come first",
            """
            import keras
            from keras import layers

            inputs = keras.Input((1, 28, 28))
            x = layers.Conv2D(16, 3, activation="relu", data_format="channels_first")(inputs)
            x = layers.BatchNormalization(axis=1)(x)
            model = keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
            """,
        ),
        Example(
            "Axis 1 is the last one of a dense layer",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(16), layers.BatchNormalization(axis=1), layers.Dense(1)])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report layers along the examples, then normalizations of maps along anything but the channels."""
        for layer in program.layers:
            if _axis(layer) == 0:
                yield Report(
                    place=_place(layer),
                    message=f"{layer.class_name} works along axis 0 and mixes the examples of a batch with each other.",
                    recipe="axis=-1",
                )
        if not program.calls_of(_LAYOUT_SETTERS):
            yield from self._of_maps(program)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The axis that the layer takes by default."""
        for layer in program.layers:
            if _axis(layer) is not None:
                place = _place(layer)
                if program.range_of(place) == finding.range and place is not layer.place:
                    edit = fixes.replace(program, place, "-1")
                    return Fix("Take the last axis", Applicability.UNSAFE, (edit,))
        return None

    def _of_maps(self, program: Program) -> Iterator[Report]:
        said: set[int] = set()
        for model in program.models:
            for tensor in model.tensors():
                layer = tensor.producer
                if not isinstance(layer, Layer) or layer.class_name != "BatchNormalization" or layer.identity in said:
                    continue
                axis, convolution = _axis(layer), _convolution_before(tensor)
                if axis in (None, 0) or convolution is None or axis in (-1, _RANK[convolution.class_name] - 1):
                    continue
                said.add(layer.identity)
                yield Report(
                    place=_place(layer),
                    message=(
                        f"BatchNormalization works along axis {axis}, but the channels of {convolution.class_name} "
                        "are in the last one."
                    ),
                    related=(Related(convolution.place, "Its maps have the channels last."),),
                    recipe="axis=-1",
                )


def _axis(layer: Layer) -> int | None:
    argument = layer.arguments.get("axis", 0) if layer.class_name in _WITH_AXIS else None
    return integer(argument.value) if argument is not None else None


def _place(layer: Layer) -> Place:
    argument = layer.arguments.get("axis", 0)
    return argument.place if argument is not None and argument.place is not None else layer.place


def _convolution_before(tensor: Tensor) -> Layer | None:
    """The convolution with its channels last that a layer's input comes from, with nothing between that moves them."""
    while len(tensor.inputs) == 1:
        tensor = tensor.inputs[0]
        layer = tensor.producer
        if not isinstance(layer, Layer):
            return None
        layout = layer.value("data_format")
        if layout is not None and not is_none(layout) and text(layout) != "channels_last":
            return None
        if layer.class_name in _RANK:
            return layer
        if layer.class_name not in _KEEPING:
            return None
    return None

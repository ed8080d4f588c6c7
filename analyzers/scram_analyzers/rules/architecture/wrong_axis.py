"""SCR344 wrong-axis."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, LabelForm, Part
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.heads import Head, heads_of
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Evaluation, Program
from scram_analyzers.source.reading import parents
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.values import Function, integer, is_none, text

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

_ARGMAX = frozenset(("numpy.argmax", "tensorflow.argmax", "tensorflow.math.argmax", "keras.ops.argmax"))

_LAYOUT_SETTERS = frozenset(("keras.config.set_image_data_format", "keras.backend.set_image_data_format"))


class WrongAxis(Rule):
    """What works along the axis of the examples, or along one of the places of a map."""

    code = "SCR344"
    name = "wrong-axis"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a layer or an argmax along the axis of the examples, or one that normalizes rows of a map, not channels"
    why = (
        "Axis 0 counts the examples of a batch: what works along it mixes them, and what the model says of one "
        "depends on which others are beside it. BatchNormalization keeps averages for each entry of its axis: after "
        "a convolution that must be the channels, which Keras has in the last axis. An argmax over the examples gives "
        "the number of a row, not of a class."
    )
    how = "Leave a layer's axis at its default, -1, and give argmax axis=-1."
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
        Example(
            "One number for all rows of labels",
            """
            import keras
            import numpy as np

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            y_test = keras.utils.to_categorical(y_test, 10)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train / 255, keras.utils.to_categorical(y_train, 10), epochs=5)
            right = np.argmax(model.predict(x_test / 255), axis=1) == »np.argmax(y_test)«
            """,
        ),
        Example(
            "A length for the whole batch",
            """
            import keras
            from keras import backend as K
            from keras import layers

            inputs = keras.Input((96, 96, 3))
            x = layers.GlobalAveragePooling2D()(layers.Conv2D(32, 3, activation="relu")(inputs))
            x = layers.Lambda(lambda vector: »K.l2_normalize(vector)«)(layers.Dense(64)(x))
            model = keras.Model(inputs, x)
            """,
        ),
    )
    good = (
        Example(
            "A length for each vector",
            """
            import keras
            from keras import backend as K
            from keras import layers

            inputs = keras.Input((96, 96, 3))
            x = layers.GlobalAveragePooling2D()(layers.Conv2D(32, 3, activation="relu")(inputs))
            x = layers.Lambda(lambda vector: K.l2_normalize(vector, axis=1))(layers.Dense(64)(x))
            model = keras.Model(inputs, x)
            """,
        ),
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
            "The picture that is the surest of each class",
            """
            import keras
            from keras import layers

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            model = keras.Sequential([layers.Flatten(), layers.Rescaling(1 / 255)])
            model.add(layers.Dense(10, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            show(x_test[model.predict(x_test).argmax(axis=0)])
            one = model.predict(x_test[:1]).argmax()
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
        Example(
            "One row of the predictions after the other",
            """
            import keras
            import numpy as np

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train / 255, y_train, epochs=5)
            y_pred = model.predict(x_test / 255)
            y_pred_labels = [np.argmax(row) for row in y_pred]
            """,
        ),
        Example(
            "The class of one image",
            """
            import keras
            import numpy as np
            from keras import layers
            from sklearn.datasets import load_digits
            from sklearn.model_selection import train_test_split

            x, y = load_digits(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x / 16, y)
            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            image = x_test[np.random.randint(len(x_test))]
            label = np.argmax(model.predict(np.expand_dims(image, axis=0)))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report layers along the examples, normalizations of maps along anything but the channels, then argmaxes."""
        for layer in program.layers:
            if _axis(layer) == 0:
                yield Report(
                    place=_place(layer),
                    message=f"{layer.class_name} works along axis 0 and mixes the examples of a batch with each other.",
                    recipe="axis=-1",
                )
        if not program.calls_of(_LAYOUT_SETTERS):
            yield from self._of_maps(program)
        yield from program.each(program.calls_of(_ARGMAX), _of_argmax)
        yield from program.each(program.layers if program.mentions("l2_normalize") else (), _of_length)

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


def _of_argmax(program: Program, call: Call) -> Iterator[Report]:
    """The class of each row, looked for in the wrong direction."""
    data = call.arguments.value("a", 0) or call.arguments.value("input") or call.arguments.value("x")
    given = call.arguments.get("axis", 1)
    if call.arguments.open or not isinstance(data, Data):
        return
    by_rows = call.name.startswith("tensorflow.") and given is None  # TensorFlow's own default is axis 0
    flat = not by_rows and (given is None or is_none(given.value))
    if not flat and not by_rows and (given is None or integer(given.value) != 0):
        return
    if _has_row_for_each(data):
        whose = "these labels"
    elif flat and _gives_classes(program, data, call.place):  # along an axis: decision-misread
        whose = "the predictions"
    else:
        return
    message = (
        f"Without an axis, this argmax of {whose} gives one number for all rows together."
        if flat
        else f"Along axis 0, this argmax of {whose} gives a row's number for each class, not a class for each row."
    )
    yield Report(call.place, message, recipe="axis=-1")


def _of_length(_: Program, layer: Layer) -> Iterator[Report]:
    """Vectors of a model that a `Lambda` divides by the length of the whole batch."""
    function = layer.value("function") if layer.class_name == "Lambda" else None
    if not isinstance(function, Function) or not isinstance(function.node, cst.Lambda):
        return
    body, parameters = function.node.body, function.node.params.params
    if not isinstance(body, cst.Call) or not body.args or not (dotted_name(body.func) or "").endswith("l2_normalize"):
        return
    given = body.args[0].value
    axis = body.args[1].value if len(body.args) > 1 else None
    whole = axis is None or (isinstance(axis, cst.Integer) and axis.evaluated_value == 0)
    if whole and isinstance(given, cst.Name) and [each.name.value for each in parameters] == [given.value]:
        message = "This divides by the length of all vectors of a batch together: each depends on the others beside it."
        yield Report(Place(function.section, body), message, recipe="axis=-1")


def _has_row_for_each(labels: Data) -> bool:
    """Whether labels are one-hot rows, and several of them."""
    rows = labels.labels is LabelForm.ONE_HOT and labels.shape is not None and len(labels.shape) == 2
    return rows and not labels.batched and labels.samples != 1


def _gives_classes(program: Program, data: Data, place: Place) -> bool:
    """Whether data are a model's predictions of several classes, for many examples, and are made into its answers."""
    if data.steps or data.one_row or data.place is None or not _COMPARED.search(_statement(place)):
        return False
    asked = next((each for each in program.evaluations if each.place.key == data.place.key), None)
    heads = heads_of(asked.model) if asked is not None and asked.model is not None else ()
    if asked is None or len(heads) != 1 or not _has_several(heads[0]) or not _is_dense(heads[0]):
        return False
    return _is_of_many(asked)


def _is_of_many(asked: Evaluation) -> bool:
    given = asked.x.value if asked.x is not None else None
    if not isinstance(given, Data) or given.samples == 1 or _is_one_example(given):
        return False
    return given.samples is not None or given.part in (Part.TEST, Part.VALIDATION)


def _is_one_example(data: Data) -> bool:
    """Whether a batch was made of one example: `np.expand_dims(image, axis=0)`, `image[np.newaxis]`."""
    last = data.steps[-1] if data.steps else None
    return last is not None and last.place is not None and _BATCH_OF_ONE.search(last.place.text) is not None


_BATCH_OF_ONE = re.compile(
    r"expand_dims\(.*(?:axis\s*=|,)\s*0\s*,?\s*\)$|\[\s*(?:None|\w+\.newaxis)\b[^\[]*\]$", re.DOTALL
)


def _statement(place: Place) -> str:
    """The small statement around a call."""
    around = next((node for node in parents.ancestors(place) if isinstance(node, cst.BaseSmallStatement)), place.node)
    return Place(place.section, around).text


_COMPARED = re.compile(
    r"==|_score\(|confusion_matrix\(|classification_report\(|inverse_transform\(|^\w*(class|label|y_pred)\w*\s*="
)
"""What is done with classes: they are compared, or called classes."""


def _is_dense(head: Head) -> bool:
    return head.layer is not None and head.layer.class_name == "Dense"


def _has_several(head: Head) -> bool:
    """Whether a head has more than one unit: by their number, or by its softmax where the program works that out."""
    return head.units > 1 if head.units is not None else head.activation == "softmax"

"""Shapes and parameter counts from the source, compared with those of Keras itself."""

from __future__ import annotations

from typing import Any

import pytest

from scram_analyzers.source.graph import Layer, Shape
from scram_analyzers.source.shapes import ModelShapes
from tests.scram_analyzers.source.programs import program_of

IMPORTS = "import keras\nfrom keras import layers\n"

IMAGE, MAP, VOLUME, ROW, SERIES = (32, 30, 3), (9, 8, 4), (8, 7, 6, 2), (12,), (20, 5)


def one(layer: str, *shapes: Shape) -> str:
    """A model of one layer on inputs of these shapes."""
    names = [f"x{number}" for number in range(len(shapes))]
    lines = [f"{name} = keras.Input(shape={shape})" for name, shape in zip(names, shapes, strict=True)]
    given = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    inputs = f"[{', '.join(names)}]"
    return "\n".join([*lines, f"y = {layer}({given})", f"model = keras.Model({inputs}, y)", "model.compile()"])


MAPS = {
    IMAGE: [
        "layers.Conv2D(8, 3)",
        "layers.Conv2D(8, (3, 5), strides=2, padding='same', use_bias=False)",
        "layers.Conv2D(8, [3, 5], strides=[2, 1], dilation_rate=1)",
        "layers.Conv2D(6, 3, dilation_rate=2)",
        "layers.Conv2D(6, 3, groups=3)",
        "layers.Conv2DTranspose(8, 3)",
        "layers.Conv2DTranspose(8, 4, strides=2, padding='same')",
        "layers.Conv2DTranspose(8, 2, strides=3)",
        "layers.Conv2DTranspose(8, 3, strides=2, output_padding=1)",
        "layers.Conv2DTranspose(8, 3, strides=2, padding='same', output_padding=1)",
        "layers.SeparableConv2D(8, 3, depth_multiplier=2)",
        "layers.DepthwiseConv2D(3, strides=2)",
        "layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, padding='same')",
        "layers.MaxPooling2D()",
        "layers.MaxPooling2D(3, strides=2, padding='same')",
        "layers.AveragePooling2D((2, 3))",
        "layers.GlobalAveragePooling2D()",
        "layers.GlobalMaxPooling2D(keepdims=True)",
        "layers.AdaptiveAveragePooling2D((4, 5))",
        "layers.ZeroPadding2D()",
        "layers.ZeroPadding2D((1, 2))",
        "layers.ZeroPadding2D(((1, 2), (3, 4)))",
        "layers.Cropping2D(2)",
        "layers.Cropping2D(((1, 2), (3, 4)))",
        "layers.UpSampling2D()",
        "layers.UpSampling2D((2, 3))",
        "layers.Resizing(16, 24)",
        "layers.CenterCrop(16, 24)",
        "layers.RandomCrop(16, 24)",
        "layers.RandomFlip('horizontal')",
        "layers.RandomRotation(0.1)",
        "layers.RandomZoom(0.1)",
        "layers.Rescaling(1 / 255)",
        "layers.BatchNormalization()",
        "layers.BatchNormalization(scale=False)",
        "layers.BatchNormalization(center=False, axis=1)",
        "layers.GroupNormalization(groups=3)",
        "layers.LayerNormalization()",
        "layers.LayerNormalization(axis=[1, 2], center=False)",
        "layers.PReLU()",
        "layers.PReLU(shared_axes=[1, 2])",
        "layers.SpatialDropout2D(0.2)",
        "layers.Flatten()",
        "layers.Permute((3, 1, 2))",
        "layers.Reshape((-1, 3))",
        "layers.Reshape([960, 3])",
        "layers.Dense(7)",
        "layers.TimeDistributed(layers.Conv1D(4, 3))",
        "layers.TimeDistributed(layers.Flatten())",
    ],
    MAP: ["layers.ConvLSTM1D(6, 3, padding='same')", "layers.ConvLSTM1D(6, 3, return_sequences=True, use_bias=False)"],
    (5, *MAP): ["layers.ConvLSTM2D(6, (3, 3))", "layers.TimeDistributed(layers.MaxPooling2D())"],
    VOLUME: [
        "layers.Conv3D(4, 3)",
        "layers.Conv3DTranspose(4, 3, strides=2)",
        "layers.MaxPooling3D()",
        "layers.GlobalAveragePooling3D()",
        "layers.ZeroPadding3D(1)",
        "layers.Cropping3D(1)",
        "layers.UpSampling3D(2)",
    ],
    SERIES: [
        "layers.Conv1D(8, 3, padding='causal', dilation_rate=2)",
        "layers.Conv1D(8, 5, 2)",
        "layers.Conv1DTranspose(8, 3, strides=2)",
        "layers.SeparableConv1D(8, 3)",
        "layers.DepthwiseConv1D(3)",
        "layers.MaxPooling1D()",
        "layers.GlobalMaxPooling1D()",
        "layers.AdaptiveMaxPooling1D(4)",
        "layers.ZeroPadding1D((1, 2))",
        "layers.Cropping1D()",
        "layers.UpSampling1D(3)",
        "layers.LSTM(6)",
        "layers.LSTM(6, return_sequences=True, use_bias=False)",
        "layers.GRU(6)",
        "layers.GRU(6, reset_after=False, return_sequences=True)",
        "layers.SimpleRNN(6)",
        "layers.RNN(layers.LSTMCell(6))",
        "layers.RNN(layers.GRUCell(6), return_sequences=True)",
        "layers.Bidirectional(layers.LSTM(6))",
        "layers.Bidirectional(layers.GRU(6, return_sequences=True), merge_mode='sum')",
        "layers.TimeDistributed(layers.Dense(4))",
        "layers.Masking()",
        "layers.EinsumDense('abc,cd->abd', output_shape=(None, 7), bias_axes='d')",
        "layers.EinsumDense('abc,cde->abde', output_shape=(None, 2, 3))",
        "layers.UnitNormalization()",
        "layers.RMSNormalization()",
    ],
    ROW: [
        "layers.Dense(7, use_bias=False)",
        "layers.Dense(units=7, activation='relu')",
        "layers.Embedding(50, 6)",
        "layers.RepeatVector(4)",
        "layers.Dropout(0.5)",
        "layers.GaussianNoise(0.1)",
        "layers.Activation('relu')",
        "layers.LeakyReLU()",
        "layers.Softmax()",
        "layers.ActivityRegularization(l2=0.1)",
        "layers.Identity()",
        "layers.Normalization()",
        "layers.Normalization(mean=0.0, variance=1.0)",
        "layers.Normalization(axis=None)",
        "layers.CategoryEncoding(9)",
        "layers.CategoryEncoding(9, output_mode='one_hot')",
        "layers.Discretization([1.0, 2.0])",
    ],
    (1,): ["layers.CategoryEncoding(9, output_mode='one_hot')", "layers.Flatten()"],
}
SEVERAL = [
    one("layers.Add()", SERIES, SERIES),
    one("layers.Multiply()", (20, 1), SERIES),
    one("layers.Average()", ROW, ROW, ROW),
    one("layers.Concatenate()", SERIES, (20, 3)),
    one("layers.Concatenate(axis=1)", SERIES, (4, 5)),
    one("layers.Dot(axes=1)", ROW, ROW),
    one("layers.Dot(axes=(2, 2))", SERIES, (7, 5)),
    one("layers.Attention()", (4, 6), (9, 6)),
    one("layers.Attention(use_scale=True, score_mode='concat')", (4, 6), (9, 6)),
    one("layers.AdditiveAttention()", (4, 6), (9, 6)),
    "x, y = keras.Input(shape=(4, 6)), keras.Input(shape=(9, 8))\n"
    "z = layers.MultiHeadAttention(num_heads=2, key_dim=3)(x, y)\nmodel = keras.Model([x, y], z)\nmodel.compile()",
    "x = keras.Input(shape=(4, 6))\n"
    "z = layers.MultiHeadAttention(2, 3, value_dim=5, output_shape=7, use_bias=False)(x, x)\n"
    "model = keras.Model(x, z)\nmodel.compile()",
    "x = keras.Input(shape=(4, 6))\nz = layers.GroupQueryAttention(3, 4, 2)(x, x)\n"
    "model = keras.Model(x, z)\nmodel.compile()",
]
CASES = [one(layer, shape) for shape, names in MAPS.items() for layer in names] + SEVERAL


def line_with_layer(lines: str) -> str:
    return next(line for line in lines.splitlines() if "layers." in line)


@pytest.mark.tensorflow
@pytest.mark.parametrize("lines", CASES, ids=[line_with_layer(lines) for lines in CASES])
def test_a_layer_has_the_shape_and_weights_that_keras_gives_it(lines: str) -> None:
    output, total = analyzed(lines)
    model = built(lines)
    assert output == tuple(model.output_shape[1:])
    assert total == model.count_params()


NETWORKS = {
    "convolutional": """
model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(32, 3, activation="relu"), layers.BatchNormalization(), layers.MaxPooling2D(),
    layers.Conv2D(64, kernel_size=(3, 3)), layers.ReLU(), layers.MaxPooling2D(2),
    layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax"),
])
model.compile()
""",
    "nested": """
encoder = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(4)])
inputs = keras.Input(shape=(40,))
code = encoder(inputs)
decoder = keras.Sequential([keras.Input(shape=(4,)), layers.Dense(40)])
model = keras.Model(inputs, decoder(code))
model.compile()
""",
    "residual": """
inputs = keras.Input(shape=(16, 16, 8))
x = inputs
for filters in (8, 16):
    y = layers.Conv2D(filters, 3, padding="same")(x)
    y = keras.activations.relu(y)
    if filters != 8:
        x = layers.Conv2D(filters, 1)(x)
    x = layers.add([x, y]) * 0.5
x = layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, layers.Dense(3)(x))
model.compile()
""",
    "shared weights": """
a, b = keras.Input(shape=(10,)), keras.Input(shape=(10,))
tower = layers.Dense(6)
joined = layers.concatenate([tower(a), tower(b)])
model = keras.Model([a, b], layers.Dense(1)(joined))
model.compile()
""",
    "backbone": """
base = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=[96, 96, 3])
model = keras.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(5)])
model.compile()
""",
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("lines", NETWORKS.values(), ids=NETWORKS)
def test_a_network_has_the_output_and_the_weights_that_keras_gives_it(lines: str) -> None:
    output, total = analyzed(lines)
    model = built(lines)
    assert output == tuple(model.output_shape[1:])
    assert total == model.count_params()


BACKBONES = [
    ("VGG16", "include_top=False", (150, 101, 3)),
    ("VGG16", "classes=7", (224, 224, 3)),
    ("ResNet50", "include_top=False", (150, 101, 3)),
    ("ResNet50", "include_top=False, pooling='avg'", (64, 64, 3)),
    ("MobileNet", "include_top=False", (150, 101, 3)),
    ("MobileNetV2", "include_top=False", (150, 101, 3)),
    ("MobileNetV3Small", "include_top=False", (150, 101, 3)),
    ("DenseNet121", "include_top=False", (63, 101, 3)),
    ("Xception", "include_top=False", (150, 101, 3)),
    ("InceptionV3", "include_top=False", (150, 101, 3)),
    ("EfficientNetB0", "include_top=False", (150, 101, 3)),
    ("EfficientNetV2B0", "classes=5", (150, 101, 3)),
    ("ConvNeXtTiny", "include_top=False", (150, 101, 3)),
]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("name", "arguments", "shape"), BACKBONES)
def test_a_backbone_has_the_shape_and_weights_that_keras_gives_it(name: str, arguments: str, shape: Shape) -> None:
    lines = f"""
base = keras.applications.{name}({arguments}, weights=None, input_shape={shape})
x = keras.Input(shape={shape})
model = keras.Model(x, base(x))
model.compile()
"""
    output, total = analyzed(lines)
    model = built(lines)
    assert output == tuple(model.output_shape[1:])
    assert total == model.count_params()


def analyzed(lines: str) -> tuple[Shape | None, int | None]:
    """The shape of the model's output and the number of its weights, as the source tells."""
    model = program_of(IMPORTS + lines + "\n").compiles[-1].model
    assert model is not None
    shapes = ModelShapes(model)
    return shapes.output(model.outputs[0]), shapes.total()


def built(lines: str) -> Any:
    """The model that Keras makes of the same lines."""
    names: dict[str, Any] = {}
    exec(IMPORTS + lines, names)
    return names["model"]


# -- without Keras


@pytest.mark.parametrize(
    "layer",
    [
        "layers.Conv2D(8, k)",
        "layers.Conv2D(8, 3, padding=p)",
        "layers.Conv2D(8, 3, **options)",
        "layers.GlobalAveragePooling2D(data_format=p)",
        "layers.Lambda(f)",
        "layers.LSTM(4, return_state=True)",
        "project.Layer(4)",
    ],
)
def test_what_the_source_does_not_tell_is_unknown(layer: str) -> None:
    output, _ = analyzed(f"import project\nfrom project import f, k, options, p\n{one(layer, (8, 8, 3))}")
    assert output is None or None in output


def test_a_window_that_does_not_fit_shows_in_the_size() -> None:
    output, _ = analyzed(one("layers.Conv2D(8, 11)", (8, 8, 3)))
    assert output == (-2, -2, 8)


def test_channels_first_as_set_for_all_layers() -> None:
    lines = "keras.backend.set_image_data_format('channels_first')\n" + one("layers.Conv2D(8, 3)", (3, 10, 12))
    assert analyzed(lines)[0] == (8, 8, 10)


def test_layers_of_a_model_hold_their_own_counts() -> None:
    model = program_of(IMPORTS + NETWORKS["convolutional"]).compiles[-1].model
    assert model is not None
    shapes = ModelShapes(model)
    counts = [shapes.parameters(tensor.producer) for tensor in model.tensors() if isinstance(tensor.producer, Layer)]
    assert counts[::-1] == [320, 128, 0, 18496, 0, 0, 0, 0, 16010]


def test_a_recurrent_layer_that_names_only_the_width_takes_any_number_of_steps() -> None:
    layer = "layers.LSTM(4, return_sequences=True, input_dim=3)"
    output, total = analyzed(f"{IMPORTS}model = keras.Sequential([{layer}])\nmodel.compile()")
    assert output == (None, 4)
    assert total == 4 * 4 * (4 + 3 + 1)

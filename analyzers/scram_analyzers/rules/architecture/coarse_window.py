"""SCR348 coarse-window."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.data_format_mismatch import looks_channels_first
from scram_analyzers.rules.architecture.evidence.paths import by, core, paths_of, shaped_models, words
from scram_analyzers.rules.architecture.positional_strides import kernel_and_strides
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.shapes.effects import axes_of, sizes

KERNEL_LEAST = 11
"""The largest kernel of the usual networks (AlexNet's first layer): from here on one is looked at. Ours."""

POOL_LEAST = 8
"""Windows smaller than this are no coarse ones, whatever the map. Ours."""


class CoarseWindow(Rule):
    """A window or a step so large that most of what a picture shows is lost in one layer."""

    code = "SCR348"
    name = "coarse-window"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    only_with = ("Conv", "Pool")
    summary = "a kernel or pooling window that takes most of its map at once, or strides that step over parts of it"
    why = (
        "A convolution finds small patterns anywhere in a picture, and layer by layer puts them together. A window "
        "nearly as large as its map can be put to a few places only: it learns whole pictures by heart, with many "
        "weights. One that moves further than it is wide never sees what lies between."
    )
    how = "Use kernels of 3 to 7, strides of 1 or 2 and pooling by 2, and more layers if the network should see more."
    references = (
        Reference("Simonyan and Zisserman: Very deep convolutional networks", "https://arxiv.org/abs/1409.1556"),
        Reference("Keras: Conv2D", "https://keras.io/api/layers/convolution_layers/convolution2d/"),
    )
    false_alarms = "A signal that is sampled far more often than it changes, of which a few samples are enough."
    bad = (
        Example(
            "A kernel that covers most of the map",
            """
            from keras import layers
            from keras.models import Sequential

            model = Sequential()
            model.add(layers.Conv2D(64, 3, activation="relu", input_shape=(70, 70, 1)))
            model.add(layers.MaxPooling2D())
            model.add(»layers.Conv2D(64, 30, activation="relu")«)
            model.add(layers.Flatten())
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "Strides wider than the kernel",
            """
            from keras import layers
            from keras.models import Sequential

            model = Sequential()
            model.add(»layers.Conv2D(64, 3, strides=8, activation="relu", input_shape=(64, 64, 3))«)
            model.add(layers.Flatten())
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "Pooling that leaves four numbers of each map",
            """
            from keras import layers
            from keras.models import Sequential

            model = Sequential()
            model.add(layers.Conv2D(64, 3, activation="relu", input_shape=(32, 32, 3)))
            model.add(»layers.MaxPooling2D(15)«)
            model.add(layers.Flatten())
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            """,
        ),
    )
    good = (
        Example(
            "A convolution of the whole map, in place of Flatten and Dense",
            """
            from keras import layers
            from keras.models import Sequential

            model = Sequential()
            model.add(layers.Conv2D(16, 5, strides=2, activation="relu", input_shape=(29, 29, 1)))
            model.add(layers.Conv2D(10, 13, activation="softmax"))
            model.add(layers.Flatten())
            model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "A shortcut, which takes every second place as it is",
            """
            import keras
            from keras import layers

            entry = keras.Input((32, 32, 16))
            x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(entry)
            x = layers.add([x, layers.Conv2D(32, 1, strides=2)(entry)])
            x = layers.AveragePooling2D(16)(x)
            model = keras.Model(entry, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each window that is coarse beside its map, and strides that leave gaps."""
        return program.each_of(shaped_models, self._of_model)

    def _of_model(self, program: Program, pair: tuple[Model, ModelShapes]) -> Iterator[Report]:
        model, shapes = pair
        for layer, tensor in paths_of(model).applied:
            inner = core(layer)
            if inner.class_name not in ("Conv2D", "MaxPooling2D"):
                continue
            skipped = _skipped(inner)
            if skipped is not None:
                yield Report(layer.place, f"{words(layer)} {skipped}", recipe="strides=2")
                continue
            source = shapes.output(tensor.inputs[0]) if tensor.inputs else None
            if source is None or len(source) < PICTURES or looks_channels_first(source):
                continue
            window, sides = _window(inner), source[-PICTURES:-1]
            is_kernel = inner.class_name == "Conv2D"
            most = 2 if is_kernel else 3
            if window is not None and all(side is not None and most * window > side > window for side in sides):
                yield Report(
                    layer.place,
                    f"{words(layer)} takes {by((window, window))} of its map of {by(sides)} at once.",
                    recipe="kernel_size=3" if is_kernel else "pool_size=2",
                )


PICTURES = 3
"""Axes of a picture."""


def _skipped(layer: Layer) -> str | None:
    """What lies between two places of a kernel, in words; a kernel of 1 takes every so manieth place on purpose."""
    if layer.class_name != "Conv2D" or layer.arguments.open or kernel_and_strides(layer) is not None:
        return None
    kernel, strides = (sizes(layer, name, axes_of(layer), default) for name, default in _SIZES)
    pairs = [(k, s) for k, s in zip(kernel, strides, strict=True) if k is not None and s is not None]
    if len(pairs) != len(kernel) or not all(1 < k < s for k, s in pairs):
        return None
    (wide, step) = pairs[0]
    return f"looks at {wide} pixels in a row and then moves {step}: what lies between is never seen."


_SIZES = (("kernel_size", None), ("strides", 1))


def _window(layer: Layer) -> int | None:
    """The side of a square window that is large enough to be looked at."""
    name, least = ("kernel_size", KERNEL_LEAST) if layer.class_name == "Conv2D" else ("pool_size", POOL_LEAST)
    given = set(sizes(layer, name, axes_of(layer), None))
    side = next(iter(given)) if len(given) == 1 else None
    return side if side is not None and side >= least else None

"""SCR318 data-format-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.evidence.paths import (
    declared_input,
    sample_shape,
    shaped_models,
    words,
    written,
)
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.entries import entries_of
from scram_analyzers.source.graph import InputSpec, Layer, Shape
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import text

CHANNELS = (1, 3, 4)
"""How many channels pictures have: gray, colour, colour with transparency."""
SMALLEST_SIDE = 8


class DataFormatMismatch(Rule):
    """Pictures whose channels stand where the layer expects the rows."""

    code = "SCR318"
    name = "data-format-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "images laid out with the channels first that go into a layer for channels last, or the other way round"
    why = (
        "Keras takes the last axis for the colours. With the channels in front, the layer slides over channels and "
        "rows, and takes the columns for colours: it learns little, or fails because the map is too small."
    )
    how = (
        "Move the channels to the end: ops.transpose(x, (0, 2, 3, 1)), and input_shape=(height, width, channels). "
        'data_format="channels_first" works on GPUs only.'
    )
    references = (
        Reference("Keras: image data format", "https://keras.io/api/utils/backend_utils/#imagedataformat-function"),
    )
    false_alarms = "Maps of features that happen to have 1, 3 or 4 rows."
    bad = (
        Example(
            "Theano's order under TensorFlow's",
            """
            from keras.models import Sequential
            from keras.layers import Conv2D, Dense, Flatten

            model = Sequential()
            model.add(»Conv2D(32, (3, 3), activation="relu", input_shape=(3, 32, 32))«)
            model.add(Flatten())
            model.add(Dense(10, activation="softmax"))
            model.compile(loss="categorical_crossentropy", optimizer="adam")
            """,
        ),
        Example(
            "Pictures put into Theano's order for a model that is declared in TensorFlow's",
            """
            from keras.datasets import mnist
            from keras.layers import Conv2D, Dense, Flatten
            from keras.models import Sequential

            (x_train, y_train), _ = mnist.load_data()
            x_train = x_train.reshape(-1, 1, 28, 28) / 255
            model = Sequential()
            model.add(Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)))
            model.add(Flatten())
            model.add(Dense(10, activation="softmax"))
            model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
            model.fit(»x_train«, y_train, epochs=5, validation_split=0.1)
            """,
        ),
    )
    good = (
        Example(
            "The layer is told",
            """
            from keras.models import Sequential
            from keras.layers import Conv2D, Dense, Flatten

            model = Sequential()
            model.add(Conv2D(32, (3, 3), data_format="channels_first", input_shape=(3, 32, 32), activation="relu"))
            model.add(Flatten())
            model.add(Dense(10, activation="softmax"))
            model.compile(loss="categorical_crossentropy", optimizer="adam")
            """,
        ),
        Example(
            "The layout is set for the whole program",
            """
            from keras import backend as K
            from keras.models import Sequential
            from keras.layers import Conv2D, Dense, Flatten

            K.set_image_data_format("channels_first")
            model = Sequential()
            model.add(Conv2D(32, (3, 3), input_shape=(3, 32, 32), activation="relu"))
            model.add(Flatten())
            model.add(Dense(10, activation="softmax"))
            model.compile(loss="categorical_crossentropy", optimizer="adam")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each first convolution whose input has its channels on the other side, and data that have."""
        yield from program.each_of(shaped_models, self._of_model)
        yield from program.each_of(every_fit, _of_fit)

    def _of_model(self, program: Program, pair: tuple[Model, ModelShapes]) -> Iterator[Report]:
        model, shapes = pair
        for entry in entries_of(model):
            layer = entry.producer
            if not isinstance(layer, Layer) or layer.class_name not in ("Conv2D", "SeparableConv2D"):
                continue
            source = shapes.output(entry.inputs[0]) if len(entry.inputs) == 1 else None
            if source is None or not isinstance(entry.inputs[0].producer, InputSpec):
                continue
            layout = layer.value("data_format")
            first = text(layout) in ("channels_first", "th")
            if layout is not None and text(layout) is None:
                continue
            if first and looks_channels_first(source[::-1]) and not looks_channels_first(source):
                expected, found = "first", "last"
            elif not first and looks_channels_first(source):
                expected, found = "last", "first"
            else:
                continue
            declared = entry.inputs[0].producer.place
            apart = declared is not None and declared.key != layer.place.key
            yield Report(
                layer.place,
                f"{words(layer)} expects the channels {expected}, but its input {source} has them {found}.",
                (Related(declared, "The shape is declared here."),) if declared is not None and apart else (),
            )


def _of_fit(_: Program, fit: Fit) -> Iterator[Report]:
    """Pictures laid out the other way round than the model declares."""
    shape, declared = sample_shape(fit.inputs), declared_input(fit.model)
    if shape is None or declared is None or declared.shape is None or fit.x is None or fit.x.place is None:
        return
    if not is_turned(shape, declared.shape) or declared.place is None:
        return
    found, expected = ("first", "last") if looks_channels_first(shape) else ("last", "first")
    moved = [step.place for step in fit.inputs.steps if step.name in _TURNING] if fit.inputs is not None else []
    related = [Related(place, "They are laid out here.") for place in moved[-1:] if place is not None]
    yield Report(
        fit.x.place,
        f"These images of shape {written(shape)} have their channels {found}, but the model's input is declared with "
        f"the channels {expected}: {written(declared.shape)}.",
        (*related, Related(declared.place, "The shape is declared here.")),
    )


_TURNING = ("reshape", "transpose")


def is_turned(shape: Shape, declared: Shape) -> bool:
    """Whether data have the declared sizes, but the channels at the other end."""
    if len(shape) != PICTURE_AXES or len(declared) != PICTURE_AXES or None in shape or shape == declared:
        return False
    if looks_channels_first(shape):
        return (*shape[1:], shape[0]) == declared
    return looks_channels_first(declared) and (*declared[1:], declared[0]) == shape


PICTURE_AXES = 3


def looks_channels_first(shape: Shape) -> bool:
    """Whether a picture's shape has its channels in front."""
    if len(shape) != 3 or shape[0] not in CHANNELS or shape[2] in CHANNELS:
        return False
    return all(size is not None and size >= SMALLEST_SIDE for size in shape[1:])

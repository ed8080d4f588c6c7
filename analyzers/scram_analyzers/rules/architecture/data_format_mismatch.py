"""SCR318 data-format-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.paths import shaped_models, words
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.entries import entries_of
from scram_analyzers.source.graph import InputSpec, Layer, Shape
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program
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
        """Report each first convolution whose input has its channels on the other side."""
        return program.each(shaped_models(program), self._of_model)

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
            yield Report(
                layer.place,
                f"{words(layer)} expects the channels {expected}, but its input {source} has them {found}.",
            )


def looks_channels_first(shape: Shape) -> bool:
    """Whether a picture's shape has its channels in front."""
    if len(shape) != 3 or shape[0] not in CHANNELS or shape[2] in CHANNELS:
        return False
    return all(size is not None and size >= SMALLEST_SIDE for size in shape[1:])

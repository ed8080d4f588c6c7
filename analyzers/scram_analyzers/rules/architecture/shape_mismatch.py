"""SCR335 shape-mismatch."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.evidence.last_layers import last_recurrent
from scram_analyzers.rules.architecture.evidence.paths import by, core, paths_of, sample_shape, shaped_models, words
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.run.wording import counted
from scram_analyzers.source.data import LabelForm
from scram_analyzers.source.graph import Layer, Shape, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Fit, ImpossibleReshape, Program, every_fit
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import boolean

SEQUENCE_LAYERS = ("LSTM", "GRU", "SimpleRNN", "Bidirectional")


class ShapeMismatch(Rule):
    """A layer that can't take what the layer before it gives."""

    code = "SCR335"
    name = "shape-mismatch"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    matters_in_tests = True
    summary = "a layer, or an array's new shape, that does not fit what it is given"
    why = (
        "Each kind of layer works on a fixed number of axes: a 2D convolution on rows, columns and channels, a "
        "recurrent layer on steps and features. Given anything else, Keras stops with an error."
    )
    how = "Bring the data into the form that the layer needs: Flatten, Reshape, or return_sequences=True before it."
    references = (Reference("Keras: Layers API", "https://keras.io/api/layers/"),)
    bad = (
        Example(
            "The first LSTM gives only its last step",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(24, 3)),
                    layers.LSTM(32),
                    »layers.LSTM(32)«,
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "A label for each step, an answer for the last one",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import sentences, tags

            x = np.zeros((len(sentences), 40), dtype="int32")
            y = np.zeros((len(sentences), 40, len(tags)))
            for n, sentence in enumerate(sentences):
                for step, (word, tag) in enumerate(sentence):
                    x[n, step] = word
                    y[n, step, tag] = 1
            model = keras.Sequential([layers.Embedding(9000, 32), »layers.LSTM(64)«])
            model.add(layers.Dense(len(tags), activation="softmax"))
            model.compile("adam", "categorical_crossentropy")
            model.fit(x, y, epochs=10)
            """,
        ),
        Example(
            "A class number for each word, an answer for the last one",
            """
            import keras
            from keras import layers
            from keras.utils import pad_sequences
            from project import sentences, tags

            x = pad_sequences(sentences, maxlen=60)
            y = pad_sequences(tags, maxlen=60)
            model = keras.Sequential([layers.Embedding(9000, 32), layers.Bidirectional(»layers.LSTM(64)«)])
            model.add(layers.Dense(9, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(x, y, epochs=10)
            """,
        ),
        Example(
            "One data set's sizes for another",
            """
            from keras.datasets import cifar10

            (x_train, y_train), (x_test, y_test) = cifar10.load_data()
            x_train = »x_train.reshape(60000, 28 * 28, 3)«
            """,
        ),
        Example(
            "Every step, where one code is to be repeated",
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input((30,)), layers.Embedding(80, 32)])
            model.add(layers.LSTM(64, return_sequences=True))
            model.add(»layers.RepeatVector(10)«)
            model.add(layers.LSTM(64, return_sequences=True))
            model.add(layers.TimeDistributed(layers.Dense(12, activation="softmax")))
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "The whole sequence is passed on",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(24, 3)),
                    layers.LSTM(32, return_sequences=True),
                    layers.LSTM(32),
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "A reshape whose sizes fit",
            """
            from keras.datasets import cifar10

            (x_train, y_train), (x_test, y_test) = cifar10.load_data()
            x_train = x_train.reshape(50000, -1)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report arrays reshaped to what they can't hold, and layers on the wrong number of axes."""
        for impossible in program.impossible_reshapes:
            yield _reshape_report(impossible)
        yield from program.each_of(shaped_models, _of_model)
        yield from program.each_of(every_fit, _steps_report)


def _of_model(_: Program, pair: tuple[Model, ModelShapes]) -> Iterator[Report]:
    model, shapes = pair
    for layer, tensor in paths_of(model).applied:
        yield from _axes_report(layer, tensor, shapes)


def _steps_report(_: Program, fit: Fit) -> Iterator[Report]:
    """A recurrent layer that gives its last step only, where the targets have something for each step."""
    if fit.model is None or len(fit.model.outputs) != 1 or not fit.model.uses_compiled_loss:
        return
    held = _held_for_steps(fit)
    recurrent = last_recurrent(fit.model.outputs[0]) if held is not None else None
    if recurrent is None or recurrent.arguments.open:
        return
    given = recurrent.arguments.get("return_sequences")
    if given is not None and boolean(given.value) is not False:
        return
    related = (Related(fit.y.place, "The targets."),) if fit.y is not None and fit.y.place is not None else ()
    yield Report(
        recurrent.place,
        f"{words(recurrent)} gives only its last step, but the targets have {held} for every step of an example.",
        related,
        recipe="return_sequences=True",
    )


def _held_for_steps(fit: Fit) -> str | None:
    """What the targets hold for each step, in words: rows, or numbers of classes; None where they hold neither."""
    shape, losses = sample_shape(fit.targets), fit.compile.losses if fit.compile is not None else ()
    if shape is None or not losses or any(size == 1 for size in shape):
        return None
    if len(shape) == 2:
        return "a row"
    numbered = losses[0].name == "sparse_categorical_crossentropy" and len(losses) == 1
    one_hot = fit.targets is not None and fit.targets.labels is LabelForm.ONE_HOT
    return "a class number" if numbered and not one_hot and len(shape) == 1 and shape[0] is not None else None


def _axes_report(layer: Layer, tensor: Tensor, shapes: ModelShapes) -> Iterator[Report]:
    needed = _needed_axes(layer)
    if needed is None or len(tensor.inputs) != 1:
        return
    source = shapes.output(tensor.inputs[0])
    by_steps = layer.class_name == "TimeDistributed"
    if source is None or len(source) == needed or (by_steps and len(source) > needed):
        return
    before = tensor.inputs[0].producer
    related = (Related(before.place, f"It gives {_axes(source)}."),) if isinstance(before, Layer) else ()
    number = f"{'at least ' if by_steps else ''}{counted(needed, 'axis', 'axes')}"
    message = f"{words(layer)} needs an input of {number} besides the batch, but gets {_axes(source)}."
    yield Report(layer.place, message, related, recipe=_recipe(layer, before))


def _recipe(layer: Layer, before: object) -> str:
    """What a recurrent layer is to return to the one after it."""
    if not isinstance(before, Layer) or before.class_name not in SEQUENCE_LAYERS:
        return ""
    if layer.class_name == "RepeatVector":
        return "return_sequences=False  # in the layer before"
    of_steps = layer.class_name == "TimeDistributed" or layer.class_name in SEQUENCE_LAYERS
    return "return_sequences=True  # in the layer before" if of_steps else ""


def _axes(shape: Shape) -> str:
    return f"{len(shape)} ({by(shape)})" if shape else "none"


def _needed_axes(layer: Layer) -> int | None:
    name = core(layer).class_name if layer.class_name != "TimeDistributed" else ""
    if layer.class_name in SEQUENCE_LAYERS or layer.class_name == "TimeDistributed":
        return 2
    if name == "RepeatVector":
        return 1
    if ("Conv" in name and "LSTM" not in name) or "Pooling" in name:
        return next((int(each) + 1 for each in name if each.isdigit()), None)
    return None


def _reshape_report(impossible: ImpossibleReshape) -> Report:
    before, asked = math.prod(impossible.before), math.prod(size for size in impossible.asked if size != -1)
    cannot = "can't be divided into" if -1 in impossible.asked else "are not"
    return Report(
        impossible.place,
        f"This array has the shape {impossible.before}; its {before:,} values {cannot} the {asked:,} of "
        f"{impossible.asked}.",
        how="Use the array's own sizes: x.reshape(len(x), -1) keeps the examples apart whatever their number.",
    )

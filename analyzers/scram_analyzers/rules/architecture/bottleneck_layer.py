"""SCR322 bottleneck-layer."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.evidence.paths import (
    DROPOUTS,
    LINEAR_MAPS,
    Paths,
    is_activation,
    models_of,
    paths_of,
    shaped_models,
    width,
    words,
)
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.candidates import is_candidate
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import InputSpec, Layer, Shape, Tensor
from scram_analyzers.source.heads import heads_with_losses
from scram_analyzers.source.keras_api.losses import CATEGORICAL
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Program
from scram_analyzers.source.reading import parents
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import boolean

RECURRENT_CELLS = frozenset(("LSTM", "GRU", "SimpleRNN"))
PASSED = DROPOUTS | {"BatchNormalization"}


class BottleneckLayer(Rule):
    """A hidden layer of one unit, through which everything must go."""

    code = "SCR322"
    name = "bottleneck-layer"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a hidden layer with a single unit, or with very few before many classes"
    why = (
        "Whatever the layers before have found out about a sample must pass through this layer. With one unit that "
        "is one number; the layers after it can only bend that number."
    )
    how = "Give hidden layers more units, such as 16 to 128, and keep a single unit for the last layer."
    references = (
        Reference(
            "Stanford CS231n: Setting the number of layers and their sizes",
            "https://cs231n.github.io/neural-networks-1/",
        ),
        Reference(
            "Chollet: Deep Learning with Python, 3.5.7", "https://www.manning.com/books/deep-learning-with-python"
        ),
    )
    false_alarms = "An autoencoder whose code is one number on purpose; a layer of two units that is to be drawn."
    prevents_learning = True
    bad = (
        Example(
            "Ten digits from two numbers that are never below 0",
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input((64,)), layers.Dense(128, activation="relu")])
            model.add(»layers.Dense(2, activation="relu")«)
            model.add(layers.Dense(10, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "Thirty features through one unit",
            """
            from keras import Sequential
            from keras.layers import Dense

            model = Sequential()
            model.add(»Dense(1, input_dim=30, activation="relu")«)
            model.add(Dense(16, activation="relu"))
            model.add(Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            """,
        ),
        Example(
            "A code of one number",
            """
            import keras
            from keras import layers

            pixels = keras.Input(shape=(784,))
            code = »layers.Dense(1, activation="relu")«(layers.Dense(64, activation="relu")(pixels))
            encoder = keras.Model(pixels, code)
            values = keras.Input(shape=(1,))
            decoder = keras.Model(values, layers.Dense(784)(layers.Dense(64, activation="relu")(values)))
            autoencoder = keras.Model(pixels, decoder(encoder(pixels)))
            autoencoder.compile("adam", "mse")
            """,
        ),
        Example(
            "A recurrent layer of one unit",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(24, 14)),
                    »layers.SimpleRNN(1)«,
                    layers.Dense(8, activation="relu"),
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "The rows of a table",
            """
            import keras
            import pandas as pd
            from keras import layers

            table = pd.read_csv("strokes.csv")
            y = table.pop("stroke")
            model = keras.Sequential()
            model.add(layers.Dense(32, activation="relu"))
            model.add(»layers.Dense(1, activation="relu")«)
            model.add(layers.Dense(16, activation="relu"))
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile("adam", "binary_crossentropy")
            model.fit(table, y)
            """,
        ),
        Example(
            "Four numbers for 46 classes",
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input(shape=(10_000,)), layers.Dense(64, activation="relu")])
            model.add(»layers.Dense(4, activation="relu")«)
            model.add(layers.Dense(46, activation="softmax"))
            model.compile("adam", "categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "Two numbers to draw ten digits by",
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input((64,)), layers.Dense(128, activation="relu")])
            model.add(layers.Dense(2, name="drawn"))
            model.add(layers.Dense(10, activation="softmax"))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "One unit for each of several steps in a row",
            """
            import keras
            import numpy as np
            import pandas as pd
            from keras import layers

            table = pd.read_csv("steps.csv")
            x = np.reshape(table.values, (-1, 10, 4))
            model = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(1, "relu"), layers.Dense(4, "relu")])
            model.compile("adam", "mse")
            model.fit(x, x)
            """,
        ),
        Example(
            "One unit at the end",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1)])
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "A judge that another model ends in",
            """
            import keras
            from keras import layers

            generator = keras.Sequential([keras.Input(shape=(16,)), layers.Dense(8, "relu"), layers.Dense(2)])
            judge = keras.Sequential([keras.Input(shape=(2,)), layers.Dense(32, activation="relu"), layers.Dense(1)])
            noise = keras.Input(shape=(16,))
            both = keras.Model(noise, judge(generator(noise)))
            both.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
            """,
        ),
        Example(
            "Codes of several sizes, compared with one another",
            """
            import keras
            from keras import layers

            (x_train, _), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(-1, 784) / 255
            for size in (1, 4, 16, 64):
                model = keras.Sequential([layers.Dense(size, "relu"), layers.Dense(784, "sigmoid")])
                model.compile("adam", "mse")
                model.fit(x_train, x_train, epochs=10)
            """,
        ),
        Example(
            "One score for each time step",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20, 8)),
                    layers.Dense(1),
                    layers.Flatten(),
                    layers.Dense(4, activation="relu"),
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each hidden layer whose whole output is one number."""
        classifiers = {
            compiled.model.identity
            for compiled in program.compiles
            if compiled.model is not None and _picks_a_class(compiled)
        }
        yield from program.each_of(shaped_models, self._of_model)
        among_many = [model for model in models_of(program) if model.identity in classifiers]
        yield from program.each(among_many, _before_many_classes)

    def _of_model(self, program: Program, pair: tuple[Model, ModelShapes]) -> Iterator[Report]:
        model, shapes = pair
        paths = paths_of(model)
        for layer, tensor in paths.applied:
            if width(layer) != 1 or not tensor.inputs or not _gives_one_number(layer):
                continue
            following = _next_layer(paths, tensor) or _next_model_layer(program, model, tensor)
            source = shapes.output(tensor.inputs[0])
            if following is None or (layer.class_name == "Dense" and not _reads_rows(program, model, source)):
                continue
            if _is_compared(program, model, layer):
                continue
            features = source[-1] if source else None
            fed = f"{features} values" if features is not None and features > 1 else "everything before it"
            yield Report(
                layer.place,
                f"{words(layer)} has one unit: {fed} must pass through it as a single number.",
                (Related(following.place, "This layer sees nothing but that number."), *_asked_at(program, layer)),
            )


def _is_compared(program: Program, model: Model, layer: Layer) -> bool:
    """Whether a loop makes a model of each of several sizes; where it adds a layer of each, the others are in this."""
    place = _written(layer)
    if place is None or not is_candidate(program, place):
        return False
    sizes = parents.ancestors(place)[1]
    others = (_written(each) for each in model.layers if each is not layer)
    return not any(other is not None and sizes in parents.ancestors(other) for other in others)


def _written(layer: Layer) -> Place | None:
    """Where the number of units is written."""
    units = layer.arguments.get("units")
    return units.value.place if units is not None else None


def _asked_at(program: Program, layer: Layer) -> Iterator[Related]:
    """Where the number of units is written, if not at the layer: at the call of the function that makes it."""
    written = _written(layer)
    if written is not None and not program.range_of(layer.place).contains(program.range_of(written)):
        yield Related(written, "The number of units comes from here.")


FEW_UNITS = 4
"""As many units before 46 classes cost Chollet's network on Reuters eight points of accuracy."""


CUT_UNITS = 2
"""Of scikit-learn's digits a network tells 91 %, through two linear units 73 %, through two with relu 22 to 57 %."""


def _picks_a_class(compiled: Compile) -> bool:
    """Whether a model is to tell one class of several: by its loss, or by its last activation under another one."""
    if any(loss.name in CATEGORICAL for loss in compiled.losses):
        return True
    return any(head.activation == "softmax" for head, _ in heads_with_losses(compiled))


def _before_many_classes(_: Program, model: Model) -> Iterator[Report]:
    """The dense layers of a few units that are read by one with ten times as many classes and more."""
    paths = paths_of(model)
    for layer, tensor in paths.applied:
        yield from _before_many(paths, layer, tensor)


def _before_many(paths: Paths, layer: Layer, tensor: Tensor) -> Iterator[Report]:
    """A dense layer of a few units, read by one with ten times as many classes and more; with half of that cut off."""
    units = width(layer)
    if layer.class_name != "Dense" or units is None or not 1 < units <= FEW_UNITS or not tensor.inputs:
        return
    following = _next_layer(paths, tensor)
    classes = width(following) if following is not None else None
    cut = units == CUT_UNITS and own_activation(layer)[0] == "relu"
    if following is None or classes is None or classes < (5 if cut else 10) * units:
        return
    yield Report(
        layer.place,
        f"{words(layer)} leaves {units} numbers from which {classes} classes have to be told.",
        (Related(following.place, "This layer sees nothing but these numbers."),),
        confidence=Confidence.MEDIUM,
    )


def _reads_rows(program: Program, model: Model, source: Shape | None) -> bool:
    """Whether a dense layer gets one row of numbers for each example, by its input's shape or a table's training."""
    if source is not None:
        return len(source) == 1
    if any(layer.class_name not in _KEEPING_ROWS for layer in model.layers):
        return False
    trained = [fit.inputs for fit in program.fits if fit.model is not None and fit.model.identity == model.identity]
    return any(
        data is not None and data.is_table and not any(step.name in _STACKING for step in data.steps)
        for data in trained
    )


_KEEPING_ROWS = frozenset(
    ("Dense", "Dropout", "Activation", "LeakyReLU", "ReLU", "BatchNormalization", "Normalization")
)
_STACKING = frozenset(("reshape", "expand_dims", "window", "stack"))


def _gives_one_number(layer: Layer) -> bool:
    if layer.class_name in RECURRENT_CELLS:
        return boolean(layer.value("return_sequences")) in (None, False) and not layer.arguments.open
    return layer.class_name == "Dense"


def _next_layer(paths: Paths, tensor: Tensor) -> Layer | None:
    """The dense layer that reads the values, past what keeps their number."""
    reader = paths.only_reader(tensor)
    while reader is not None and isinstance(reader.producer, Layer):
        producer = reader.producer
        if producer.class_name in LINEAR_MAPS:
            return producer if producer.class_name == "Dense" else None
        if not is_activation(producer) and producer.class_name not in PASSED:
            return None
        reader = paths.only_reader(reader)
    return None


def _next_model_layer(program: Program, model: Model, output: Tensor) -> Layer | None:
    """The dense layer that reads a model's only output in another model, as a decoder reads an encoder's."""
    if model.outputs != (output,):
        return None
    for outer in models_of(program):
        paths = paths_of(outer)
        for used in (tensor for tensor in paths.tensors if tensor.producer is model):
            reader = paths.only_reader(used)
            if reader is None or reader.inputs != (used,) or not isinstance(reader.producer, Model):
                return _next_layer(paths, used)
            inner = paths_of(reader.producer)
            begins = [tensor for tensor in inner.tensors if isinstance(tensor.producer, InputSpec)]
            return _next_layer(inner, begins[0]) if len(begins) == 1 else None
    return None

"""SCR334 input-shape-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.data_format_mismatch import is_turned
from scram_analyzers.rules.architecture.evidence.paths import declared_input, sample_shape, written
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import InputSpec, Shape
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Evaluation, Fit, Program, every_evaluation, every_fit


class InputShapeMismatch(Rule):
    """Data of another shape than the model's input."""

    code = "SCR334"
    name = "input-shape-mismatch"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    matters_in_tests = True
    summary = "training data whose shape is not the one that the model's input declares"
    why = "The model's weights are made for the declared shape; data of another shape stop the training with an error."
    how = "Declare the shape of one example (without the number of examples), or reshape the data to what is declared."
    references = (Reference("Keras: Input", "https://keras.io/api/layers/core_layers/input/"),)
    bad = (
        Example(
            "Images into an input for rows of numbers",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential([keras.Input(shape=(784,)), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
        ),
        Example(
            "One image where a batch is expected",
            """
            import keras
            from keras import layers

            (x_train, y_train), (x_test, _) = keras.datasets.cifar10.load_data()
            x_train, x_test = x_train / 255, x_test / 255
            model = keras.Sequential(
                [
                    keras.Input(shape=(32, 32, 3)),
                    layers.Conv2D(8, 3, activation="relu"),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train)
            print(model.predict(»x_test[0]«))
            """,
        ),
        Example(
            "One picture as OpenCV reads it",
            """
            import cv2
            import keras
            from keras import layers
            from project import labels, paths

            pictures = [cv2.resize(cv2.imread(path), (64, 64)) / 255 for path in paths]
            model = keras.Sequential(
                [
                    keras.Input(shape=(64, 64, 3)),
                    layers.Conv2D(8, 3, activation="relu"),
                    layers.Flatten(),
                    layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(pictures, labels)
            picture = cv2.resize(cv2.imread("found.jpg"), (64, 64)) / 255
            print(model.predict(»picture«))
            """,
        ),
        Example(
            "Pictures listed in a table, of another size than the backbone declares",
            """
            import keras
            import pandas as pd
            from keras.preprocessing.image import ImageDataGenerator

            table = pd.read_csv("labels.csv")
            pictures = ImageDataGenerator(rescale=1 / 255).flow_from_dataframe(
                table, "train", x_col="file", y_col="breed", target_size=(299, 299)
            )
            base = keras.applications.InceptionV3(include_top=False, pooling="avg", input_shape=(224, 224, 3))
            model = keras.Sequential([base, keras.layers.Dense(120, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(»pictures«, epochs=10)
            """,
        ),
        Example(
            "Columns counted off a table",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("customers.csv")
            x, y = table.iloc[:, 3:13].values / 100, table.iloc[:, 13].values
            model = keras.Sequential([keras.layers.Dense(6, activation="relu", input_dim=11)])
            model.add(keras.layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(»x«, y, epochs=50)
            """,
        ),
        Example(
            "Pictures given an axis of one color",
            """
            import keras
            import numpy as np
            from keras import layers

            (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
            x = x[..., np.newaxis] / 255
            model = keras.Sequential(
                [
                    keras.Input((28, 28, 3)),
                    layers.Conv2D(8, 3, activation="relu"),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(»x«, y, epochs=3)
            """,
        ),
        Example(
            "Two inputs, handed over in the wrong order",
            """
            import keras
            import numpy as np

            places, prices = np.random.rand(100, 2), np.random.rand(100, 3)
            place, price = keras.Input(shape=(2,)), keras.Input(shape=(3,))
            x = keras.layers.Concatenate()([keras.layers.Dense(8, "relu")(place), keras.layers.Dense(8, "relu")(price)])
            model = keras.Model([place, price], keras.layers.Dense(1)(x))
            model.compile(optimizer="adam", loss="mse")
            model.fit([»prices«, places], np.random.rand(100))
            """,
        ),
    )
    good = (
        Example(
            "Reshaped first",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(-1, 784) / 255
            model = keras.Sequential([keras.Input(shape=(784,)), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A channel axis of length one, which Keras adds by itself",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential()
            model.add(layers.Conv2D(8, 3, activation="relu", input_shape=(28, 28, 1)))
            model.add(layers.Flatten())
            model.add(layers.Dense(10, activation="softmax"))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "The first batch of a generator that gives the images as targets, too",
            """
            from keras import layers, models
            from keras.preprocessing.image import ImageDataGenerator

            images = ImageDataGenerator(rescale=1 / 255)
            cells = images.flow_from_directory("cells", target_size=(64, 64), class_mode="input")
            model = models.Sequential()
            model.add(layers.Conv2D(8, 3, padding="same", activation="relu", input_shape=(64, 64, 3)))
            model.add(layers.Conv2D(3, 3, padding="same", activation="sigmoid"))
            model.compile(optimizer="adam", loss="mse")
            model.fit(cells, epochs=20)
            batches = []
            while len(batches) < 5:
                both = cells.next()
                batches.append(both[0])
            print(model.predict(batches[0]))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training whose data can't have the shape that the model declares."""
        yield from program.each_of(every_fit, _of_fit)
        yield from program.each_of(every_evaluation, _single_examples)
        yield from program.each_of(every_fit, _of_several)
        yield from program.each_of(every_evaluation, _of_several)


def _of_fit(_: Program, fit: Fit) -> Iterator[Report]:
    shape, declared = sample_shape(fit.inputs), declared_input(fit.model)
    if shape is None or declared is None or declared.shape is None or fit.x is None or fit.x.place is None:
        return
    if not _fits(shape, declared.shape):
        if not is_turned(shape, declared.shape):  # which has a rule of its own
            yield _misshapen(fit.x.place, shape, declared)
        return
    judged = fit.validation
    data = judged.value if judged is not None and isinstance(judged.value, Data) else None
    other = sample_shape(data)
    if judged is not None and judged.place is not None and other is not None and not _fits(other, declared.shape):
        yield _misshapen(judged.place, other, declared)


def _of_several(_: Program, call: Fit | Evaluation) -> Iterator[Report]:
    """The first of several inputs that can't have the shape of the input that it goes to, as when they are swapped."""
    for feed in call.feeds if len(call.feeds) > 1 else ():
        shape, declared = sample_shape(feed.data), feed.entry.producer
        if shape is None or not isinstance(declared, InputSpec) or declared.shape is None:
            continue
        if not _fits(shape, declared.shape) and not is_turned(shape, declared.shape):
            yield _misshapen(feed.place, shape, declared)
            return


def _misshapen(place: Place, shape: Shape, declared: InputSpec) -> Report:
    related = (Related(declared.place, "The shape is declared here."),) if declared.place is not None else ()
    assert declared.shape is not None
    is_row = len(shape) == 1 and shape[0] is None
    what = "is one row of numbers" if is_row else f"has the shape {written(shape)}"
    return Report(
        place,
        f"Each example {what}, but the model's input is declared as {written(declared.shape)}.",
        related,
    )


def _single_examples(_: Program, evaluation: Evaluation) -> Iterator[Report]:
    """An evaluation of examples of another shape, or a prediction for one that lacks the axis of the batch."""
    data = evaluation.x.value if evaluation.x is not None else None
    declared = declared_input(evaluation.model)
    if not isinstance(data, Data) or not data.shape or data.batched or declared is None or not declared.shape:
        return
    place = evaluation.x.place if evaluation.x is not None else None
    if place is None:
        return
    if not _is_picture(data) and not (data.shape == declared.shape and _is_one_example(data)):
        if not _fits(data.shape[1:], declared.shape) and not is_turned(data.shape[1:], declared.shape):
            yield _misshapen(place, data.shape[1:], declared)
        return
    yield Report(
        place,
        f"The call of {evaluation.method} expects a batch of examples, but {place.text} is a single one of the "
        f"shape {written(data.shape)}.",
        recipe=f"{place.text}[None]  # a batch of one",
    )


def _is_picture(data: Data) -> bool:
    """Whether data are a picture as it was read from its file, with no axis for a batch."""
    return data.images and data.source.endswith(".load_img") and len(data.shape or ()) == PICTURE_AXES


PICTURE_AXES = 3


def _is_one_example(data: Data) -> bool:
    """Whether the last step took one row out of an array, which takes its first axis away, or it is one picture.

    A row of a single number may as well be a batch of it.
    """
    if set(data.shape or ()) == {1}:
        return False
    if data.images and None not in (data.shape or (None,)):
        return True
    node = data.steps[-1].node if data.steps else None
    if not isinstance(node, cst.Subscript) or len(node.slice) != 1:
        return False
    return isinstance(node.slice[0].slice, cst.Index)


def _fits(shape: Shape, declared: Shape) -> bool:
    """Whether data may have the declared shape; axes of length one may come and go, as Keras lets them."""
    if len(shape) == len(declared):
        return all(one is None or other is None or one == other for one, other in zip(shape, declared, strict=True))
    if len(declared) == len(shape) + 1 and declared[-1] in (1, None):
        return _fits(shape, declared[:-1])
    if len(shape) == len(declared) + 1 and shape[-1] in (1, None):
        return _fits(shape[:-1], declared)
    return False

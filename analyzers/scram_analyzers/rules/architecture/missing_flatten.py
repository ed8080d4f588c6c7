"""SCR310 missing-flatten."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes, layer_edits
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence import one_number_wanted
from scram_analyzers.rules.architecture.evidence.last_layers import (
    RECURRENT,
    first_of_run,
    gives_every_step,
    last_recurrent,
)
from scram_analyzers.rules.architecture.evidence.paths import (
    DROPOUTS,
    Paths,
    by,
    is_activation,
    paths_of,
    sample_shape,
    words,
)
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, LabelForm, StepKind
from scram_analyzers.source.graph import InputSpec, Layer, Tensor
from scram_analyzers.source.heads import heads_of
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Compile, Fit, Program
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import number

CLASS_LOSSES = frozenset(("categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"))
MAP_MAKERS = ("Conv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D", "DepthwiseConv2D")


class MissingFlatten(Rule):
    """A dense head that answers for every place of a map instead of once for the example."""

    code = "SCR310"
    name = "missing-flatten"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a dense layer that works on every place of a map or sequence because nothing has flattened it"
    why = (
        "Dense works on the last axis alone. On a map that was not flattened it gives an answer for every place, "
        "and each place sees only itself; the model's output then has more axes than the labels."
    )
    how = "Put GlobalAveragePooling2D() or Flatten() between the last map and the first dense layer."
    references = (Reference("Keras: Flatten", "https://keras.io/api/layers/reshaping_layers/flatten/"),)
    false_alarms = "A prediction for every pixel on purpose, where the labels can't be seen."
    bad = (
        Example(
            "From a convolution straight into the head",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            model = keras.Sequential()
            model.add(layers.Rescaling(1 / 255, input_shape=(32, 32, 3)))
            model.add(layers.Conv2D(32, 3, activation="relu"))
            model.add(layers.MaxPooling2D())
            model.add(»layers.Dense(10, activation="softmax")«)
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            model = keras.Sequential()
            model.add(layers.Rescaling(1 / 255, input_shape=(32, 32, 3)))
            model.add(layers.Conv2D(32, 3, activation="relu"))
            model.add(layers.MaxPooling2D())
            model.add(layers.Flatten())
            model.add(layers.Dense(10, activation="softmax"))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Dense on the pixels, flattened too late",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.Input(shape=(28, 28)),
                    layers.Rescaling(1 / 255),
                    »layers.Dense(128, activation="relu")«,
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.Input(shape=(28, 28)),
                    layers.Rescaling(1 / 255),
                    layers.Flatten(),
                    layers.Dense(128, activation="relu"),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Every step of a recurrent layer, for one class",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10000)
            x_train = keras.utils.pad_sequences(x_train, 200)
            model = keras.Sequential()
            model.add(layers.Embedding(10000, 64))
            model.add(layers.LSTM(64, return_sequences=True))
            model.add(»layers.Dense(1, activation="sigmoid")«)
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10000)
            x_train = keras.utils.pad_sequences(x_train, 200)
            model = keras.Sequential()
            model.add(layers.Embedding(10000, 64))
            model.add(layers.LSTM(64))
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Every step of a recurrent layer, for one number",
            """
            import keras
            import numpy as np
            from keras import layers

            series = np.random.rand(1024, 3)
            windows, following = [], []
            for start in range(1000):
                windows.append(series[start : start + 24])
                following.append(series[start + 24, 0])
            x_train, y_train = np.array(windows), np.array(following)
            model = keras.Sequential()
            model.add(»layers.GRU(64, return_sequences=True)«)
            model.add(layers.Dense(1))
            model.compile(optimizer="adam", loss="mae")
            model.fit(x_train, y_train)
            """,
            """
            import keras
            import numpy as np
            from keras import layers

            series = np.random.rand(1024, 3)
            windows, following = [], []
            for start in range(1000):
                windows.append(series[start : start + 24])
                following.append(series[start + 24, 0])
            x_train, y_train = np.array(windows), np.array(following)
            model = keras.Sequential()
            model.add(layers.GRU(64))
            model.add(layers.Dense(1))
            model.compile(optimizer="adam", loss="mae")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Every step of windows, for the one value after each of them",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.preprocessing import MinMaxScaler

            prices = MinMaxScaler().fit_transform(pd.read_csv("prices.csv")["open"].values.reshape(-1, 1))
            x, y = [], []
            for i in range(60, len(prices)):
                x.append(prices[i - 60 : i, 0])
                y.append(prices[i, 0])
            x, y = np.array(x), np.array(y)
            x = np.reshape(x, (x.shape[0], x.shape[1], 1))
            model = keras.Sequential([»keras.layers.LSTM(32, return_sequences=True)«, keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.preprocessing import MinMaxScaler

            prices = MinMaxScaler().fit_transform(pd.read_csv("prices.csv")["open"].values.reshape(-1, 1))
            x, y = [], []
            for i in range(60, len(prices)):
                x.append(prices[i - 60 : i, 0])
                y.append(prices[i, 0])
            x, y = np.array(x), np.array(y)
            x = np.reshape(x, (x.shape[0], x.shape[1], 1))
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A stack of dense layers on pooled maps of whatever size",
            """
            import keras
            from keras import layers
            from project import load

            x, y = load("pictures")
            model = keras.Sequential(
                [
                    layers.Conv2D(16, 3, activation="relu"),
                    layers.MaxPooling2D(),
                    layers.Dense(64, activation="relu"),
                    »layers.Dense(5, activation="softmax")«,
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, epochs=20)
            """,
            """
            import keras
            from keras import layers
            from project import load

            x, y = load("pictures")
            model = keras.Sequential(
                [
                    layers.Conv2D(16, 3, activation="relu"),
                    layers.MaxPooling2D(),
                    layers.Flatten(),
                    layers.Dense(64, activation="relu"),
                    layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, epochs=20)
            """,
        ),
        Example(
            "A number wanted for each example, and given for each place",
            """
            from keras import layers
            from keras.models import Sequential
            from sklearn.datasets import load_diabetes

            x, y = load_diabetes(return_X_y=True)
            model = Sequential()
            model.add(layers.Conv1D(32, 2, activation="relu", input_shape=(10, 1)))
            model.add(layers.Dense(30, activation="relu"))
            model.add(»layers.Dense(1)«)
            model.compile(optimizer="adam", loss="mse")
            model.fit(x.reshape(442, 10, 1), y, epochs=100)
            """,
            """
            from keras import layers
            from keras.models import Sequential
            from sklearn.datasets import load_diabetes

            x, y = load_diabetes(return_X_y=True)
            model = Sequential()
            model.add(layers.Conv1D(32, 2, activation="relu", input_shape=(10, 1)))
            model.add(layers.Flatten())
            model.add(layers.Dense(30, activation="relu"))
            model.add(layers.Dense(1))
            model.compile(optimizer="adam", loss="mse")
            model.fit(x.reshape(442, 10, 1), y, epochs=100)
            """,
        ),
    )
    good = (
        Example(
            "A number for each step",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import load

            x = np.random.rand(500, 12, 1)
            model = keras.Sequential([layers.Conv1D(16, 2, padding="same", activation="relu"), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, load("loads.npy"), epochs=50)
            """,
        ),
        Example(
            "Flattened before the head",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.Input(shape=(28, 28)),
                    layers.Rescaling(1 / 255),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A class for every step of a sequence",
            """
            import keras
            from keras import layers
            from project import tags, words

            model = keras.Sequential()
            model.add(layers.Embedding(10000, 64))
            model.add(layers.LSTM(64, return_sequences=True))
            model.add(layers.Dense(20, activation="softmax"))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(words, tags)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report heads with too many axes, and dense layers on maps that are flattened after them."""
        fits = {id(fit.compile): fit for fit in program.fits if fit.compile is not None}
        return program.each([(each, fits.get(id(each))) for each in program.compiles], self._of_compile)

    def _of_compile(self, program: Program, trained: tuple[Compile, Fit | None]) -> Iterator[Report]:
        compiled, fit = trained
        if compiled.model is None or not compiled.model.uses_compiled_loss:
            return
        shapes = ModelShapes(compiled.model, sample_shape(fit.inputs) if fit is not None else None)
        yield from _heads_on_maps(program, compiled, fit, shapes)
        yield from one_number_wanted.reports(program, compiled, fit, shapes)
        yield from _dense_before_flatten(program, compiled.model, fit, shapes)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Flatten before the dense layer, or, of a recurrent layer that gives every step, the last step alone."""
        marked = next((each for each in program.layers if program.range_of(each.place) == finding.range), None)
        if marked is None:
            return None
        stepping = _stepping(program, marked)
        if stepping is not None:
            removed = fixes.remove_argument(program, stepping.place, "return_sequences")
            return Fix("Return the last step alone", Applicability.UNSAFE, (removed,)) if removed is not None else None
        models = (each for each in program.models if any(layer is marked for layer in each.layers))
        model_of_layer = next(models, None)
        layer = first_of_run(model_of_layer, marked) if model_of_layer is not None else marked
        spelling = program.imports.spell("keras.layers.Flatten")
        edits = layer_edits.put_before(program, layer, f"{spelling.text}()", "flatten")
        if not edits:
            return None
        edits = (*edits, *fixes.import_edits(program, (spelling,)))
        return Fix("Add Flatten before this layer", Applicability.UNSAFE, edits)


def _heads_on_maps(program: Program, compiled: Compile, fit: Fit | None, shapes: ModelShapes) -> Iterator[Report]:
    model = compiled.model
    assert model is not None
    if len(model.outputs) != 1 or not any(loss.name in CLASS_LOSSES for loss in compiled.losses):
        return
    (head,) = heads_of(model)
    output = shapes.output(model.outputs[0])
    if head.layer is None or head.layer.class_name != "Dense":
        return
    on_map, pooled = _follows_map(model, head.layer), _pooled(model, head.layer)
    if output is None and on_map and pooled:
        output = (None, None, head.units)  # of a picture of whatever size
    if output is None or len(output) < 2:
        return
    targets, axes = fit.targets if fit is not None else None, _target_axes(fit)
    of_table = axes is None and targets is not None and _are_columns(targets) and (len(output), output[-1]) != (2, 1)
    axes = 1 if of_table else axes  # Keras itself takes the last axis of one off
    if axes is None and not (
        (_are_classes(targets) and pooled)
        or (targets is None and len(output) == 3 and on_map)
        or (_may_be_classes(targets) and on_map and pooled and first_of_run(model, head.layer) is not head.layer)
    ):
        return
    loss = compiled.losses[0].name or ""
    one_hot = targets is not None and targets.labels is LabelForm.ONE_HOT  # which is no loss for them, either
    if axes is not None and axes >= len(output) - (1 if loss.startswith("sparse") and not one_hot else 0):
        return
    of_example = f"an output of {by(output)} for each example"
    answers = of_example if None not in output[:-1] else "an answer for each place of a map"
    held = "are columns of a table" if of_table else "have one class for each example"
    seen = f"the labels {held}" if axes is not None else "nothing has flattened its input"
    related = (Related(fit.y.place, "The labels."),) if fit is not None and fit.y and fit.y.place else ()
    first = first_of_run(model, head.layer)
    if first is not head.layer:
        related = (Related(first.place, "Flatten belongs before this layer."), *related)
    recurrent = last_recurrent(model.outputs[0])
    if recurrent is not None and gives_every_step(recurrent):
        related = (Related(recurrent.place, "It gives its output at every step: return_sequences=True."), *related)
    yield Report(
        head.layer.place,
        f"{words(head.layer)} gives {answers}, but {seen}.",
        related,
        severity=None if axes is not None else Severity.WARNING,
        confidence=None if axes is not None else Confidence.MEDIUM,
        recipe=f"{program.imports.spell('keras.layers.Flatten').text}()  # before this layer",
    )


def _stepping(program: Program, marked: Layer) -> Layer | None:
    """The recurrent layer that gives every step: the marked one, or the one that the marked head reads."""
    if marked.class_name in RECURRENT:
        return marked
    tensors = (tensor for model in program.models for tensor in model.tensors() if tensor.producer is marked)
    return next((layer for tensor in tensors if (layer := last_recurrent(tensor)) and gives_every_step(layer)), None)


def _target_axes(fit: Fit | None) -> int | None:
    """How many axes the labels of one example have; None when it can't be told."""
    targets = fit.targets if fit is not None else None
    if targets is not None and targets.source.endswith(ONE_CLASS_EACH):
        return _CLASS_AXES.get(targets.labels) if targets.labels is not None else None
    if targets is None or targets.batched or not targets.shape:
        return None
    if targets.labels is LabelForm.CONTINUOUS:
        return None
    return len(targets.shape) - 1


def _are_columns(targets: Data) -> bool:
    """Whether targets are columns of a table, with no step that could have given them another axis."""
    kept = all(step.kind in _ROWS_AND_COLUMNS or step.name in _OF_TABLES for step in targets.steps)
    return targets.is_table and not targets.batched and kept


_ROWS_AND_COLUMNS = (StepKind.SELECTED, StepKind.SPLIT, StepKind.SHUFFLED, StepKind.CONVERTED)

_OF_TABLES = ("drop", "dropna", "fillna", "to_numpy", "copy", "reset_index")


ONE_CLASS_EACH = ("image_dataset_from_directory", "flow_from_directory", "flow_from_dataframe", "datasets.load")
"""Endings of sources whose labels are the class of each picture as a whole."""

_CLASS_AXES = {LabelForm.INTEGER: 0, LabelForm.BINARY: 0, LabelForm.ONE_HOT: 1}


def _follows_map(model: Model, dense: Layer) -> bool:
    """Whether the layer before the dense ones makes maps."""
    for tensor in model.tensors():
        if tensor.producer is dense or not isinstance(tensor.producer, Layer):
            continue
        if tensor.producer.class_name in MAP_MAKERS:
            return True
        if tensor.producer.class_name != "Dense" and tensor.producer.class_name not in DROPOUTS:
            return False
    return False


def _are_classes(targets: Data | None) -> bool:
    return targets is not None and targets.labels in (LabelForm.INTEGER, LabelForm.BINARY, LabelForm.ONE_HOT)


def _may_be_classes(targets: Data | None) -> bool:
    """Whether nothing says that the targets are pictures, or other numbers than classes."""
    if targets is None:
        return True
    axes = len(targets.shape) if targets.shape is not None else None
    return targets.labels is None and not targets.images and (axes is None or axes <= 2)


def _pooled(model: Model, dense: Layer) -> bool:
    """Whether the dense layers read maps that pooling, strides or a backbone made small: a label has no place there."""
    tensor = next((each for each in model.tensors() if each.producer is dense), None)
    small = False
    while tensor is not None and len(tensor.inputs) == 1:
        tensor = tensor.inputs[0]
        producer = tensor.producer
        if isinstance(producer, Model):
            return producer.application is not None
        if not isinstance(producer, Layer):
            return small and isinstance(producer, InputSpec)
        name = producer.class_name
        if name in _POOLS or (name in _CONVOLUTIONS and _strides(producer)):
            small = True
        elif not (name in _CONVOLUTIONS or name in _KEEPS_PLACES or is_activation(producer)) and (
            small or name != "Dense"
        ):
            return False
    return small and tensor is not None


_POOLS = ("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D")
_CONVOLUTIONS = ("Conv1D", "Conv2D", "SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D")
_KEEPS_PLACES = ("BatchNormalization", "LayerNormalization", "Normalization", "Rescaling", "Resizing", *DROPOUTS)


def _strides(layer: Layer) -> bool:
    step = number(layer.value("strides"))
    return step is not None and step > 1


def _dense_before_flatten(program: Program, model: Model, fit: Fit | None, shapes: ModelShapes) -> Iterator[Report]:
    paths = paths_of(model)
    pictures = fit is not None and fit.inputs is not None and fit.inputs.images
    for layer, tensor in paths.applied:
        source = shapes.output(tensor.inputs[0]) if layer.class_name == "Dense" and tensor.inputs else None
        if source is None or not (len(source) == 3 or (len(source) == 2 and pictures)) or 1 in source[:-1]:
            continue
        flatten = _flatten_after(paths, tensor)
        if flatten is None or _made_by_dense(tensor.inputs[0]):
            continue
        places = "pixel" if len(source) == 3 else "row"
        yield Report(
            layer.place,
            f"{words(layer)} works on each {places} of its {by(source)} input by itself: it stands before Flatten.",
            (Related(flatten.place, "The map is flattened only here."),),
            severity=Severity.WARNING,
            confidence=Confidence.MEDIUM,
            recipe=f"{program.imports.spell('keras.layers.Flatten').text}()  # before this layer",
        )


def _flatten_after(paths: Paths, tensor: Tensor) -> Layer | None:
    reader = paths.only_reader(tensor)
    while reader is not None and isinstance(reader.producer, Layer):
        producer = reader.producer
        if producer.class_name == "Flatten":
            return producer
        if not is_activation(producer) and producer.class_name not in DROPOUTS and producer.class_name != "Dense":
            return None
        reader = paths.only_reader(reader)
    return None


def _made_by_dense(tensor: Tensor) -> bool:
    """Whether an earlier dense layer, which is the one to mark, gave this input."""
    producer = tensor.producer
    while isinstance(producer, Layer) and (is_activation(producer) or producer.class_name in DROPOUTS):
        if len(tensor.inputs) != 1:
            return False
        tensor = tensor.inputs[0]
        producer = tensor.producer
    return isinstance(producer, Layer) and producer.class_name == "Dense"

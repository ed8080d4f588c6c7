"""SCR301 missing-hidden-activation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence.paths import (
    LINEAR_MAPS,
    Paths,
    core,
    is_draft,
    models_of,
    paths_of,
    width,
    words,
)
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer, Opaque, Operation, Shape, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Program
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import Argument, Tuple, boolean, integer, is_none

LINEAR = frozenset(
    [
        "ActivityRegularization",
        "AlphaDropout",
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "BatchNormalization",
        "Concatenate",
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
        "Dropout",
        "Flatten",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalAveragePooling3D",
        "Identity",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "ZeroPadding3D",
    ]
)
"""Layers that add nothing non-linear."""

MAXIMA = frozenset(
    ["MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"]
)
JOINING = frozenset(
    ("keras.layers.concatenate", "keras.ops.concatenate", "keras.backend.concatenate", "tensorflow.concat")
)
DELIBERATE = ("proj", "embed", "latent", "bottleneck", "mean", "var", "query", "key", "value", "encod", "linear")
"""Parts of names that authors give to layers which are linear on purpose."""


@dataclass(frozen=True, slots=True)
class _Next:
    """Where a layer's values go unchanged: the layer that learns from them, and the pooling between."""

    layer: Layer
    pooling: Layer | None


class MissingHiddenActivation(Rule):
    """A hidden layer without activation: it and the next are one linear layer."""

    code = "SCR301"
    name = "missing-hidden-activation"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a hidden layer without activation, which the next layer makes pointless"
    why = (
        "A layer without activation is a linear map, and two linear maps in a row are one linear map. However many "
        "of them you stack, the network can only draw straight lines through the data; the extra layers cost time "
        "and weights and bring nothing."
    )
    how = 'Give every hidden layer a non-linear activation; activation="relu" is the usual one. The last layer stays.'
    references = (
        Reference(
            "Goodfellow, Bengio, Courville: Deep Learning, section 6.1: a linear hidden layer stays linear",
            "https://www.deeplearningbook.org/contents/mlp.html",
        ),
        Reference("Stanford CS231n: Neural Networks part 1", "https://cs231n.github.io/neural-networks-1/"),
        Reference("UMLAUT (CHI 2021): missing activations", "https://doi.org/10.1145/3411764.3445538"),
    )
    false_alarms = (
        "A linear layer on purpose: a projection to a lower rank, a bottleneck, an embedding. Such layers are left "
        "alone when their size or their name says so."
    )
    options = (
        Option(
            "bottleneck-ratio",
            4.0,
            "a single linear layer this many times narrower than its input passes as a bottleneck",
            "low-rank factorizations and autoencoders in published programs",
        ),
    )
    bad = (
        Example(
            "Hidden layers that are all linear",
            """
            from keras import Sequential
            from keras.layers import Dense

            model = Sequential()
            model.add(»Dense(64, input_shape=(13,))«)
            model.add(»Dense(32)«)
            model.add(Dense(1))
            model.compile(optimizer="adam", loss="mse")
            """,
            """
            from keras import Sequential
            from keras.layers import Dense

            model = Sequential()
            model.add(Dense(64, input_shape=(13,), activation="relu"))
            model.add(Dense(32, activation="relu"))
            model.add(Dense(1))
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
        Example(
            "Hidden layers of a loop, however many it makes",
            """
            import sys

            from keras import Input, Sequential
            from keras.layers import Dense, Dropout

            model = Sequential([Input((13,))])
            for units in map(int, sys.argv[1:]):
                model.add(»Dense(units)«)
                model.add(Dropout(0.2))
            model.add(Dense(1))
            model.compile(optimizer="adam", loss="mse")
            """,
            """
            import sys

            from keras import Input, Sequential
            from keras.layers import Dense, Dropout

            model = Sequential([Input((13,))])
            for units in map(int, sys.argv[1:]):
                model.add(Dense(units, activation="relu"))
                model.add(Dropout(0.2))
            model.add(Dense(1))
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
        Example(
            "A convolution that nothing follows but pooling",
            """
            import tensorflow as tf
            from tensorflow.keras import layers

            inputs = tf.keras.Input(shape=(28, 28, 1))
            x = »layers.Conv2D(32, 3)«(inputs)
            x = layers.MaxPooling2D()(x)
            x = layers.Flatten()(x)
            x = layers.Dense(64, activation="relu")(x)
            outputs = layers.Dense(10, activation="softmax")(x)
            model = tf.keras.Model(inputs, outputs)
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
            """
            import tensorflow as tf
            from tensorflow.keras import layers

            inputs = tf.keras.Input(shape=(28, 28, 1))
            x = layers.Conv2D(32, 3, activation="relu")(inputs)
            x = layers.MaxPooling2D()(x)
            x = layers.Flatten()(x)
            x = layers.Dense(64, activation="relu")(x)
            outputs = layers.Dense(10, activation="softmax")(x)
            model = tf.keras.Model(inputs, outputs)
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "The activation of all layers is None, in a dict of settings",
            """
            import keras
            from keras import layers

            settings = {"units": (64, 32), "activation": None}
            inputs = keras.Input(shape=(8,))
            x = inputs
            for units in settings["units"]:
                x = »layers.Dense(units, activation=settings["activation"])«(x)
            model = keras.Model(inputs, layers.Dense(1)(x))
            model.compile("adam", "mse")
            """,
            """
            import keras
            from keras import layers

            settings = {"units": (64, 32), "activation": None}
            inputs = keras.Input(shape=(8,))
            x = inputs
            for units in settings["units"]:
                x = layers.Dense(units, activation="relu")(x)
            model = keras.Model(inputs, layers.Dense(1)(x))
            model.compile("adam", "mse")
            """,
        ),
    )
    good = (
        Example(
            "One convolution in space and time, factorized",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input((10, 64, 64, 3)),
                    layers.Conv3D(16, kernel_size=(1, 7, 7), padding="same"),
                    layers.Conv3D(16, kernel_size=(3, 1, 1), padding="same"),
                    layers.BatchNormalization(),
                    layers.ReLU(),
                    layers.GlobalAveragePooling3D(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            """,
        ),
        Example(
            "The activation is a layer of its own, after the normalization",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Conv2D(32, 3, use_bias=False),
                    layers.BatchNormalization(),
                    layers.LeakyReLU(),
                    layers.MaxPooling2D(),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Residual blocks and functions in place of layers",
            """
            import keras
            from keras import layers

            inputs = keras.Input(shape=(16,))
            x = keras.activations.relu(layers.Dense(32)(inputs))
            y = layers.Dense(32)(x)
            x = layers.ReLU()(layers.Add()([x, y]))
            model = keras.Model(inputs, layers.Dense(1)(x))
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "The linear bottleneck of an autoencoder",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(784,)),
                    layers.Dense(128, activation="relu"),
                    layers.Dense(2),
                    layers.Dense(128, activation="relu"),
                    layers.Dense(784, activation="sigmoid"),
                ]
            )
            model.compile("adam", "binary_crossentropy")
            """,
        ),
        Example(
            "A dense layer that lays out a map for transposed convolutions",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(100,)),
                    layers.Dense(8 * 8 * 128),
                    layers.Reshape((8, 8, 128)),
                    layers.Conv2DTranspose(64, 4, strides=2, padding="same", activation="relu"),
                    layers.Conv2D(3, 5, padding="same", activation="tanh"),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "The way up of a U-Net",
            """
            import keras
            from keras import layers

            inputs = keras.Input(shape=(64, 64, 3))
            down = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
            x = layers.MaxPooling2D()(down)
            x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
            x = layers.Conv2DTranspose(16, 2, strides=2)(x)
            x = layers.Concatenate()([x, down])
            x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
            model = keras.Model(inputs, layers.Conv2D(2, 1, activation="softmax")(x))
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Blocks that begin with their activation, and what joins them does not",
            """
            import keras
            from keras import layers

            inputs = keras.Input((32, 32, 24))
            x = inputs
            for block in range(3):
                for _ in range(4):
                    y = layers.Activation("relu")(layers.BatchNormalization()(x))
                    y = layers.Conv2D(12, 3, padding="same")(y)
                    x = layers.concatenate([x, y])
                if block < 2:
                    y = layers.Conv2D(24, 1)(layers.BatchNormalization()(x))
                    x = layers.AveragePooling2D()(y)
            x = layers.Flatten()(layers.AveragePooling2D(8)(x))
            model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
            model.compile("adam", "categorical_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each linear layer whose values reach only layers that could have learned the same alone."""
        return program.each_of(models_of, self._of_model)

    def _of_model(self, program: Program, model: Model) -> Iterator[Report]:
        found = list(_linear_layers(model))
        if found:
            elsewhere = _heads_elsewhere(program)
            found = [each for each in found if id(each[1]) not in elsewhere]
        unsure = found and (is_draft(program, model) or _is_trained_by_hand(program, model))
        severity = Severity.INFO if unsure else None
        shapes = ModelShapes(model) if found else None
        linear = {layer.identity for layer, _, _ in found}
        for layer, tensor, following in found:
            assert shapes is not None
            if self._is_bottleneck(layer, tensor, following, shapes.output(tensor.inputs[0]), linear):
                continue
            yield replace(_report(program, layer, following), severity=severity)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Give the layer relu."""
        for layer in program.layers:
            if program.range_of(layer.place) == finding.range:
                edit = fixes.set_argument(program, core(layer).place, "activation", '"relu"')
                return Fix('Add activation="relu"', Applicability.UNSAFE, (edit,)) if edit is not None else None
        return None

    def _is_bottleneck(
        self, layer: Layer, tensor: Tensor, following: _Next, source: Shape | None, linear: set[int]
    ) -> bool:
        """Whether the layer alone is linear here and narrow, or narrows one place at a time as MobileNet's do."""
        before = tensor.inputs[0].producer if tensor.inputs else None
        alone = following.layer.identity not in linear
        alone = alone and not (isinstance(before, Layer) and before.identity in linear)
        narrow, wide = width(layer), source[-1] if source else None
        if narrow is None or not alone or (width(following.layer) or 0) <= narrow:
            return False
        if wide is None:
            wide = width(before) if isinstance(before, Layer) else None
        pointwise = core(layer).class_name.startswith("Conv") and integer(core(layer).value("kernel_size")) == 1
        return wide is not None and (wide >= self.option("bottleneck-ratio") * narrow or (pointwise and wide > narrow))


def _is_trained_by_hand(program: Program, model: Model) -> bool:
    """Whether only a loop of the program's own trains a model: such are written by people who know, as a rule."""
    judged = {call.model.identity for call in program.loss_calls if call.model is not None}
    trained = [*(each.model for each in program.compiles), *(each.model for each in program.fits)]
    return model.identity in judged and all(each is None or each.identity != model.identity for each in trained)


@once
def _linear_layers(model: Model) -> tuple[tuple[Layer, Tensor, _Next], ...]:
    paths = paths_of(model)
    found = tuple(_linear(paths))
    made: dict[object, list[int]] = {}
    for layer, _ in paths.applied:
        made.setdefault(layer.place.key, []).append(layer.identity)
    linear = {layer.identity for layer, _, _ in found}
    return tuple(each for each in found if not _is_end_of_loop(each[0], made[each[0].place.key], linear))


def _is_end_of_loop(layer: Layer, made: list[int], linear: set[int]) -> bool:
    """Whether one line makes several layers, few of which are linear, at a loop's end: each begins with its activation.

    Of two or three that is the last alone; within another loop there is one end in each of its turns.
    """
    if len(made) > 1 and layer.identity == made[-1] and linear.isdisjoint(made[:-1]):
        return True
    return FEW * len(linear.intersection(made)) <= len(made)


FEW = 4
"""Where one line makes so many layers for each that is linear, an activation at this line is not what is missing."""


def _linear(paths: Paths) -> Iterator[tuple[Layer, Tensor, _Next]]:
    for layer, tensor in paths.applied:
        inner = core(layer)
        if inner.class_name not in LINEAR_MAPS or not tensor.inputs or _is_deliberate(layer):
            continue
        activation, argument = own_activation(layer)
        if activation != "linear" or (argument is not None and _is_written_none(argument)):
            continue
        following = _following(paths, tensor, inner)
        if following is not None:
            yield layer, tensor, following


@once
def _heads_elsewhere(program: Program) -> frozenset[int]:
    """The tensors that models return which are compiled for themselves: what ends there is a head, and linear so."""
    compiled = {each.model.identity: each.model for each in program.compiles if each.model is not None}
    return frozenset(id(output) for model in compiled.values() for output in model.outputs)


def _is_written_none(argument: Argument) -> bool:
    """Whether `activation=None` stands at the layer itself, as people write who mean it; not in some variable."""
    here = argument.place is None or argument.value.place is None or argument.place.node is argument.value.place.node
    return is_none(argument.value) and here


def _is_deliberate(layer: Layer) -> bool:
    inner = core(layer)
    name = (layer.name or inner.name or "").lower()
    low_rank = inner.class_name == "Dense" and boolean(inner.value("use_bias")) is False
    return low_rank or any(part in name for part in DELIBERATE)


def _following(paths: Paths, tensor: Tensor, layer: Layer) -> _Next | None:
    """The linear map that a tensor reaches by linear steps alone; None when it reaches anything else.

    A tensor that several layers read is a shared projection, as in gates and attention: let be, unless all of them are
    heads of the model.
    """
    pooling: Layer | None = None
    reached = tensor
    while (reader := paths.only_reader(reached)) is not None:
        if len(reader.inputs) > 1 and any(map(paths.is_lost, reader.inputs)):
            return None  # what it is joined with may have read it as well
        producer = reader.producer
        if isinstance(producer, Layer):
            if core(producer).class_name in LINEAR_MAPS:
                return None if _are_factors(layer, core(producer)) else _Next(producer, pooling)
            if producer.class_name == "Activation" and own_activation(producer)[0] == "linear":
                pass  # written out, and nothing at all
            elif producer.class_name in MAXIMA:
                pooling = producer
            elif (producer.class_name == "Concatenate" and _enlarges(layer)) or producer.class_name not in LINEAR:
                return None
        elif isinstance(producer, Opaque) and producer.repeats:
            pass  # the next turn of a loop begins as the last one does, which follows
        elif not isinstance(producer, Operation) or producer.name not in JOINING or _enlarges(layer):
            return None
        reached = reader
    return _first_head(paths, reached, layer)


def _first_head(paths: Paths, tensor: Tensor, layer: Layer) -> _Next | None:
    """The first of several dense heads that read a tensor, where the layer behind it is as wide as all of them."""
    readers = paths.readers(tensor)
    heads = [each.producer for each in readers if isinstance(each.producer, Layer) and paths.is_output(each)]
    if len(readers) < 2 or len(heads) < len(readers) or paths.is_output(tensor):
        return None
    widths = [width(head) for head in heads if head.class_name == "Dense"]
    known = [each for each in widths if each is not None]
    wide = width(layer)
    if wide is None or len(known) < len(heads) or wide < sum(known):
        return None
    return _Next(heads[0], None)


def _are_factors(first: Layer, second: Layer) -> bool:
    """Whether two convolutions share no axis, as (1, 3, 3) and (3, 1, 1): one kernel in two factors."""
    sizes = [layer.value("kernel_size") for layer in (first, second)]
    lengths = [[integer(each) for each in size.items] for size in sizes if isinstance(size, Tuple)]
    if len(lengths) != 2 or len(lengths[0]) != len(lengths[1]) or len(lengths[0]) < 2:
        return False
    return all(1 in pair for pair in zip(*lengths, strict=True)) and all(set(each) != {1} for each in lengths)


def _enlarges(layer: Layer) -> bool:
    """Whether a layer makes the map larger, which a U-Net does linearly before it joins the map of the way down."""
    return layer.class_name in ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")


def _report(program: Program, layer: Layer, following: _Next) -> Report:
    after = following.layer
    if following.pooling is not None:
        return Report(
            place=layer.place,
            message=(
                f"{words(layer)} has no activation: its values reach {words(after)} through "
                f"{following.pooling.class_name} alone."
            ),
            related=(Related(after.place, "The next layer that learns."),),
            confidence=Confidence.MEDIUM,
            why=(
                "A layer without activation is a linear map. Pooling alone is a weak replacement for an activation: "
                "the layer learns much less than it could with one."
            ),
            recipe=_recipe(program, layer),
        )
    return Report(
        place=layer.place,
        message=(
            f"{words(layer)} has no activation, and {words(after)} follows: together they can learn no more than "
            "one linear layer."
        ),
        related=(Related(after.place, "The next layer that learns; nothing non-linear stands between."),),
        recipe=_recipe(program, layer),
    )


def _recipe(program: Program, layer: Layer) -> str:
    inner, size = core(layer), width(layer)
    rest = "" if inner.class_name == "Dense" and size is not None else "..., "
    first = f"{size}, " if size is not None else ""
    return f'{program.imports.spell(inner.kind).text}({first}{rest}activation="relu")'

"""SCR331 constant-initializer."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence.paths import (
    DROPOUTS,
    LINEAR_MAPS,
    Paths,
    core,
    initializer_of,
    is_activation,
    models_of,
    paths_of,
    width,
    words,
)
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import is_kernel, output_layers
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import named
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import boolean, number

CONSTANTS = {"zeros": 0.0, "zero": 0.0, "ones": 1.0, "one": 1.0}


PASSED = DROPOUTS | {"BatchNormalization", "Flatten", "MaxPooling1D", "MaxPooling2D", "AveragePooling2D"}
PASSED |= {"UpSampling1D", "UpSampling2D", "UpSampling3D", "Reshape", "Permute", "RepeatVector", "LayerNormalization"}
PASSED |= {"GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"}

RECURRENT = frozenset(("LSTM", "GRU", "SimpleRNN"))


class ConstantInitializer(Rule):
    """Hidden weights that all begin with the same number."""

    code = "SCR331"
    name = "constant-initializer"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a hidden layer whose weights all start with the same number"
    why = (
        "Units that start alike compute the same, get the same gradient and stay alike: the layer works as if it had "
        "one unit. With zeros not even that: no gradient comes through."
    )
    how = 'Leave the initializer out, or use "he_normal" with relu and "glorot_uniform" with tanh or sigmoid.'
    references = (
        Reference("Stanford CS231n: weight initialization", "https://cs231n.github.io/neural-networks-2/#init"),
        Reference("Nikanjam et al.: NeuraLint, rule 4 (TOSEM 2021)", "https://doi.org/10.1145/3470006"),
    )
    false_alarms = "Fixed filters on purpose; those of layers with trainable=False are left alone."
    bad = (
        Example(
            "A hidden layer of zeros",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(64, activation="relu", kernel_initializer=»"zeros"«),
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
                    layers.Dense(1),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "All the same constant",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            model.add(layers.Dense(64, kernel_initializer=»keras.initializers.Constant(0.1)«, activation="tanh"))
            model.add(layers.Dense(1))
            model.compile("adam", "mse")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            model.add(layers.Dense(64, kernel_initializer="he_normal", activation="tanh"))
            model.add(layers.Dense(1))
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "In a model that another module trains",
            """
            from tensorflow.keras import layers, models


            def decoder(width):
                model = models.Sequential()
                model.add(layers.Dense(7 * 7 * 64, activation="relu", input_shape=(width,)))
                model.add(layers.Reshape((7, 7, 64)))
                model.add(layers.Conv2D(32, 3, padding="same", kernel_initializer=»"zeros"«))
                model.add(layers.UpSampling2D())
                model.add(layers.Conv2D(1, 3, padding="same", activation="sigmoid"))
                return model
            """,
            """
            from tensorflow.keras import layers, models


            def decoder(width):
                model = models.Sequential()
                model.add(layers.Dense(7 * 7 * 64, activation="relu", input_shape=(width,)))
                model.add(layers.Reshape((7, 7, 64)))
                model.add(layers.Conv2D(32, 3, padding="same", kernel_initializer="he_normal"))
                model.add(layers.UpSampling2D())
                model.add(layers.Conv2D(1, 3, padding="same", activation="sigmoid"))
                return model
            """,
        ),
        Example(
            "A layer that two others read",
            """
            import keras
            from keras import layers

            inputs = keras.Input((784,))
            x = layers.Dense(64, activation="relu", kernel_initializer=»"zeros"«)(inputs)
            mean, log_variance = layers.Dense(2)(x), layers.Dense(2)(x)
            encoder = keras.Model(inputs, [mean, log_variance])
            """,
            """
            import keras
            from keras import layers

            inputs = keras.Input((784,))
            x = layers.Dense(64, activation="relu", kernel_initializer="he_normal")(inputs)
            mean, log_variance = layers.Dense(2)(x), layers.Dense(2)(x)
            encoder = keras.Model(inputs, [mean, log_variance])
            """,
        ),
        Example(
            "A recurrent layer",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Embedding(1000, 16),
                    layers.LSTM(64, kernel_initializer=»"zeros"«),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile("adam", "binary_crossentropy")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Embedding(1000, 16),
                    layers.LSTM(64, kernel_initializer="glorot_uniform"),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile("adam", "binary_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "Biases start with zeros, and a last layer may",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(64, activation="relu", bias_initializer="zeros"),
                    layers.Dense(1, kernel_initializer="zeros"),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "Recurrent weights that begin as the identity",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.SimpleRNN(64, activation="relu", recurrent_initializer="identity"),
                    layers.Dense(1, kernel_initializer="zeros"),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "Known vectors",
            """
            import keras
            from keras import layers
            from project import matrix

            model = keras.Sequential(
                [
                    layers.Embedding(1000, 50, embeddings_initializer=keras.initializers.Constant(matrix)),
                    layers.GlobalAveragePooling1D(),
                    layers.Dense(1, kernel_initializer=keras.initializers.Constant(matrix)),
                ]
            )
            model.compile("adam", "mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each hidden layer of several units whose kernel starts constant."""
        return program.each_of(models_of, self._of_model)

    def _of_model(self, program: Program, model: Model) -> Iterator[Report]:
        paths = paths_of(model)
        for layer, tensor in paths.applied:
            value = _constant(program, layer)
            if value is None or model.is_frozen(layer) or boolean(layer.value("trainable")) is False:
                continue
            argument = core(layer).arguments.get("kernel_initializer")
            if not _is_hidden(paths, tensor) or argument is None or argument.place is None:
                continue
            yield Report(
                argument.place,
                _message(program, layer, value),
                tuple(_made_elsewhere(program, layer, argument.place)),
                recipe=f'kernel_initializer="{_usual(layer)}"',
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a hidden kernel without any variation before the first step."""
        probe = history.first_probe
        if probe is None or probe.step > 1:
            return
        hidden = {layer.layer for layer in probe.layers} - output_layers(history)
        units = {layer.name: layer.units or 0 for layer in history.info.layers}
        for weight in probe.weights:
            if (
                weight.deviation == 0
                and is_kernel(weight)
                and weight.layer in hidden
                and units.get(weight.layer, 0) > 1
            ):
                yield RunReport(
                    subject=Subject(SubjectKind.LAYER, weight.layer),
                    message=(
                        f"All weights of {named(weight.layer)} start with the same value, so all of its "
                        f"{units[weight.layer]} units learn the same thing."
                    ),
                    step=1,
                    epoch=1,
                )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write a random initializer in its place."""
        for layer in program.layers:
            argument = layer.arguments.get("kernel_initializer")
            if argument is None or argument.place is None or program.range_of(argument.place) != finding.range:
                continue
            if isinstance(argument.place.node, (cst.SimpleString, cst.Call, cst.Attribute)):
                edit = fixes.replace(program, argument.place, f'"{_usual(layer)}"')
                return Fix(f'Use "{_usual(layer)}"', Applicability.UNSAFE, (edit,))
        return None


def _made_elsewhere(program: Program, layer: Layer, given: Place) -> Iterator[Related]:
    """The layer, where its initializer stands somewhere else."""
    if not program.range_of(layer.place).contains(program.range_of(given)):
        yield Related(layer.place, "This layer starts from it.")


def _usual(layer: Layer) -> str:
    return "glorot_uniform" if core(layer).class_name in RECURRENT else "he_normal"


def _message(program: Program, layer: Layer, value: float) -> str:
    inner, name = core(layer), words(layer)
    if inner.class_name in RECURRENT and _number_of(program, inner, "recurrent_initializer") is None:
        return f"The kernel of {name} starts as {fixes.number_text(value)}: at first none of its inputs come through."
    return f"All weights of {name} start as {fixes.number_text(value)}, so that its units stay alike."


def _constant(program: Program, layer: Layer) -> float | None:
    """The number that all weights of a layer of several units start with.

    Of a recurrent layer a kernel of zeros is enough: whatever else its units know, of the inputs they know nothing.
    """
    inner = core(layer)
    if (inner.class_name not in LINEAR_MAPS and inner.class_name not in RECURRENT) or (width(layer) or 0) < 2:
        return None
    value = _number_of(program, inner, "kernel_initializer")
    if value and inner.class_name in RECURRENT and _number_of(program, inner, "recurrent_initializer") is None:
        return None
    return value


def _number_of(program: Program, inner: Layer, parameter: str) -> float | None:
    """The number that an initializer puts everywhere; None for one that draws."""
    found = initializer_of(program, inner, parameter)
    if found is None:
        return None
    name, arguments = found
    if name == "constant":
        given = arguments.get("value", 0)
        return number(given.value) if given is not None else 0.0
    return CONSTANTS.get(name)


def _is_hidden(paths: Paths, tensor: Tensor) -> bool:
    """Whether other layers learn from these values; not so for the transform that a spatial transformer predicts."""
    readers = paths.readers(tensor)
    return bool(readers) and not paths.is_output(tensor) and all(_is_learned_from(paths, each) for each in readers)


def _is_learned_from(paths: Paths, reader: Tensor) -> bool:
    """Whether what reads values learns, or hands them on to what does."""
    if isinstance(reader.producer, Model):
        return any(each.class_name in WEIGHTED for each in reader.producer.layers)
    if not isinstance(reader.producer, Layer):
        return False
    if reader.producer.class_name in WEIGHTED:
        return True
    is_handed_on = reader.producer.class_name in PASSED or is_activation(reader.producer)
    return is_handed_on and _is_hidden(paths, reader)

"""SCR309 kernel-larger-than-input."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.data_format_mismatch import looks_channels_first
from scram_analyzers.rules.architecture.evidence.paths import by, core, paths_of, shaped_models, words
from scram_analyzers.rules.architecture.positional_strides import kernel_and_strides
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.graph import Layer, Shape
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import Tuple, integer


class KernelLargerThanInput(Rule):
    """A convolution or pooling whose window does not fit on its map."""

    code = "SCR309"
    name = "kernel-larger-than-input"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    only_with = ("Conv", "Pool")
    matters_in_tests = True
    summary = "a convolution or pooling whose window is larger than the map it slides over"
    why = (
        "Every unpadded convolution takes a border off the map, and every pooling divides it. When less is left than "
        "the next window needs, Keras can't build the layer."
    )
    how = 'Keep the map from shrinking: padding="same", fewer pooling layers, smaller windows, or larger images.'
    references = (
        Reference(
            "Stanford CS231n: Convolutional Networks, spatial arrangement",
            "https://cs231n.github.io/convolutional-networks/",
        ),
    )
    bad = (
        Example(
            "Nothing left to pool",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(8, 8, 1)),
                    layers.Conv2D(16, 3, activation="relu"),
                    layers.MaxPooling2D(),
                    layers.Conv2D(32, 3, activation="relu"),
                    »layers.MaxPooling2D()«,
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(8, 8, 1)),
                    layers.Conv2D(16, 3, activation="relu"),
                    layers.MaxPooling2D(),
                    layers.Conv2D(32, 3, activation="relu"),
                    layers.MaxPooling2D(padding="same"),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "Padded, so that the map keeps its size",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(8, 8, 1)),
                    layers.Conv2D(16, 3, padding="same", activation="relu"),
                    layers.MaxPooling2D(),
                    layers.Conv2D(32, 3, padding="same", activation="relu"),
                    layers.MaxPooling2D(),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Images of a size that can't be known",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Conv2D(16, 11, activation="relu"), layers.GlobalMaxPooling2D()])
            model.compile("adam", "mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each layer whose output would have a size of zero or less."""
        return program.each_of(shaped_models, self._of_model)

    def _of_model(self, program: Program, pair: tuple[Model, ModelShapes]) -> Iterator[Report]:
        model, shapes = pair
        if any(kernel_and_strides(layer) is not None for layer in model.layers):
            return  # positional-strides says why the map shrinks
        for layer, tensor in paths_of(model).applied:
            output = shapes.output(tensor)
            source = shapes.output(tensor.inputs[0]) if tensor.inputs else None
            if output is None or source is None or all(size is None or size > 0 for size in output):
                continue
            if looks_channels_first(source) or not _has_window(layer):
                continue
            yield Report(
                layer.place,
                f"{words(layer)} slides {_window_words(layer, source)}, so nothing is left of it.",
                recipe='padding="same"',
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Pad the map."""
        for layer in program.layers:
            if program.range_of(layer.place) == finding.range:
                edit = fixes.set_argument(program, core(layer).place, "padding", '"same"')
                return Fix('Set padding="same"', Applicability.UNSAFE, (edit,)) if edit is not None else None
        return None


def _has_window(layer: Layer) -> bool:
    name = core(layer).class_name
    return ("Conv" in name and "LSTM" not in name) or name.startswith(("MaxPooling", "AveragePooling"))


def _window_words(layer: Layer, source: Shape) -> str:
    inner = core(layer)
    given = inner.value("kernel_size") or inner.value("pool_size")
    axes = next((int(each) for each in inner.class_name if each.isdigit()), 2)
    sizes = [integer(item) for item in given.items] if isinstance(given, Tuple) else [integer(given) or 2] * axes
    return f"a window of {by(sizes)} over a map of {by(source[-axes - 1 : -1])}"

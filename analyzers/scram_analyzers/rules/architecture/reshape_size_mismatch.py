"""SCR311 reshape-size-mismatch."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.evidence.paths import by, paths_of, shaped_models
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import Tuple, integer


class ReshapeSizeMismatch(Rule):
    """A Reshape layer to a shape that holds another number of values."""

    code = "SCR311"
    name = "reshape-size-mismatch"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    only_with = ("Reshape",)
    matters_in_tests = True
    summary = "a Reshape layer whose target does not hold as many values as its input"
    why = "Reshape only lays the same values out anew. With another number of values the model can't be built."
    how = "Make the sizes multiply to the input's, or leave one of them to Keras with -1. Leave the batch out."
    references = (Reference("Keras: Reshape", "https://keras.io/api/layers/reshaping_layers/reshape/"),)
    bad = (
        Example(
            "784 values into 32 by 32",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(784,)),
                    »layers.Reshape((32, 32, 1))«,
                    layers.Conv2D(8, 3, activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "The sizes multiply to 784",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(784,)),
                    layers.Reshape((28, -1, 1)),
                    layers.Conv2D(8, 3, activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "An input that can't be known",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Reshape((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
            model.compile("adam", "mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each Reshape whose input is known and does not fit."""
        return program.each_of(shaped_models, self._of_model)

    def _of_model(self, program: Program, pair: tuple[Model, ModelShapes]) -> Iterator[Report]:
        model, shapes = pair
        for layer, tensor in paths_of(model).applied:
            target = layer.value("target_shape")
            if layer.class_name != "Reshape" or not isinstance(target, Tuple) or len(tensor.inputs) != 1:
                continue
            source = shapes.output(tensor.inputs[0])
            wanted = [size for item in target.items if (size := integer(item)) is not None]
            held = [size for size in source or () if size is not None]
            if source is None or len(held) != len(source) or len(wanted) != len(target.items) or 0 in wanted:
                continue
            whole, rest = math.prod(held), math.prod(size for size in wanted if size != -1)
            if whole % rest == 0 if -1 in wanted else whole == rest:
                continue
            yield Report(
                layer.place,
                f"The input of this Reshape holds {whole:,} values ({by(source)}), but its target {by(wanted)} "
                f"takes {'a multiple of ' if -1 in wanted else ''}{rest:,}.",
            )

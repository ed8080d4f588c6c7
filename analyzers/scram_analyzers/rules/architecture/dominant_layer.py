"""SCR323 dominant-layer."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.evidence.paths import DROPOUTS, paths_of, shaped_models, words
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program
from scram_analyzers.source.shapes import ModelShapes


class DominantLayer(Rule):
    """One dense layer behind Flatten with most of the model's weights."""

    code = "SCR323"
    name = "dominant-layer"
    severity = Severity.HINT
    confidence = Confidence.MEDIUM
    summary = "a dense layer after Flatten that holds most of a large model's weights"
    why = (
        "Flatten makes every place of the map an input of its own, and the dense layer has a weight for each of them "
        "and each unit. Such a layer overfits easily and makes the model large and slow."
    )
    how = "Replace Flatten by GlobalAveragePooling2D, or shrink the map first with more pooling or strides."
    references = (Reference("Lin et al.: Network In Network (2013)", "https://arxiv.org/abs/1312.4400"),)
    options = (
        Option("min-weights", 5_000_000.0, "smallest number of weights of such a layer", "healthy published programs"),
        Option("share", 0.5, "its least share of the known weights", "healthy published programs"),
    )
    bad = (
        Example(
            "25 million weights in one layer",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(64, 64, 3)),
                    layers.Conv2D(32, 3, padding="same", activation="relu"),
                    layers.MaxPooling2D(),
                    layers.Flatten(),
                    »layers.Dense(1024, activation="relu")«,
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "One value a channel",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(64, 64, 3)),
                    layers.Conv2D(32, 3, padding="same", activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(1024, activation="relu"),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each dense layer after Flatten that outweighs the rest of its model."""
        return program.each_of(shaped_models, self._of_model)

    def _of_model(self, program: Program, pair: tuple[Model, ModelShapes]) -> Iterator[Report]:
        model, shapes = pair
        whole = shapes.total()
        if whole is None:
            return
        for layer, tensor in paths_of(model).applied:
            held = shapes.parameters(layer) if layer.class_name == "Dense" else None
            flatten = _flatten_before(tensor)
            if held is None or flatten is None or held < self.option("min-weights"):
                continue
            if held >= self.option("share") * whole:
                yield Report(
                    layer.place,
                    f"{words(layer)} holds {held:,} of the model's {whole:,} weights.",
                    (Related(flatten.place, "Every value of this map gets a weight for each unit."),),
                    recipe=f"{program.imports.spell('keras.layers.GlobalAveragePooling2D').text}()  # for Flatten",
                )


def _flatten_before(tensor: Tensor) -> Layer | None:
    while len(tensor.inputs) == 1:
        tensor = tensor.inputs[0]
        if not isinstance(tensor.producer, Layer):
            return None
        if tensor.producer.class_name == "Flatten":
            return tensor.producer
        if tensor.producer.class_name not in DROPOUTS:
            return None
    return None

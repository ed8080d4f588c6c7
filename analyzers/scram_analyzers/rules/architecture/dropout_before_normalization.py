"""SCR305 dropout-before-normalization."""

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
)
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program


class DropoutBeforeNormalization(Rule):
    """Dropout whose noise batch normalization learns as the data's spread."""

    code = "SCR305"
    name = "dropout-before-normalization"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    only_with = ("BatchNormalization",)
    summary = "Dropout shortly before BatchNormalization"
    why = (
        "Dropout makes the values' spread larger in training than in prediction. BatchNormalization learns the spread "
        "it sees in training and scales by it in prediction, where it is wrong."
    )
    how = "Put Dropout after BatchNormalization and its activation, best before the last dense layers only."
    references = (
        Reference(
            "Li et al.: Understanding the Disharmony between Dropout and Batch Normalization (CVPR 2019)",
            "https://arxiv.org/abs/1801.05134",
        ),
    )
    false_alarms = "With small rates the shift is small."
    bad = (
        Example(
            "Dropout, then normalization",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(64, activation="relu"),
                    »layers.Dropout(0.5)«,
                    layers.BatchNormalization(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "Normalization, then dropout",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(64, activation="relu"),
                    layers.BatchNormalization(),
                    layers.Dropout(0.5),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Layer normalization keeps no statistics",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(64, activation="relu"),
                    layers.Dropout(0.1),
                    layers.LayerNormalization(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each dropout that a batch normalization follows with no learning layer between."""
        return program.each_of(models_of, self._of_model)

    def _of_model(self, program: Program, model: Model) -> Iterator[Report]:
        paths = paths_of(model)
        for layer, tensor in paths.applied:
            after = _normalization_after(paths, tensor) if layer.class_name in DROPOUTS else None
            if after is not None:
                yield Report(
                    layer.place,
                    f"BatchNormalization follows {layer.class_name} and learns its noise as the data's spread.",
                    (Related(after.place, "The statistics are kept here."),),
                )


def _normalization_after(paths: Paths, tensor: Tensor) -> Layer | None:
    reader = paths.only_reader(tensor)
    while reader is not None and isinstance(reader.producer, Layer):
        producer = reader.producer
        if producer.class_name == "BatchNormalization":
            return producer
        if producer.class_name in LINEAR_MAPS or not (is_activation(producer) or producer.class_name == "Flatten"):
            return None
        reader = paths.only_reader(reader)
    return None

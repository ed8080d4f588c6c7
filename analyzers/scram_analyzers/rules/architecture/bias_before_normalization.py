"""SCR308 bias-before-normalization."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence.paths import LINEAR_MAPS, models_of, paths_of, words
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import boolean


class BiasBeforeNormalization(Rule):
    """A bias that batch normalization takes away again."""

    code = "SCR308"
    name = "bias-before-normalization"
    severity = Severity.HINT
    confidence = Confidence.HIGH
    only_with = ("BatchNormalization",)
    summary = "a layer with a bias straight before BatchNormalization, which subtracts it again"
    why = (
        "BatchNormalization subtracts the mean of each channel, and with it any bias. Its own beta does the bias's "
        "work. The bias costs weights and time and changes nothing."
    )
    how = "Give the layer use_bias=False."
    references = (
        Reference("Ioffe, Szegedy: Batch Normalization, section 3.2 (2015)", "https://arxiv.org/abs/1502.03167"),
        Reference("Nikanjam et al.: NeuraLint, rule 5 (TOSEM 2021)", "https://doi.org/10.1145/3470006"),
    )
    false_alarms = "None known; with weights loaded from a file, the file's biases would be missing."
    bad = (
        Example(
            "A convolution with a bias",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    »layers.Conv2D(32, 3)«,
                    layers.BatchNormalization(),
                    layers.ReLU(),
                    layers.GlobalAveragePooling2D(),
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
                    layers.Conv2D(32, 3, use_bias=False),
                    layers.BatchNormalization(),
                    layers.ReLU(),
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
            "An activation between: the bias decides what it cuts",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(32, activation="relu"),
                    layers.BatchNormalization(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "A normalization that adds nothing of its own",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(32),
                    layers.BatchNormalization(center=False),
                    layers.ReLU(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each linear layer with a bias that only a batch normalization reads."""
        return program.each_of(models_of, self._of_model)

    def _of_model(self, program: Program, model: Model) -> Iterator[Report]:
        paths = paths_of(model)
        for layer, tensor in paths.applied:
            if layer.class_name not in LINEAR_MAPS or "use_bias" in layer.arguments.keywords:
                continue
            reader = paths.only_reader(tensor)
            after = reader.producer if reader is not None else None
            if layer.arguments.open or not isinstance(after, Layer) or after.class_name != "BatchNormalization":
                continue
            centers = after.value("center")
            if own_activation(layer)[0] != "linear" or (centers is not None and boolean(centers) is not True):
                continue
            yield Report(
                layer.place,
                f"BatchNormalization follows and subtracts the bias of {words(layer)} again.",
                (Related(after.place, "The mean is subtracted here."),),
                recipe="use_bias=False",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Leave the bias out."""
        for layer in program.layers:
            if program.range_of(layer.place) == finding.range:
                edit = fixes.set_argument(program, layer.place, "use_bias", "False")
                return Fix("Leave out the bias", Applicability.SAFE, (edit,)) if edit is not None else None
        return None

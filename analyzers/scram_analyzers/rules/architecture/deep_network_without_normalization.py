"""SCR313 deep-network-without-normalization."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.evidence.paths import LINEAR_MAPS, core
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer, Operation
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program

ADDING = frozenset(("Add", "Average", "Concatenate", "Multiply"))
NORMALIZATIONS = frozenset(
    [
        "BatchNormalization",
        "GroupNormalization",
        "LayerNormalization",
        "RMSNormalization",
        "SpectralNormalization",
        "UnitNormalization",
    ]
)


class DeepNetworkWithoutNormalization(Rule):
    """Many layers with nothing that keeps their signal in range."""

    code = "SCR313"
    name = "deep-network-without-normalization"
    severity = Severity.HINT
    confidence = Confidence.LOW
    summary = "a network of many layers with neither normalization nor skip connections"
    why = (
        "Each layer scales the signal and its gradient a little. Over ten and more layers this multiplies: the first "
        "layers get gradients near zero, or far too large."
    )
    how = "Add BatchNormalization() after the convolutions or dense layers, or skip connections: x + f(x)."
    references = (
        Reference("Ioffe, Szegedy: Batch Normalization (2015)", "https://arxiv.org/abs/1502.03167"),
        Reference("He et al.: Deep Residual Learning (2015)", "https://arxiv.org/abs/1512.03385"),
    )
    false_alarms = "Networks such as VGG train without, given good initial weights and patience."
    prevents_learning = True
    options = (
        Option("layers", 10.0, "from so many layers with weights", "plain networks of that depth: He et al. (2015)"),
    )
    bad = (
        Example(
            "Twelve dense layers in a row",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            for _ in range(11):
                model.add(»layers.Dense(64, activation="relu")«)
            model.add(layers.Dense(1))
            model.compile("adam", "mse")
            """,
        ),
    )
    good = (
        Example(
            "Normalized",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            for _ in range(11):
                model.add(layers.Dense(64, activation="relu"))
                model.add(layers.BatchNormalization())
            model.add(layers.Dense(1))
            model.compile("adam", "mse")
            """,
        ),
        Example(
            "Self-normalizing",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            for _ in range(11):
                model.add(layers.Dense(64, activation="selu", kernel_initializer="lecun_normal"))
            model.add(layers.Dense(1))
            model.compile("adam", "mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the first layer of each deep model that has nothing to keep its signal in range."""
        for model in program.models:
            weighted = [layer for layer in model.layers if core(layer).class_name in LINEAR_MAPS]
            if len(weighted) < self.option("layers") or not model.complete or _is_kept_in_range(model):
                continue
            yield Report(
                weighted[0].place,
                f"{len(weighted)} layers with weights follow one another here, with no normalization and no skip "
                "connection; the first of them may hardly learn.",
                recipe=f"{program.imports.spell('keras.layers.BatchNormalization').text}()",
            )


def _is_kept_in_range(model: Model) -> bool:
    if model.frozen or any(nested.application for nested in model.nested):
        return True
    for tensor in model.tensors():
        producer = tensor.producer
        if isinstance(producer, Operation) and len(tensor.inputs) > 1:
            return True
        if isinstance(producer, Layer) and (
            producer.class_name in ADDING
            or producer.class_name in NORMALIZATIONS
            or own_activation(producer)[0] == "selu"
        ):
            return True
    return False

"""SCR863 layer-created-in-call."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search

_WITH_WEIGHTS = WEIGHTED | {"BatchNormalization", "LayerNormalization", "GroupNormalization", "PReLU"}


class LayerCreatedInCall(Rule):
    """A layer with weights that `call` makes anew each time."""

    code = "SCR863"
    name = "layer-created-in-call"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a layer with weights that is created inside the method call"
    why = (
        "The method call runs for every batch, so each batch gets a new layer with new random weights: nothing is "
        "learned in it, and Keras may stop because variables are created after the first call."
    )
    how = "Create the layer once, in __init__, keep it in an attribute of self, and only use it in call."
    references = (
        Reference(
            "Keras: Making new layers and models via subclassing",
            "https://keras.io/guides/making_new_layers_and_models_via_subclassing/",
        ),
    )
    false_alarms = "A call that creates its layers only the first time is recognized by an if around them."
    bad = (
        Example(
            "A new Dense for every batch",
            """
            import keras
            from keras import layers

            class Block(layers.Layer):
                def call(self, inputs):
                    x = »layers.Dense(64, activation="relu")«(inputs)
                    return layers.Add()([x, inputs])

            model = keras.Sequential([Block(), layers.Dense(1)])
            """,
        ),
    )
    good = (
        Example(
            "Made once, used in call",
            """
            from keras import layers

            class Block(layers.Layer):
                def __init__(self):
                    super().__init__()
                    self.dense = layers.Dense(64, activation="relu")

                def call(self, inputs):
                    return self.dense(inputs)
            """,
        ),
        Example(
            "Layers without weights",
            """
            from keras import layers

            class Block(layers.Layer):
                def call(self, inputs):
                    return layers.Concatenate()([inputs, layers.ReLU()(inputs)])
            """,
        ),
        Example(
            "Made the first time only",
            """
            from keras import layers

            class Block(layers.Layer):
                dense = None

                def call(self, inputs):
                    if self.dense is None:
                        self.dense = layers.Dense(64)
                    return self.dense(inputs)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each layer with weights made in a `call` method, outside any `if`."""
        parts = set(search.parts(program, "def call("))
        for layer in program.layers if parts else ():
            if layer.class_name not in _WITH_WEIGHTS or layer.place.section not in parts:
                continue
            around = _method_and_class(layer.place)
            if around is None:
                continue
            method, cls = around
            yield Report(
                place=layer.place,
                message=(
                    f"{cls.name.value}.call makes a new {layer.class_name} with new weights each time it runs, so "
                    "this layer never learns."
                ),
                related=(Related(Place(layer.place.section, method.name), "This method runs for every batch."),),
                recipe=f"self.{layer.class_name.lower()} = {layer.place.text}  # in __init__",
            )


def _method_and_class(place: Place) -> tuple[cst.FunctionDef, cst.ClassDef] | None:
    """The method `call` around a place and its class, when the place is reached each time the method runs."""
    above = place.section.parsed.ancestors(place.node)
    for node in above:
        if isinstance(node, (cst.If, cst.IfExp, cst.Lambda, cst.Try)):
            return None
        if isinstance(node, cst.FunctionDef):
            cls = next((each for each in above if not isinstance(each, cst.IndentedBlock)), None)
            if node.name.value == "call" and isinstance(cls, cst.ClassDef) and cls.bases:
                return node, cls
            return None
    return None

"""SCR504 unused-regularizer."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.regularization.evidence import regularizers
from scram_analyzers.source import usage
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search

_REBUILDS = ("from_json", "clone_model", "from_config", "add_loss", ".build(")


class UnusedRegularizer(Rule):
    """A regularizer that never reaches the loss."""

    code = "SCR504"
    name = "unused-regularizer"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "a regularizer that is created, or set on finished layers, and has no effect"
    why = (
        "A penalty acts only if a layer gets it when it is made: the layer hands it to its weights as they are built. "
        "A regularizer that no layer gets, or gets later, changes nothing."
    )
    how = "Pass it to the layers: kernel_regularizer=... For a finished model, rebuild it: keras.models.clone_model."
    references = (Reference("Keras: layer weight regularizers", "https://keras.io/api/layers/regularizers/"),)
    false_alarms = "A name that another module imports from this one."
    bad = (
        Example(
            "No layer gets it",
            """
            import keras
            from keras import layers, regularizers

            penalty = »regularizers.l2(0.001)«
            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(1)])
            """,
        ),
        Example(
            "Set on layers whose weights exist already",
            """
            import keras

            base = keras.applications.MobileNetV2(include_top=False)
            for layer in base.layers:
                »layer.kernel_regularizer« = keras.regularizers.l2(0.001)
            """,
        ),
    )
    good = (
        Example(
            "Passed to a layer",
            """
            import keras
            from keras import layers, regularizers

            penalty = regularizers.l2(0.001)
            model = keras.Sequential([layers.Dense(64, activation="relu", kernel_regularizer=penalty)])
            """,
        ),
        Example(
            "Rebuilt from its configuration afterwards",
            """
            import keras

            base = keras.applications.MobileNetV2(include_top=False)
            for layer in base.layers:
                layer.kernel_regularizer = keras.regularizers.l2(0.001)
            model = keras.models.model_from_json(base.to_json())
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report regularizers whose names nobody reads, and those set on the layers of a finished model."""
        for call in regularizers.regularizer_calls(program):
            name = usage.bound_to(parents.ancestors(call.place))
            if name is not None and not usage.is_read(program, name):
                yield Report(
                    place=call.place,
                    message=f"No layer gets this regularizer: nothing reads {name}.",
                    recipe=f"kernel_regularizer={name}",
                )
        if not any(map(program.mentions, _REBUILDS)):
            yield from _set_later(program)


def _set_later(program: Program) -> Iterator[Report]:
    """`layer.kernel_regularizer = ...` in a loop over the layers of a model."""
    for loop, place in search.found(program, cst.For, "_regularizer"):
        over = Place(place.section, loop.iter)
        if not isinstance(loop.target, cst.Name) or not isinstance(loop.iter, cst.Attribute):
            continue
        if loop.iter.attr.value != "layers":
            continue
        for assigned in search.nodes(loop.body, cst.AssignTarget):
            target = assigned.target
            if (
                isinstance(target, cst.Attribute)
                and target.attr.value.endswith("_regularizer")
                and isinstance(target.value, cst.Name)
                and target.value.value == loop.target.value
            ):
                yield Report(
                    place=Place(place.section, target),
                    message=f"The weights of {over.text} exist already, so setting {target.attr.value} has no effect.",
                    related=(Related(over, "The layers of a finished model."),),
                    recipe="keras.models.clone_model(...)  # then load the weights again",
                )

"""SCR113 momentum-too-high."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule
from scram_analyzers.rules.hyperparameters.evidence import frozen_averages
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.values import Argument, number

_PARAMETER: Mapping[str, str] = MappingProxyType(
    {
        "SGD": "momentum",
        "RMSprop": "momentum",
        **dict.fromkeys(("Adam", "AdamW", "Adamax", "Nadam", "Lamb", "Lion"), "beta_1"),
    }
)
"""By optimizer: the share of its last step that goes into the next."""

USUAL = 0.9

USUAL_NORMALIZATION = 0.99
"""Keras's own."""

HALF_LIFE = 0.693
"""Of 1 / (1 - momentum) steps: ln 2."""


class MomentumTooHigh(Rule):
    """An optimizer or a batch normalization that remembers more steps than the run makes."""

    code = "SCR113"
    name = "momentum-too-high"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a momentum so close to 1 that steps of long ago still push the weights"
    why = (
        "With a momentum of m a gradient goes on to act for about 1/(1-m) steps, and SGD's steps add up to 1/(1-m) "
        "times the learning rate. Close to 1 the weights shoot past every minimum and swing back."
    )
    how = "Take 0.9; 0.99 at most, with a learning rate that is smaller by as much."
    references = (
        Reference("Keras: SGD", "https://keras.io/api/optimizers/sgd/"),
        Reference("Goh: Why momentum really works (2017)", "https://distill.pub/2017/momentum/"),
    )
    options = (
        Option("max", 0.995, "highest usual momentum (papers use 0.9 to 0.99)", "Google tuning playbook"),
        Option("max-normalization", 0.9997, "highest usual momentum of BatchNormalization", "NASNet (CVPR 2018)"),
    )
    bad = (
        Example(
            "Ten thousand steps of memory",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(0.01, momentum=»0.9999«), loss="mse")
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(0.01, momentum=0.9), loss="mse")
            """,
        ),
        Example(
            "The two betas of Adam in each other's place",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(1e-3, beta_1=»0.999«, beta_2=0.9), loss="mse")
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(1e-3, beta_1=0.9, beta_2=0.9), loss="mse")
            """,
        ),
        Example(
            "Averages that keep all of themselves",
            """
            import keras

            still = keras.optimizers.Adam(1e-3, beta_2=»1.0«)
            lost = keras.optimizers.AdamW(1e-3, use_ema=True, ema_momentum=»1.0«)
            """,
        ),
        Example(
            "Statistics that hardly follow the training",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(64, use_bias=False),
                    layers.BatchNormalization(momentum=»0.9999«),
                    layers.Activation("relu"),
                    layers.Dense(1),
                ]
            )
            model.compile(optimizer="adam", loss="mse")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    layers.Dense(64, use_bias=False),
                    layers.BatchNormalization(momentum=0.99),
                    layers.Activation("relu"),
                    layers.Dense(1),
                ]
            )
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
    )
    good = (
        Example(
            "High, and usual",
            """
            import keras

            optimizer = keras.optimizers.SGD(1e-3, momentum=0.99, nesterov=True)
            """,
        ),
        Example(
            "Adam as it is by default",
            """
            import keras

            optimizer = keras.optimizers.Adam(1e-3, beta_1=0.9, beta_2=0.999)
            averaged = keras.optimizers.Adam(1e-3, use_ema=True, ema_momentum=0.999)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each optimizer and batch normalization whose momentum is known and above the limit."""
        yield from self._of_optimizers(program)
        yield from program.each(program.layers, self._of_layer)

    def _of_layer(self, program: Program, layer: Layer) -> Iterator[Report]:
        given = _normalization_momentum(layer)
        momentum = number(given.value) if given is not None else None
        if given is None or momentum is None or not self.option("max-normalization") < momentum <= 1:
            return
        after = f"has come only halfway after {round(HALF_LIFE / (1 - momentum)):,} steps"
        yield Report(
            place=given.written_at or layer.place,
            message=(
                f"BatchNormalization's momentum is {fixes.number_text(momentum)}: its moving mean of the inputs "
                + (f"{after}." if momentum < 1 else "never leaves 0.")
            ),
            why=(
                "Training normalizes by each batch's own statistics, inference by a moving mean that keeps this share "
                "of itself at each step. Until it has caught up, the model answers nonsense outside of training."
            ),
            how="Leave it at Keras's 0.99; 0.9 for a short training.",
            recipe=f"momentum={USUAL_NORMALIZATION}",
        )

    def _of_optimizers(self, program: Program) -> Iterator[Report]:
        for optimizer in program.optimizers:
            yield from frozen_averages.of_optimizer(optimizer)
            momentum = _momentum(optimizer)
            if momentum is None or momentum <= self.option("max"):
                continue
            if frozen_averages.keeps_all(optimizer, _PARAMETER[optimizer.class_name]):
                continue
            steps = f"about {round(1 / (1 - momentum)):,} steps" if momentum < 1 else "all steps"
            if momentum > 1:
                steps = "all steps, more in each than in the one before"
            place = _place(optimizer)
            yield Report(
                place=place,
                message=(
                    f"{optimizer.class_name}'s {_PARAMETER[optimizer.class_name]} is {fixes.number_text(momentum)}, so "
                    f"a gradient goes on to move the weights for {steps}."
                ),
                related=_use(program, optimizer, place),
                recipe=f"{_PARAMETER[optimizer.class_name]}={USUAL}",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the usual momentum."""
        for optimizer in program.optimizers:
            if optimizer.class_name in _PARAMETER and program.range_of(_place(optimizer)) == finding.range:
                edit = fixes.replace(program, _place(optimizer), str(USUAL))
                return Fix(f"Set {_PARAMETER[optimizer.class_name]} to {USUAL}", Applicability.UNSAFE, (edit,))
        for layer in program.layers:
            given = _normalization_momentum(layer)
            place = given.written_at if given is not None else None
            if place is not None and program.range_of(place) == finding.range:
                edit = fixes.replace(program, place, str(USUAL_NORMALIZATION))
                return Fix(f"Set momentum to {USUAL_NORMALIZATION}", Applicability.UNSAFE, (edit,))
        return None


def _normalization_momentum(layer: Layer) -> Argument | None:
    return layer.arguments.get("momentum") if layer.class_name == "BatchNormalization" else None


def _momentum(optimizer: Optimizer) -> float | None:
    parameter = _PARAMETER.get(optimizer.class_name)
    given = optimizer.arguments.get(parameter) if parameter is not None else None
    return number(given.value) if given is not None else None


def _use(program: Program, optimizer: Optimizer, place: Place) -> tuple[Related, ...]:
    """The optimizer, where the number is written elsewhere."""
    if program.line_of(place) == program.line_of(optimizer.place):
        return ()
    return (Related(optimizer.place, "It is used here."),)


def _place(optimizer: Optimizer) -> Place:
    given = optimizer.arguments.get(_PARAMETER[optimizer.class_name])
    place = given.written_at if given is not None else None
    return place or optimizer.place

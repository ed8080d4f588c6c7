"""SCR801 eager-mode-left-on."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.model import ModelKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Program
from scram_analyzers.source.values import boolean

_GLOBAL = frozenset(("tensorflow.config.run_functions_eagerly", "tensorflow.config.experimental_run_functions_eagerly"))


class EagerModeLeftOn(Rule):
    """Training step by step, as for debugging."""

    code = "SCR801"
    name = "eager-mode-left-on"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    only_with = ("eager",)
    summary = "run_eagerly=True, which is for debugging and makes training several times slower"
    why = "Every operation is called from Python on its own instead of being compiled into one graph."
    how = "Remove it once the program works. Keep it only while you step through a training step."
    references = (Reference("Keras: debugging tips", "https://keras.io/examples/keras_recipes/debugging_tips/"),)
    false_alarms = "A train_step or loss that needs Python values (.numpy(), plotting) can't do without."
    bad = (
        Example(
            "Left over from debugging",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse", run_eagerly=»True«)
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
    )
    good = (
        Example(
            "Compiled, by default",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse", run_eagerly=False)
            """,
        ),
        Example(
            "From the command line",
            """
            import keras
            from settings import debug

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse", run_eagerly=debug)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the argument of `compile`, and the switch for all of TensorFlow."""
        for compiled in program.compiles:
            place = _eager(compiled)
            if place is not None:
                yield Report(
                    place=place, message="This model trains without being compiled into a graph, which is slow."
                )
        for call in program.calls_of(_GLOBAL):
            if boolean(call.arguments.value("run_eagerly", 0)) is True:
                yield Report(place=call.place, message="All of TensorFlow runs without graphs here, which is slow.")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Remove the argument."""
        for compiled in program.compiles:
            place = _eager(compiled)
            if place is None or program.range_of(place) != finding.range:
                continue
            edit = fixes.remove_argument(program, compiled.place, "run_eagerly")
            if edit is not None:
                safe = Applicability.SAFE if _is_all_keras(compiled) else Applicability.UNSAFE
                return Fix("Remove run_eagerly", safe, (edit,))
        return None


def _eager(compiled: Compile) -> Place | None:
    given = compiled.arguments.get("run_eagerly")
    return given.place if given is not None and boolean(given.value) is True else None


def _is_all_keras(compiled: Compile) -> bool:
    """Whether nothing in the training is the program's own code, which might need Python values."""
    model = compiled.model
    return (
        model is not None
        and model.complete
        and not model.trains_itself
        and model.kind in (ModelKind.SEQUENTIAL, ModelKind.FUNCTIONAL)
        and all(loss.name is not None for loss in compiled.losses)
        and all(metric.name is not None for metric in compiled.metrics or ())
    )

"""Regression whose targets hold one number for each example, and networks that answer more than once for it."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.rules.architecture.evidence.last_layers import first_of_run, gives_every_step, last_recurrent
from scram_analyzers.rules.architecture.evidence.paths import by, sample_shape, words
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.heads import heads_of
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.program import Compile, Fit, Program
from scram_analyzers.source.shapes import ModelShapes


def reports(program: Program, compiled: Compile, fit: Fit | None, shapes: ModelShapes) -> Iterator[Report]:
    """A recurrent layer that gives every step, and a dense head on places that nothing has flattened."""
    model = compiled.model
    if model is None or len(model.outputs) != 1 or not any(loss.name in REGRESSION for loss in compiled.losses):
        return
    stepping = list(_steps_for_one_value(compiled, fit))
    yield from stepping or _places_for_one_value(program, compiled, fit, shapes)


def _places_for_one_value(
    program: Program, compiled: Compile, fit: Fit | None, shapes: ModelShapes
) -> Iterator[Report]:
    """A dense head that gives an answer for each place of a map or sequence."""
    model = compiled.model
    assert model is not None
    (head,) = heads_of(model)
    output = shapes.output(model.outputs[0])
    if head.layer is None or head.layer.class_name != "Dense" or output is None or len(output) < 2:
        return
    wanted = sample_shape(fit.targets) if fit is not None else None
    if wanted not in ((), (1,)) or not any(size is not None and size > 1 for size in output[:-1]):
        return
    first = first_of_run(model, head.layer)
    yield Report(
        head.layer.place,
        f"{words(head.layer)} gives an output of {by(output)} for each example, but the targets hold one number.",
        (Related(first.place, "Flatten belongs before this layer."),) if first is not head.layer else (),
        recipe=f"{program.imports.spell('keras.layers.Flatten').text}()  # before this layer",
    )


def _steps_for_one_value(compiled: Compile, fit: Fit | None) -> Iterator[Report]:
    """A recurrent layer that gives every step, with nothing after it to join them, where targets have no steps."""
    model, shape = compiled.model, sample_shape(fit.targets) if fit is not None else None
    if model is None or shape is None or len(shape) > 1:
        return
    (head,) = heads_of(model)
    if shape not in ((), (1,)) and head.units in (None, 1):
        return  # a number for each step may be what the targets hold
    recurrent = last_recurrent(model.outputs[0])
    if recurrent is not None and gives_every_step(recurrent):
        held = "one number" if shape in ((), (1,)) else "one row of numbers"
        message = (
            f"{words(recurrent)} gives its output at every step (return_sequences=True), so that the model "
            f"answers once for each step; the targets hold {held} for each example."
        )
        yield Report(recurrent.place, message, recipe="return_sequences=False  # the default")

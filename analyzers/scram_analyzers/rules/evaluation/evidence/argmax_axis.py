"""Along which axis an argmax of predictions goes, where the classes are along another."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.data import Data
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES
from scram_analyzers.source.program import Call
from scram_analyzers.source.reading import parents
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import integer


def astray(call: Call, made: Data, case: Case) -> str | None:
    """What an argmax over all predictions as they are gives instead of classes; None where it may give those."""
    units, axis = case.head.units, _axis(call)
    if axis is None or made.steps or made.one_row or not case.several:
        return None
    if axis == 0 and not _picks_examples(call):
        outputs = f"each of the {units} outputs" if units is not None else "each output"
        return (
            f"Along axis 0 this argmax goes through the examples: for {outputs} it gives the number of one example, "
            "and no class."
        )
    model = case.compiled.model if case.compiled is not None else None
    shape = ModelShapes(model).output(case.head.output) if model is not None else None
    if shape is None or len(shape) < 2 or shape[-1] != units or case.loss.name not in CROSS_ENTROPIES:
        return None
    along = axis if axis >= 0 else len(shape) + 1 + axis
    if not 0 < along < len(shape):
        return None
    what = "the steps of each sequence" if len(shape) == 2 else "the places of each map"
    return (
        f"Along axis {axis} this argmax goes through {what} and gives the number of one of them; the {units} classes "
        f"are along axis {len(shape)}, the last one."
    )


def _axis(call: Call) -> int | None:
    """The axis, where there is one: numpy's default is all of them, TensorFlow's the first."""
    given = call.arguments.get("axis", 1)
    if call.arguments.open:
        return None
    if given is None:
        return 0 if call.name.startswith("tensorflow.") else None
    return integer(given.value)


def _picks_examples(call: Call) -> bool:
    """Whether rows are taken by the numbers it gives: `images[shares.argmax(axis=0)]`."""
    return isinstance(next(iter(parents.ancestors(call.place)), None), cst.Index)

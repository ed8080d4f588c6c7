"""Results of scalers that go nowhere, made from what a model is trained on raw."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.source.data import Data, DataStep
from scram_analyzers.source.libraries.changing_objects import SCALED_RANGE
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Call, Fit, Program
from scram_analyzers.source.values import Arguments


@once
def unused_copies(program: Program) -> tuple[tuple[Call, Fit], ...]:
    """Each call whose scaled result nobody uses, with a training on the same data unscaled."""
    found: dict[tuple[int, int], tuple[Call, Fit]] = {}
    for call in (*filter(_scales, program.method_calls), *program.calls_where(_scales)):
        scaled = call.result
        if call.place.key in found or not isinstance(scaled, Data):
            continue
        fit = next((fit for fit in program.fits if _trains_raw(fit, scaled)), None)
        if fit is not None and fit.x is not None and fit.x.place is not None and not _is_used(program, call):
            found[call.place.key] = (call, fit)
    return tuple(found.values())


def _scales(call: Call) -> bool:
    if not isinstance(call.result, Data) or call.result.labels is not None:
        return False
    owner, _, method = call.name.rpartition(".")
    by_object = method in ("transform", "fit_transform") and owner.rpartition(".")[2] in SCALED_RANGE
    return by_object or call.name in _SCALING


_SCALING = frozenset(("keras.utils.normalize", "sklearn.preprocessing.scale", "sklearn.preprocessing.normalize"))


def _takes_one_column(step: DataStep) -> bool:
    node = step.node
    if step.name != "getitem" or not isinstance(node, cst.Subscript):
        return step.name in ("column", "getitem", "get")
    last = node.slice[-1].slice
    if not isinstance(last, cst.Index):
        return False
    return len(node.slice) > 1 or not isinstance(last.value, cst.List)


def _trains_raw(fit: Fit, scaled: Data) -> bool:
    data = fit.inputs
    if data is None or data.scaled or not scaled.roots & (data.roots | data.origins):
        return False
    taken = {step.place.node for step in data.steps if step.place is not None}
    columns = [step.place.node for step in scaled.steps if step.place is not None and _takes_one_column(step)]
    return taken.issuperset(columns)  # a column that the inputs don't come from may be the targets


def _is_used(program: Program, call: Call) -> bool:
    """Whether anything but a split, a print or a further transformation takes what the call returned."""
    for fit in program.fits:
        if any(_holds(value, call) for value in (fit.x and fit.x.value, fit.validation and fit.validation.value)):
            return True
    if any(evaluation.x is not None and _holds(evaluation.x.value, call) for evaluation in program.evaluations):
        return True
    for other in (*program.calls, *program.method_calls):
        fits = other.name.endswith(".fit") and other.name.startswith(_TRANSFORMERS)
        if isinstance(other.result, Data) or other.name.endswith("train_test_split") or fits:
            continue
        if any(_holds(value, call) for value in _values(other.arguments)):
            return True
    return False


_TRANSFORMERS = ("sklearn.preprocessing.", "sklearn.decomposition.")


def _values(arguments: Arguments) -> list[object]:
    return [argument.value for argument in (*arguments.positional, *arguments.keywords.values())]


def _holds(value: object, call: Call) -> bool:
    if not isinstance(value, Data):
        return False
    return any(step.place is not None and step.place.node is call.place.node for step in value.steps)

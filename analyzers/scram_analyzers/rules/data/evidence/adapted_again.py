"""Layers adapted twice: the second time forgets the first, and was given data that are to judge the model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.base import Related, Report
from scram_analyzers.rules.data.evidence.judging import judged_by
from scram_analyzers.source.data import Data, DataStep
from scram_analyzers.source.program import Call, Fit, Program

_ADAPT = ".adapt"


def adapted_again(program: Program, fit: Fit, kinds: tuple[str, ...]) -> Iterator[Report]:
    """Report each layer of these classes that learned last from what judges this training."""
    calls = [call for call in program.method_calls if _class_of(call) in kinds]
    for earlier, later in itertools.pairwise(calls):
        data = _learned(later)
        if data is None or _learned(earlier) is None or not _is_same_layer(earlier, later):
            continue
        judging = any(_begins_with(each.data, data) for each in judged_by(program, fit))
        if judging and fit.inputs is not None and not _begins_with(fit.inputs, data):
            yield Report(
                later.place,
                f"Adapting this {_class_of(later)} again makes it forget what it had learned from the training data: "
                "from here on it goes by data that judge the model.",
                (Related(earlier.place, "It is adapted to the training data here."),),
            )


def _class_of(call: Call) -> str:
    owner = call.name.removesuffix(_ADAPT)
    return owner.rpartition(".")[2] if owner != call.name else ""


def _learned(call: Call) -> Data | None:
    data = call.arguments.value("data", 0)
    return data if isinstance(data, Data) and data.roots else None


def _is_same_layer(one: Call, other: Call) -> bool:
    """Whether two statements, which are not the same one run twice, adapt what goes by one name."""
    first, second = one.place.node, other.place.node
    if first is second or not isinstance(first, cst.Call) or not isinstance(second, cst.Call):
        return False
    return first.func.deep_equals(second.func)


def _begins_with(data: Data, whole: Data) -> bool:
    """Whether data were made of all rows of others."""
    pairs = zip(data.steps, whole.steps, strict=False)
    return data.roots == whole.roots and len(whole.steps) <= len(data.steps) and all(itertools.starmap(_is_same, pairs))


def _is_same(one: DataStep, other: DataStep) -> bool:
    """Whether two steps do the same, written once or twice (`x[:n]`)."""
    if one != other or one.node is None or other.node is None:
        return one == other
    return one.node is other.node or one.node.deep_equals(other.node)

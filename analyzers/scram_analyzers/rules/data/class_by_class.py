"""Labels that stand class by class because the program wrote or collected them so."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.data.judging import in_random_order
from scram_analyzers.source.data import WHOLE, Data, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search

_FILLED = ("numpy.zeros", "numpy.ones", "numpy.full")
_JOINED = ("concatenate", "hstack", "append")


def stands_class_by_class(labels: Data) -> bool:
    """Whether labels are arrays of one number each, joined one after the other and never mixed since."""
    done = [step for step in labels.steps if step.kind not in (StepKind.CONVERTED, StepKind.ENCODED)]
    joined = [step for step in done if step.name.rpartition(".")[2] in _JOINED]
    several = labels.range is not None and labels.range.low < labels.range.high
    return labels.source in _FILLED and labels.rows == WHOLE and several and len(joined) == len(done) == 1


def collected_class_by_class(program: Program, labels: Data) -> bool:
    """Whether labels fill a list in loops of which an outer one goes over the classes, and nothing is ever mixed."""
    mixed = in_random_order(labels) or program.matches(_MIXING)
    name = _list_name(labels.place) if labels.source in ("list", "literal") and labels.place is not None else None
    if name is None or mixed:
        return False
    appended = [*_appended(program, name)]
    if _one_constant_a_loop(appended):
        return True
    for value, place in appended:
        if not isinstance(value, cst.Name):
            continue
        loops = [node for node in parents.ancestors(place) if isinstance(node, cst.For)]
        if (
            len(loops) > 1
            and not _binds(loops[0], value.value)
            and any(_binds(each, value.value) for each in loops[1:])
        ):
            return True
    return False


def _appended(program: Program, name: str) -> Iterator[tuple[cst.BaseExpression, Place]]:
    """What the program appends to a list, and where."""
    for call, place in search.found(program, cst.Call, f"{name}.append("):
        owner = call.func.value if isinstance(call.func, cst.Attribute) and call.func.attr.value == "append" else None
        if isinstance(owner, cst.Name) and owner.value == name and len(call.args) == 1:
            yield call.args[0].value, place


def _one_constant_a_loop(appended: list[tuple[cst.BaseExpression, Place]]) -> bool:
    """Whether one loop appends nothing but one number and the next nothing but another: `y.append(0)`."""
    numbers: dict[int, str] = {}
    for value, place in appended:
        above = parents.ancestors(place)
        loop = next((node for node in above if isinstance(node, cst.For)), None)
        inside = above[: above.index(loop)] if loop is not None else []
        if loop is None or not isinstance(value, cst.Integer) or any(isinstance(node, cst.If) for node in inside):
            return False
        if id(loop) in numbers:
            return False
        numbers[id(loop)] = value.value
    return len(set(numbers.values())) > 1


_MIXING = re.compile(r"\b(shuffle|permutation|sample)\(")


def _binds(loop: cst.For, name: str) -> bool:
    targets = [loop.target, *(each.target for each in search.nodes(loop.body, cst.AssignTarget))]
    return any(found.value == name for target in targets for found in search.nodes(target, cst.Name))


def _list_name(place: Place) -> str | None:
    """The name of a list by where it is written: `labels = []`, `images, labels = [], []`."""
    above = parents.ancestors(place)
    assign = next((node for node in above if isinstance(node, cst.Assign)), None)
    if assign is None or len(assign.targets) != 1:
        return None
    target: cst.CSTNode = assign.targets[0].target
    value = assign.value
    if isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple) and len(target.elements) == len(value.elements):
        pairs = zip(target.elements, value.elements, strict=True)
        target = next((left.value for left, right in pairs if right.value is place.node), target)
    return target.value if isinstance(target, cst.Name) else None

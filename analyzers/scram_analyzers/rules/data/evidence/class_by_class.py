"""Labels that stand class by class because the program wrote or collected them so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import libcst as cst

from scram_analyzers.rules.data.evidence.judging import in_random_order
from scram_analyzers.source.data import WHOLE, Data, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name

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
    appended = [*_collected(program, name)]
    if _one_constant_a_loop(appended) or _of_joined_lists(program, appended):
        return True
    return any(_is_of_outer_loop(value, place) for value, place in appended)


def _is_of_outer_loop(value: cst.BaseExpression, place: Place) -> bool:
    """Whether what a loop appends again and again comes of a name that only a loop around it binds.

    The name itself, or its number: `int(folder)`, `kinds.index(kind)`. What is looked up by it may be anything.
    """
    if isinstance(value, cst.Call) and len(value.args) == 1:
        called = (dotted_name(value.func) or "").rpartition(".")[2]
        return called in _NUMBERING and _is_of_outer_loop(value.args[0].value, place)
    if not isinstance(value, cst.Name):
        return False
    loops = [node for node in parents.ancestors(place) if isinstance(node, cst.For)]
    inner = not loops or _binds(loops[0], value.value)
    return not inner and any(_binds(each, value.value) for each in loops[1:])


_NUMBERING = ("int", "index", "float", "str")
"""What makes the number of a class of its name."""


_Appended: TypeAlias = "tuple[cst.BaseExpression, Place]"


def _collected(program: Program, name: str) -> Iterator[_Appended]:
    """What a list is filled with: as it is appended, or one part of the pairs in another list that were appended."""
    for value, place in _appended(program, name):
        pair = _part_of_pairs(value, parents.ancestors(place))
        yield from ((value, place),) if pair is None else _parts(program, *pair)
    for assigned, _ in search.found(program, cst.Assign, f"{name} ="):
        comprehension = _in_array(assigned.value)
        if isinstance(comprehension, cst.ListComp) and _is_name(assigned.targets[0].target, name):
            pair = _part_of_pairs(comprehension.elt, (comprehension.for_in,))
            yield from () if pair is None else _parts(program, *pair)


def _in_array(node: cst.BaseExpression) -> cst.BaseExpression:
    """The list that `np.array(...)` is given."""
    array = isinstance(node, cst.Call) and (dotted_name(node.func) or "").endswith("array") and node.args
    return node.args[0].value if isinstance(node, cst.Call) and array else node


def _is_name(node: cst.BaseExpression, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _part_of_pairs(value: cst.BaseExpression, around: Sequence[cst.CSTNode]) -> tuple[str, int] | None:
    """The list that a loop goes over, and which part of each of its items an expression is: `for x, y in rows: y`."""
    loop = next((each for each in around if isinstance(each, (cst.For, cst.CompFor))), None)
    if loop is None or not isinstance(loop.iter, cst.Name):
        return None
    if isinstance(loop.target, cst.Tuple) and isinstance(value, cst.Name):
        names = [_is_name(each.value, value.value) for each in loop.target.elements]
        return (loop.iter.value, names.index(True)) if any(names) else None
    if isinstance(value, cst.Subscript) and isinstance(loop.target, cst.Name) and len(value.slice) == 1:
        key = value.slice[0].slice
        number = key.value if isinstance(key, cst.Index) else None
        if isinstance(number, cst.Integer) and _is_name(value.value, loop.target.value):
            return loop.iter.value, number.evaluated_value
    return None


def _parts(program: Program, name: str, part: int) -> Iterator[_Appended]:
    """One part of each pair that is appended to a list: `rows.append([image, number])`."""
    for value, place in _appended(program, name):
        if isinstance(value, (cst.List, cst.Tuple)) and part < len(value.elements):
            yield value.elements[part].value, place


def _appended(program: Program, name: str) -> Iterator[_Appended]:
    """What the program appends to a list, and where."""
    for call, place in search.found(program, cst.Call, f"{name}.append("):
        owner = call.func.value if isinstance(call.func, cst.Attribute) and call.func.attr.value == "append" else None
        if isinstance(owner, cst.Name) and owner.value == name and len(call.args) == 1:
            yield call.args[0].value, place


def _one_constant_a_loop(appended: list[_Appended]) -> bool:
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


def _of_joined_lists(program: Program, appended: list[_Appended]) -> bool:
    """Whether one loop appends a number for each file of two lists joined, each of which a word was looked for in."""
    loops = [
        next((node for node in parents.ancestors(place) if isinstance(node, cst.For)), None) for _, place in appended
    ]
    numbers = {value.value for value, _ in appended if isinstance(value, cst.Integer)}
    first = loops[0] if loops else None
    if first is None or any(each is not first for each in loops) or len(numbers) != len(appended) > 1:
        return False
    joined = _last_given(program, first.iter) if isinstance(first.iter, cst.Name) else None
    if not isinstance(joined, cst.BinaryOperation) or not isinstance(joined.operator, cst.Add):
        return False
    words = [_chosen_by(program, each) for each in (joined.left, joined.right)]
    return None not in words and words[0] != words[1]


def _last_given(program: Program, name: cst.Name) -> cst.BaseExpression | None:
    """What is assigned to a name at last."""
    found = [
        assigned.value
        for assigned, _ in search.found(program, cst.Assign, f"{name.value} =")
        if _is_name(assigned.targets[0].target, name.value)
    ]
    return found[-1] if found else None


def _chosen_by(program: Program, listed: cst.BaseExpression) -> str | None:
    """The condition by which a list, or what a stretch is taken of, was chosen: `[f for f in files if "cat" in f]`."""
    listed = listed.value if isinstance(listed, cst.Subscript) else listed
    given = _last_given(program, listed) if isinstance(listed, cst.Name) else None
    if not isinstance(given, cst.ListComp) or len(given.for_in.ifs) != 1:
        return None
    words = [each.value for each in search.nodes(given.for_in.ifs[0], cst.SimpleString)]
    return words[0] if len(words) == 1 else None


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

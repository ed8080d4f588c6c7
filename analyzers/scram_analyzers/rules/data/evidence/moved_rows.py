"""Targets that were moved along by some rows, or sorted by themselves, so that rows have the targets of others."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from scram_analyzers.rules.data.evidence.judging import PICKING, in_random_order, slice_of, stretch
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.reading import parents, search


def moved(inputs: Data, targets: Data) -> DataStep | None:
    """The step that sorted targets by themselves or moved them along, or inputs, of rows in random order; of a series
    that may be meant.

    Data that come from one array, as in windows over it, are left alone.
    """
    if not inputs.roots or not targets.roots or inputs.roots == targets.roots:
        return None
    if (alone := _sorted_alone(inputs, targets)) is not None:
        return alone
    rolled = [_rolled(data) for data in (targets, inputs)]
    if any(rolled):
        return next(filter(None, rolled)) if not all(rolled) else None
    return _cut_elsewhere(inputs, targets)


def what_moved(step: DataStep) -> str:
    """What such a step did, in a sentence."""
    if step.name == SORT:
        return "This sorts the labels by themselves: each row gets the label of another."
    moved = "turns them round" if _is_turned_round(step) else "moves them along by some"
    return f"The rows come in no order, and this {moved}: each gets the label of another."


SORT = "sort"


def _sorted_alone(inputs: Data, targets: Data) -> DataStep | None:
    """`np.sort(y)`, after inputs and targets had been put in the same random order, or split as one."""
    if any(step.name in (SORT, "argsort") for step in inputs.steps):
        return None
    ordered = {id(step.node) for step in inputs.steps if step.kind in (StepKind.SHUFFLED, StepKind.SPLIT)}
    for place, step in enumerate(targets.steps):
        if step.name == SORT and any(id(each.node) in ordered for each in targets.steps[:place] if each.node):
            return step if isinstance(step.node, cst.Call) and len(step.node.args) == 1 else None
    return None


def _rolled(data: Data) -> DataStep | None:
    """`np.roll(y, 1)` or `y[::-1]`, of rows that were in random order before."""
    for place, step in enumerate(data.steps):
        node = step.node
        is_rolled = step.name == "roll" and isinstance(node, cst.Call) and _along_rows(node)
        if (is_rolled or _is_turned_round(step)) and not _may_be_of_each_row(step):
            return step if in_random_order(replace(data, steps=data.steps[:place])) else None
    return None


def _is_turned_round(step: DataStep) -> bool:
    """Whether all rows are taken from the last to the first."""
    key = slice_of(step) if step.kind is StepKind.SELECTED else None
    stride = key.step if key is not None and key.lower is None and key.upper is None else None
    return isinstance(stride, cst.UnaryOperation) and isinstance(stride.operator, cst.Minus)


def _may_be_of_each_row(step: DataStep) -> bool:
    """Whether what was moved may be the values of one row: in a loop or comprehension, or of a function's argument."""
    if step.place is None:
        return True
    around = parents.ancestors(step.place)
    if any(isinstance(each, cst.For | cst.CompFor | cst.BaseComp | cst.Lambda) for each in around):
        return True
    functions = [each for each in around if isinstance(each, cst.FunctionDef)]
    given = {name.value for each in functions for name in search.nodes(each.params, cst.Name)}
    return any(name.value in given for name in search.nodes(step.place.node, cst.Name))


def _along_rows(call: cst.Call) -> bool:
    """Whether whole rows are moved: along the first axis, or along the only one."""
    axes = [argument.value for argument in call.args if argument.keyword is not None]
    axes += [argument.value for argument in call.args[2:] if argument.keyword is None]
    return all(isinstance(axis, cst.Integer) and axis.evaluated_value == 0 for axis in axes)


def _cut_elsewhere(inputs: Data, targets: Data) -> DataStep | None:
    """The slice that begins one or more rows after, or before, the one of the same rows' inputs."""
    if _other_picks(inputs) != _other_picks(targets):
        return None
    begins = _begin(inputs), _begin(targets)
    if None in begins or begins[0] == begins[1]:
        return None
    cuts = [place for place, step in enumerate(targets.steps) if stretch(step) is not None]
    if not cuts or not in_random_order(replace(targets, steps=targets.steps[: cuts[0]])):
        return None
    return targets.steps[cuts[-1]]


def _other_picks(data: Data) -> list[cst.CSTNode | None]:
    """Where rows were picked in other ways than by a slice."""
    return [step.node for step in data.steps if step.kind in PICKING and stretch(step) is None]


def _begin(data: Data) -> int | None:
    """How many rows were cut off the front, where they are written as numbers."""
    lowers = [key.lower for key in map(stretch, data.steps) if key is not None and key.lower is not None]
    numbers = [lower.evaluated_value for lower in lowers if isinstance(lower, cst.Integer)]
    return sum(numbers) if len(numbers) == len(lowers) else None


def of_other_rows(inputs: Data, targets: Data) -> DataStep | None:
    """The slice that took the targets from where the inputs' own stretch of rows ends, or up to where it begins.

    As in `x[:n]` beside `y[n:]`, by whatever names the bounds go. Data from one array that are no labels may be a
    series and its future.
    """
    is_series = bool(inputs.roots & targets.roots) and (inputs.labels is not None or targets.labels is None)
    cuts = [[step for step in data.steps if stretch(step) is not None] for data in (inputs, targets)]
    if not inputs.roots or not targets.roots or is_series or [*map(len, cuts)] != [1, 1]:
        return None
    if _other_picks(inputs) != _other_picks(targets):
        return None
    ours, theirs = (slice_of(each) for (each,) in cuts)
    if ours is None or theirs is None:
        return None
    meet = _is_same(ours.upper, theirs.lower) or _is_same(ours.lower, theirs.upper)
    return cuts[1][0] if meet and not _goes_along(cuts[1][0]) else None


def _goes_along(step: DataStep) -> bool:
    """Whether the slice moves on with each turn of a loop, as the window behind another does: `y[i : i + 6]`."""
    if step.place is None:
        return False
    loops = [each for each in parents.ancestors(step.place) if isinstance(each, cst.For | cst.BaseComp)]
    heads = [each.target if isinstance(each, cst.For) else each.for_in.target for each in loops]
    turning = {name.value for head in heads for name in search.nodes(head, cst.Name)}
    return any(name.value in turning for name in search.nodes(step.place.node, cst.Name))


def _is_same(one: cst.BaseExpression | None, other: cst.BaseExpression | None) -> bool:
    """Whether two bounds are given and written in the same way."""
    if one is None or other is None or type(one) is not type(other):
        return False
    return (written := _written(one)) is not None and written == _written(other)


def _written(bound: cst.BaseExpression | None) -> str | None:
    """A bound as it is written, but for spaces; None for one that is not given or is the first row."""
    code = "".join(cst.Module([]).code_for_node(bound).split()) if bound is not None else ""
    return code if code not in ("", "0") else None

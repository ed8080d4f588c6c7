"""Rows that come in an order, so that the last of them are unlike the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.rules.data.evidence.class_by_class import collected_class_by_class, stands_class_by_class
from scram_analyzers.rules.data.evidence.joined_tables import joined_class_by_class
from scram_analyzers.rules.data.evidence.judging import in_random_order, stretch
from scram_analyzers.source.data import WHOLE, Data, DataStep, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.values import boolean

MIXED = "order = np.random.permutation(len(x))\nx, y = x[order], y[order]"
"""The recipe that makes the last rows like the rest."""

_SORTED_SOURCES = ("sklearn.datasets.load_iris", "sklearn.datasets.load_wine")
"""Data sets whose rows come class by class."""

_EVENLY_SPACED = ("numpy.linspace", "numpy.arange")


@dataclass(frozen=True, slots=True)
class LastRows:
    """Why the last rows are unlike the rest: the `order` they stand in, and what is `seen` in them alone."""

    order: str
    seen: str


def last_rows(program: Program, fit: Fit) -> LastRows | None:
    """What is known of the last rows of a training's data; None where they may well be like the others."""
    data, targets = fit.inputs, fit.targets
    if data is not None and comes_sorted(data):
        order = f"The rows of {name_of_source(data)} are sorted by class"
        return LastRows(order, "validation sees only the last classes, training too few")
    if data is not None and runs_through(data) and not is_straight(targets):
        order = f"The inputs run from one end to the other ({data.source.rpartition('.')[2]})"
        return LastRows(order, "a stretch that the model never sees")
    if targets is not None and stands_class_by_class(targets):
        order = "These labels stand class by class"
        return LastRows(order, "validation sees only the last class, training too little of it")
    if targets is not None and (column := _sorted_by_target(targets)) is not None:
        return LastRows(f'The rows are sorted by "{column}", the target', "the highest or lowest targets alone")
    if targets is not None and joined_class_by_class(program, targets):
        order = "The tables of single classes are joined one below the other"
        return LastRows(order, "validation sees only the last classes, training too few")
    if targets is not None and collected_class_by_class(program, targets):
        order = "The labels are collected class by class"
        return LastRows(order, "validation sees only the last classes, training too few")
    return None


def _sorted_by_target(targets: Data) -> str | None:
    """The column that the targets are, when the table was sorted by it and its rows were never mixed after that."""
    for position, step in enumerate(targets.steps):
        later = targets.steps[position + 1 :]
        if step.name != "sort_values" or in_random_order(replace(targets, source="", steps=later)):
            continue
        column = next((each.column for each in later if each.column is not None), None)
        call = step.node
        given = (
            [each.value for each in call.args if each.keyword is None or each.keyword.value == "by"]
            if isinstance(call, cst.Call)
            else []
        )
        first = given[0].elements[0].value if given and isinstance(given[0], cst.List) and given[0].elements else None
        by = first or (given[0] if given else None)
        if isinstance(by, cst.SimpleString) and column is not None and by.evaluated_value == column:
            return column
    return None


def cut_in_their_order(program: Program, fit: Fit) -> Place | None:
    """Where the rows of a training were cut off the rest while they stood class by class; None where they were not."""
    labels = fit.targets
    for position, step in enumerate(labels.steps if labels is not None else ()):
        if labels is None or not (step.kind is StepKind.SPLIT or stretch(step) is not None):
            continue
        whole = replace(labels, steps=labels.steps[:position], rows=WHOLE)
        sorted_rows = (
            stands_class_by_class(whole)
            or collected_class_by_class(program, whole)
            or joined_class_by_class(program, replace(whole, steps=labels.steps))
        )
        if not sorted_rows or not _in_order(program, step):
            return None
        return next((each.place for each in fit.inputs.steps if _alike(each, step)), None) if fit.inputs else None
    return None


def _in_order(program: Program, step: DataStep) -> bool:
    """Whether a step takes the first rows, or the last: `y[:n]`, or a split that is told not to shuffle."""
    if step.kind is StepKind.SPLIT:
        calls = (call for call in program.calls if call.place.node is step.node)
        return any(boolean(call.arguments.value("shuffle")) is False for call in calls)
    key = stretch(step)
    return key is not None and (key.lower is None) is not (key.upper is None)


def _alike(one: DataStep, other: DataStep) -> bool:
    """Whether inputs were cut as their labels were."""
    ours, theirs = stretch(one), stretch(other)
    if ours is None or theirs is None:
        return one.node is other.node
    return ours.deep_equals(theirs)


def mixed(program: Program, fit: Fit) -> str:
    """The recipe in the program's own names, where inputs and labels have names."""
    if not has_names(fit):
        return MIXED
    x, y = _written(fit)
    numpy = fixes.numpy(program)
    return f"order = {numpy.text}.random.permutation(len({x}))\n{x}, {y} = {x}[order], {y}[order]"


def has_names(fit: Fit) -> bool:
    """Whether inputs and labels are given to a training by a name each."""
    x, y = _written(fit)
    return x.isidentifier() and y.isidentifier() and x != y


def _written(fit: Fit) -> tuple[str, str]:
    """How inputs and labels stand in the call; empty for one that does not."""
    x, y = (each.place.text if each is not None and each.place is not None else "" for each in (fit.x, fit.y))
    return x, y


def comes_sorted(data: Data) -> bool:
    """Whether the rows come class by class from where they are loaded, and nothing mixes them."""
    known = data.source in _SORTED_SOURCES or _sorted_file(data) is not None
    return known and not in_random_order(data) and not any(step.name.startswith("sort_") for step in data.steps)


def runs_through(data: Data) -> bool:
    """Whether the rows go from one end of the inputs to the other, and none of either end is met on the way."""
    return data.source in _EVENLY_SPACED and not _comes_again(data)


def is_straight(targets: Data | None) -> bool:
    """Whether targets follow a straight line, which a network goes on with beyond what it was trained on."""
    if targets is None or targets.source not in _EVENLY_SPACED:
        return False
    moved = [step for step in targets.steps if step.name in _LINEAR]
    others = [step for step in targets.steps if step not in moved]
    kept = all(step.kind in (StepKind.SELECTED, StepKind.CONVERTED) or step.name in _KEEPING for step in others)
    return kept and all(step.number is not None for step in moved)


_LINEAR = ("Add", "Subtract", "Multiply", "Divide")

_KEEPING = ("reshape", "numpy.reshape", "expand_dims", "flatten", "ravel", "astype")
"""What leaves the values of an array as they are."""


def name_of_source(data: Data) -> str:
    """How data are called that come sorted: by their function, or by their file."""
    return _sorted_file(data) or data.source.rpartition(".")[2]


def _sorted_file(data: Data) -> str | None:
    """The file of a table that comes class by class wherever it is found."""
    found = _SORTED_FILE.search(data.place.text) if data.is_table and data.place is not None else None
    return found[1] if found is not None else None


_SORTED_FILE = re.compile(r"""["'](?:[^"']*/)?(iris(?:\.data)?(?:\.csv|\.txt)?)["']""", re.IGNORECASE)


def _comes_again(data: Data) -> bool:
    """Whether rows from one end are met at the other as well: mixed, or of a wave, or windows over a series."""
    return in_random_order(data) or any(step.name in ("sin", "cos", "tan", "Modulo", "window") for step in data.steps)

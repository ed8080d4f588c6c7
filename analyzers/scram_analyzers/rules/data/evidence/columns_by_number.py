"""Columns taken by their numbers (`rows[:, 0:9]`, `rows[:, 8]`), and whether inputs hold the one that is the target."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.rules.data.evidence.judging import stretch
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.places import Place

_TABLES = ("pandas.", "numpy.loadtxt", "numpy.genfromtxt", "csv.reader", "csv.DictReader")
"""Where rows of columns come from; slices of images are something else."""

_KEEPING = (StepKind.SPLIT, StepKind.CONVERTED, StepKind.SHUFFLED, StepKind.SCALED, StepKind.ENCODED)
_PLAIN = (
    *("to_numpy", "reshape", "flatten", "ravel", "copy", "fillna", "numpy.array", "numpy.asarray"),
    *("encoded column", "setitem"),  # a column in the place of another
)


def column_held(inputs: Data | None, targets: Data | None) -> tuple[Place, Place] | None:
    """Where inputs were taken as a stretch of columns, and where the targets were, as one of these columns."""
    if inputs is None or targets is None or not inputs.source.startswith(_TABLES):
        return None
    if inputs.source != targets.source or not (inputs.roots | inputs.origins) & (targets.roots | targets.origins):
        return None
    ours, theirs = _taken(inputs), _taken(targets)
    if ours is None or theirs is None or inputs.steps[: ours[0]] != targets.steps[: theirs[0]]:
        return None
    columns, column = ours[1], theirs[1]
    if not isinstance(columns, cst.Slice) or not isinstance(column, cst.Index) or columns.step is not None:
        return None
    if _rows(inputs) != _rows(targets) or not _holds(columns, _number(column.value)):
        return None
    places = inputs.steps[ours[0]].place, targets.steps[theirs[0]].place
    return (places[0], places[1]) if places[0] is not None and places[1] is not None else None


def _taken(data: Data) -> tuple[int, cst.BaseSlice] | None:
    """Which step took columns of all rows, and which; None where it isn't one alone, or something else was done."""
    found: list[tuple[int, cst.BaseSlice]] = []
    for position, step in enumerate(data.steps):
        key = _columns(step)
        plain = step.kind in _KEEPING or step.name in _PLAIN or stretch(step) is not None
        if key is not None:
            found.append((position, key))
        elif found and not plain:
            return None  # before that it was done to the whole table, which both are taken from
    return found[0] if len(found) == 1 else None


def _columns(step: DataStep) -> cst.BaseSlice | None:
    """What `rows[:, 0:8]` takes of the columns."""
    node = step.node if step.kind is StepKind.SELECTED else None
    if not isinstance(node, cst.Subscript) or len(node.slice) != 2:
        return None
    rows = node.slice[0].slice
    whole = isinstance(rows, cst.Slice) and rows.lower is None and rows.upper is None and rows.step is None
    return node.slice[1].slice if whole else None


def _rows(data: Data) -> list[str]:
    """The bounds between which rows were taken: `[:500]`."""
    cuts = [step.place.text for step in data.steps if step.place is not None and _is_of_rows(step)]
    return [each[each.rindex("[") :] for each in cuts if "[" in each]


def _is_of_rows(step: DataStep) -> bool:
    return _columns(step) is None and stretch(step) is not None


def _holds(columns: cst.Slice, column: int | None) -> bool:
    """Whether a stretch of columns certainly has this one in it, however many columns there are."""
    first = _number(columns.lower) if columns.lower is not None else 0
    end = _number(columns.upper) if columns.upper is not None else None
    if column is None or first is None or (columns.upper is not None and end is None):
        return False
    if column >= 0:
        return 0 <= first <= column and (end is None or end > column)
    from_start = first == 0 or (first > 0 and column == -1)
    return from_start and (end is None or column < end < 0)


def _number(node: cst.BaseExpression) -> int | None:
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        held = _number(node.expression)
        return -held if held is not None else None
    return node.evaluated_value if isinstance(node, cst.Integer) else None

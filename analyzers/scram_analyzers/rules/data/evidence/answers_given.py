"""Tables of inputs that hold the column which is the target, or the one that the target was made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.rules.data.evidence.judging import stretch
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.libraries.changing_objects import SCALED_RANGE
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search


@dataclass(frozen=True, slots=True)
class Given:
    """The target's column, the one among the inputs that it was made of (None: itself), and where inputs were chosen.

    `place` is None where all columns are taken that the targets were taken from.
    """

    target: str
    source: str | None
    place: Place | None


def answer_given(program: Program, inputs: Data | None, targets: Data | None) -> Given | None:
    """The answer among the columns of a table; None where it is left out, or may be."""
    if inputs is None or targets is None or not (inputs.is_table and targets.is_table):
        return None
    if not (inputs.roots | inputs.origins) & (targets.roots | targets.origins):
        return None
    column = _column_of(targets)
    if column is None or _stretches(inputs) != _stretches(targets):
        return None
    source = _made_of(targets, column)
    for name in (column, source):
        if name is not None and (held := _holds(program, inputs, targets, name)) is not None:
            chosen = held[0] if held[0] not in [step.place for step in targets.steps] else None
            return Given(column, source if name == source else None, chosen)
    return None


def _column_of(targets: Data) -> str | None:
    """The one column that the targets are, of the same rows, at most split, encoded or scaled."""
    taken = [place for place, step in enumerate(targets.steps) if _selects(step)]
    if len(taken) != 1:
        return None
    only = targets.steps[taken[0]]
    later = targets.steps[taken[0] + 1 :]
    if any(step.kind not in _KEEPING_ROWS and step.name not in _PLAIN and stretch(step) is None for step in later):
        return None
    node = only.place.node if only.place is not None else None
    return node.attr.value if only.name == "column" and isinstance(node, cst.Attribute) else only.column


def _selects(step: DataStep) -> bool:
    """Whether a step takes columns, or rows by more than two bounds."""
    return step.kind is StepKind.SELECTED and stretch(step) is None


def _stretches(data: Data) -> list[str]:
    """The bounds between which rows were taken: `:500`."""
    cuts = [step.place.text for step in data.steps if step.place is not None and stretch(step) is not None]
    return [each[each.rindex("[") :] for each in cuts if "[" in each]


_KEEPING_ROWS = (StepKind.SPLIT, StepKind.CONVERTED, StepKind.ENCODED, StepKind.SCALED)
_PLAIN = ("to_numpy", "reshape", "flatten", "ravel", "tolist", "copy", "expand_dims")
_OF_ONE_VALUE = frozenset(("compare", "where", "astype", "map", "apply", "replace"))


def _made_of(targets: Data, column: str) -> str | None:
    """The one column whose values alone decide those of the target, row by row."""
    put = next((step.put[1] for step in reversed(targets.steps) if step.put and step.put[0] == column), None)
    if put is None:
        return None
    taken = [place for place, step in enumerate(put.steps) if step.kind is StepKind.SELECTED]
    if len(taken) != 1 or put.steps[taken[0]].column in (None, column):
        return None
    done = [step.name for step in put.steps[taken[0] + 1 :]]
    plain = bool(done) and _OF_ONE_VALUE.issuperset(done) and done[0] != "replace"
    return put.steps[taken[0]].column if plain and _names_one(put) else None


def _names_one(put: Data) -> bool:
    """Whether the expression that makes a column names no other column of the table."""
    last = put.steps[-1].place
    if last is None:
        return False
    named = [each for each in search.nodes(last.node, cst.SimpleString) if _is_key(last, each)]
    return len({each.raw_value for each in named}) <= 1


def _is_key(place: Place, node: cst.CSTNode) -> bool:
    return isinstance(next(iter(place.section.parsed.ancestors(node)), None), cst.Index)


def _popped_after(program: Program, inputs: Data, targets: Data) -> list[cst.BaseExpression]:
    """What names the target where it is taken out of a table of which the inputs are a copy made before."""
    copied, given = (
        [step.place for step in data.steps if step.name == "copy" and step.place is not None]
        for data in (inputs, targets)
    )
    copies = [place for place in copied if place not in given]  # what the target was taken out of is no copy to it
    pops = [step.place for step in targets.steps if step.name == "pop" and step.place is not None]
    if not copies or not pops or not isinstance(pops[-1].node, cst.Call):
        return []
    earlier = program.range_of(copies[-1]).start < program.range_of(pops[-1]).start
    return [each.value for each in pops[-1].node.args] if earlier else []


def _holds(program: Program, inputs: Data, targets: Data, column: str) -> tuple[Place | None] | None:
    """Where the columns were chosen that hold this one; None where it is left out, or may be."""
    if any(step.kind not in _KEEPING_COLUMNS and step.name not in _WHOLE for step in inputs.steps):
        return None
    if any(step.kind is StepKind.SCALED and not _scales_all(step) and step.name != "setitem" for step in inputs.steps):
        return None
    chosen = [step for step in inputs.steps if _selects(step)]
    dropped = [step for step in inputs.steps if step.name == "drop"]
    if chosen:
        names = chosen[-1].columns
        return (chosen[-1].place,) if len(chosen) == 1 and column in names and not dropped else None
    popped = _popped_after(program, inputs, targets)
    if any(not _is_only_read(each, place) and each not in popped for each, place in _mentions(program, column)):
        return None
    if any(not _drops_named(step) for step in dropped):
        return None
    return (dropped[-1].place,) if dropped else (None,)


_KEEPING_COLUMNS = (StepKind.SPLIT, StepKind.CONVERTED, StepKind.SHUFFLED, StepKind.SCALED, StepKind.SELECTED)
_WHOLE = (
    *("drop", "dropna", "fillna", "setitem", "encoded column", "reset_index", "sample", "to_numpy", "copy"),
    *("replace", "interpolate", "ffill", "bfill", "drop_duplicates"),
)
"""Steps that leave every column that they don't name."""


def _scales_all(step: DataStep) -> bool:
    return step.learned is not None and step.learned.kind.rpartition(".")[2] in SCALED_RANGE


def _drops_named(step: DataStep) -> bool:
    """Whether a drop names columns, all of them where it stands."""
    call = step.place.node if step.place is not None else None
    if not isinstance(call, cst.Call):
        return False
    for argument in call.args:
        named = argument.keyword.value if argument.keyword is not None else ""
        if named in ("axis", "inplace", "errors") or isinstance(argument.value, cst.Integer):
            continue
        values = [each.value for each in argument.value.elements] if isinstance(argument.value, cst.List) else []
        if not all(isinstance(each, cst.SimpleString) for each in values or [argument.value]):
            return False
    return bool(call.args)


def _mentions(program: Program, column: str) -> Iterator[tuple[cst.SimpleString, Place]]:
    for node, place in search.found(program, cst.SimpleString, column):
        if node.raw_value == column:
            yield node, place


def _is_only_read(node: cst.SimpleString, place: Place) -> bool:
    """Whether a name only takes a column out of a table, or puts one there: `table["price"]`."""
    above = parents.ancestors(place)
    subscript = above[2] if len(above) > 2 and isinstance(above[0], cst.Index) else None
    inside_del = any(isinstance(each, cst.Del) for each in above)
    return isinstance(subscript, cst.Subscript) and len(subscript.slice) == 1 and not inside_del

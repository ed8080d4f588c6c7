"""Windows cut out of a series that hold the value which is their target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from scram_analyzers.source.data import Data
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.linear_terms import distance
from scram_analyzers.source.values import number

SERIES = frozenset(("keras.utils.timeseries_dataset_from_array", "keras.preprocessing.timeseries_dataset_from_array"))


def unshifted(call: Call) -> Place | None:
    """The targets of `timeseries_dataset_from_array(series, series, n)`: each is the first row of its own window."""
    series, targets = call.arguments.get("data", 0), call.arguments.get("targets", 1)
    if call.name not in SERIES or series is None or targets is None or series.place is None or targets.place is None:
        return None
    length = number(call.arguments.value("sequence_length", 2))
    alike = isinstance(targets.value, Data) and series.place.node.deep_equals(targets.place.node)
    return targets.place if alike and length is not None and length > 1 else None


@once
def targets_within(section: Section) -> tuple[tuple[Place, Place], ...]:
    """Targets of windows that a loop collects, each with its window, that the window itself holds.

    `x.append(data[i : i + n])` beside `y.append(data[i + n - 1, 0])`, `x.append(data[i - n : i + 1])` beside
    `y.append(data[i, 0])`: the answer stands in the question.
    """
    found = []
    for loop in section.parsed.nodes.get(cst.For, ()):
        if isinstance(loop, cst.For) and isinstance(loop.target, cst.Name) and isinstance(loop.body, cst.IndentedBlock):
            found += list(_in_loop(section, loop.body, loop.target.value))
    return tuple(found)


def _in_loop(section: Section, body: cst.IndentedBlock, counted: str) -> Iterator[tuple[Place, Place]]:
    named: dict[str, cst.BaseExpression] = {}
    for line in body.body:
        named.update(_names(line))
    appended = [each for line in body.body for each in _appended(line, named, counted)]
    windows = [each for each in appended if isinstance(each.slice[0].slice, cst.Slice)]
    single = [each for each in appended if isinstance(each.slice[0].slice, cst.Index)]
    if len(windows) != 1 or len(single) != 1 or not windows[0].value.deep_equals(single[0].value):
        return
    window, target = windows[0].slice[0].slice, single[0].slice[0].slice
    assert isinstance(window, cst.Slice)
    assert isinstance(target, cst.Index)
    if _holds(window, target.value) and _takes_column(windows[0], single[0]):
        yield Place(section, single[0]), Place(section, windows[0])


def _names(line: cst.BaseStatement) -> Iterator[tuple[str, cst.BaseExpression]]:
    """What a statement binds to a single name."""
    for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
        if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
            target = statement.targets[0].target
            if isinstance(target, cst.Name):
                yield target.value, statement.value


def _appended(
    line: cst.BaseStatement, named: Mapping[str, cst.BaseExpression], counted: str
) -> Iterator[cst.Subscript]:
    """The one item or stretch in what a statement appends: `x.append(data[i : i + n])`, whatever is done with it."""
    for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
        call = statement.value if isinstance(statement, cst.Expr) else None
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.func.attr.value == "append":
            given = call.args[0].value if len(call.args) == 1 else None
            given = named.get(given.value, given) if isinstance(given, cst.Name) else given
            taken = list(search.nodes(given, cst.Subscript)) if given is not None else []
            inner = [
                each for each in taken if not any(search.nodes(each.slice[0], cst.Subscript)) and _moves(each, counted)
            ]
            if len(inner) == 1:
                yield inner[0]


def _moves(taken: cst.Subscript, counted: str) -> bool:
    """Whether a position moves with the loop: it is what the loop counts, or is worked out."""
    first = taken.slice[0].slice
    if not isinstance(first, cst.Index):
        return isinstance(first, cst.Slice)
    is_counted = isinstance(first.value, cst.Name) and first.value.value == counted
    return is_counted or isinstance(first.value, cst.BinaryOperation)


def _holds(window: cst.Slice, target: cst.BaseExpression) -> bool:
    """Whether a position is among those of a stretch: `i + n - 1` in `i : i + n`, and `i` in `i - n : i + 1`."""
    if window.lower is None or window.upper is None:
        return False
    to_end, from_start = distance(target, window.upper), distance(window.lower, target)
    return to_end is not None and to_end >= 1 and (from_start is None or from_start > 0)


def _takes_column(window: cst.Subscript, target: cst.Subscript) -> bool:
    """Whether the window holds the target's column: it has all of them, or just that one."""
    if len(window.slice) == 1:
        return True
    if len(window.slice) != len(target.slice):
        return False
    columns = window.slice[1].slice
    if isinstance(columns, cst.Slice):
        return columns.lower is None and columns.upper is None
    return columns.deep_equals(target.slice[1].slice)

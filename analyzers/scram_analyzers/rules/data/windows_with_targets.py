"""Windows cut out of a series that hold the value which is their target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section


@once
def targets_within(section: Section) -> tuple[tuple[Place, Place], ...]:
    """Targets of windows that a loop collects, each with its window, that are the window's own last values.

    `x.append(data[i : i + n])` beside `y.append(data[i + n - 1, 0])`: the answer stands at the end of the question.
    """
    found = []
    for loop in section.parsed.nodes.get(cst.For, ()):
        if isinstance(loop, cst.For) and isinstance(loop.target, cst.Name) and isinstance(loop.body, cst.IndentedBlock):
            found += list(_in_loop(section, loop.body))
    return tuple(found)


def _in_loop(section: Section, body: cst.IndentedBlock) -> Iterator[tuple[Place, Place]]:
    named: dict[str, cst.BaseExpression] = {}
    for line in body.body:
        named.update(_names(line))
    appended = [each for line in body.body for each in _appended(line, named)]
    windows = [each for each in appended if isinstance(each.slice[0].slice, cst.Slice)]
    single = [each for each in appended if isinstance(each.slice[0].slice, cst.Index)]
    if len(windows) != 1 or len(single) != 1 or not windows[0].value.deep_equals(single[0].value):
        return
    window, target = windows[0].slice[0].slice, single[0].slice[0].slice
    assert isinstance(window, cst.Slice)
    assert isinstance(target, cst.Index)
    if window.upper is None or window.lower is None or not _is_before(target.value, window.upper):
        return
    if _takes_column(windows[0], single[0]):
        yield Place(section, single[0]), Place(section, windows[0])


def _names(line: cst.BaseStatement) -> Iterator[tuple[str, cst.BaseExpression]]:
    """What a statement binds to a single name."""
    for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
        if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
            target = statement.targets[0].target
            if isinstance(target, cst.Name):
                yield target.value, statement.value


def _appended(line: cst.BaseStatement, named: Mapping[str, cst.BaseExpression]) -> Iterator[cst.Subscript]:
    """The one item or stretch in what a statement appends: `x.append(data[i : i + n])`, whatever is done with it."""
    for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
        call = statement.value if isinstance(statement, cst.Expr) else None
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.func.attr.value == "append":
            given = call.args[0].value if len(call.args) == 1 else None
            given = named.get(given.value, given) if isinstance(given, cst.Name) else given
            taken = list(search.nodes(given, cst.Subscript)) if given is not None else []
            inner = [each for each in taken if not any(search.nodes(each.slice[0], cst.Subscript)) and _moves(each)]
            if len(inner) == 1:
                yield inner[0]


def _moves(taken: cst.Subscript) -> bool:
    """Whether a position is worked out, as one that moves with a loop is."""
    first = taken.slice[0].slice
    return isinstance(first, cst.Slice) or (
        isinstance(first, cst.Index) and isinstance(first.value, cst.BinaryOperation)
    )


def _is_before(position: cst.BaseExpression, end: cst.BaseExpression) -> bool:
    """Whether a position is the last before an end: `i + n - 1` of `i + n`."""
    if not isinstance(position, cst.BinaryOperation) or not isinstance(position.operator, cst.Subtract):
        return False
    back = position.right.value if isinstance(position.right, cst.Integer) else ""
    return back == "1" and _code(position.left) == _code(end)


def _code(node: cst.BaseExpression) -> str:
    """How an expression is written, without blanks and the brackets around it as a whole."""
    bare = node.with_changes(lpar=(), rpar=())
    return "".join(cst.Module(()).code_for_node(bare).split())


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

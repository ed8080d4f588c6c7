"""The names that the loops around a line of a program bind anew in each round, before that line."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from types import FrameType


def loop_variables(frame: FrameType) -> tuple[str, ...]:
    """What the loops around the line that `frame` is at, in the same function, go over or assign before it.

    No names where the text is not there, or is no Python (a cell with commands of its notebook).
    """
    code, line = frame.f_code, frame.f_lineno
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename, frame.f_globals)))
    except (SyntaxError, ValueError):
        return ()
    loops = (node for node in ast.walk(tree) if isinstance(node, ast.For) and node.lineno >= code.co_firstlineno)
    around = (node for node in loops if node.lineno <= line <= (node.end_lineno or 0))
    return tuple(dict.fromkeys(name for node in around for name in _bound_before(node, line)))


def _bound_before(loop: ast.For, line: int) -> Iterator[str]:
    """The names that a loop goes over, and those that its own statements above the line assign."""
    yield from _names(loop.target)
    for statement in loop.body:
        if (statement.end_lineno or 0) >= line:
            return
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _names(target)


def _names(target: ast.expr) -> Iterator[str]:
    """The names in what is assigned to; `table[name]` assigns to none."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _names(element)

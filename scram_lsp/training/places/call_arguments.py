"""The argument of a call as it is written, by the call's place."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.reading.text import lines_of


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter by its names and its position in the call; `function` is what must be called, by its last name."""

    names: tuple[str, ...]
    position: int
    function: str | None = None


def argument_range(text: str, call: SourceRange, parameter: Parameter) -> SourceRange | None:
    """Where the argument for `parameter` stands in the call at `call`.

    None when there is no such call in `text`, or the argument is not written out (left out, `*args`).
    """
    lines = _lines_at(lines_of(text), call)
    node = _call_in(lines)
    if node is None or parameter.function not in (None, _last_name(node.func)):
        return None
    for keyword in node.keywords:
        if keyword.arg in parameter.names:
            return _range_of(keyword.value, lines, call)
    before = node.args[: parameter.position + 1]
    if len(before) <= parameter.position or any(isinstance(each, ast.Starred) for each in before):
        return None
    return _range_of(before[-1], lines, call)


def _lines_at(lines: list[str], place: SourceRange) -> list[str]:
    """What stands there, in brackets, so that it may go over several lines."""
    found = lines[place.start.line - 1 : place.end.line]
    if not found:
        return []
    found[-1] = found[-1][: place.end.column] + ")"
    found[0] = "(" + found[0][place.start.column :]
    return found


def _call_in(lines: list[str]) -> ast.Call | None:
    """The call that these lines are. No more is parsed: Python 3.11 raises `SystemError` when two threads do so at a
    time, and TensorFlow does for each function that it converts."""
    try:
        node = ast.parse("\n".join(lines), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return None
    return node if isinstance(node, ast.Call) else None


def _last_name(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _range_of(node: ast.expr, lines: list[str], call: SourceRange) -> SourceRange:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    places = []
    for line, column in ((node.lineno, node.col_offset), (end_line, end_column)):
        before = call.start.column - 1 if line == 1 else 0
        places += [call.start.line + line - 1, before + _in_code_points(lines, line, column)]
    return SourceRange.of(*places)


def _in_code_points(lines: list[str], line: int, column: int) -> int:
    text = lines[line - 1]
    return column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))

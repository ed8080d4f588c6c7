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
    lines = lines_of(text)
    node = _call_at(text, call, lines)
    if node is None or parameter.function not in (None, _last_name(node.func)):
        return None
    for keyword in node.keywords:
        if keyword.arg in parameter.names:
            return _range_of(keyword.value, lines)
    before = node.args[: parameter.position + 1]
    if len(before) <= parameter.position or any(isinstance(each, ast.Starred) for each in before):
        return None
    return _range_of(before[-1], lines)


def _call_at(text: str, place: SourceRange, lines: list[str]) -> ast.Call | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.lineno == place.start.line)
    return next((node for node in calls if _range_of(node, lines) == place), None)


def _last_name(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _range_of(node: ast.expr, lines: list[str]) -> SourceRange:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    start = _in_code_points(lines, node.lineno, node.col_offset)
    return SourceRange.of(node.lineno, start, end_line, _in_code_points(lines, end_line, end_column))


def _in_code_points(lines: list[str], line: int, column: int) -> int:
    text = lines[line - 1]
    return column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))

"""A walk over code-bearing fields only: many times faster than a visitor, which also calls on white space."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

import libcst as cst

_BARE = frozenset(
    (
        "comma",
        "semicolon",
        "dot",
        "equal",
        "colon",
        "lpar",
        "rpar",
        "lbracket",
        "rbracket",
        "lbrace",
        "rbrace",
        "header",
        "footer",
        "leading_lines",
        "lines_after_decorators",
        "trailing_whitespace",
        "newline",
    )
)
"""Fields that hold punctuation and layout."""


@functools.cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    names = (field.name for field in dataclasses.fields(kind))
    return tuple(name for name in names if name not in _BARE and not name.startswith("whitespace"))


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes of code directly in this one."""
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, (tuple, list)):
            yield from value
        elif isinstance(value, cst.CSTNode):
            yield value


def bound_names(body: cst.CSTNode) -> list[str]:
    """Names that a block assigns to, in no particular order."""
    names: list[str] = []
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign)):
            names += _names_in(node.target)
        elif isinstance(node, (cst.BaseSuite, cst.BaseStatement, cst.BaseSmallStatement, cst.Else, cst.ExceptHandler)):
            waiting.extend(child for child in children(node) if not isinstance(child, cst.BaseExpression))
        elif isinstance(node, (cst.Finally, cst.MatchCase)):
            waiting.append(node.body)
    return names


def _names_in(target: cst.CSTNode) -> list[str]:
    if isinstance(target, cst.Name):
        return [target.value]
    if isinstance(target, (cst.Tuple, cst.List)):
        return [name for element in target.elements for name in _names_in(element.value)]
    return []

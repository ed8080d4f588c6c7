"""A walk over code-bearing fields only: many times faster than a visitor, which also calls on white space."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

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
def _fields(kind: type[cst.CSTNode]) -> Callable[[cst.CSTNode], tuple[Any, ...]]:
    """What reads the values of the code-bearing fields of a node of this kind."""
    names = (field.name for field in dataclasses.fields(kind))
    bearing = [name for name in names if name not in _BARE and not name.startswith("whitespace")]
    if len(bearing) == 1:
        only = operator.attrgetter(bearing[0])
        return lambda node: (only(node),)
    return operator.attrgetter(*bearing) if bearing else lambda node: ()


_WITHOUT_NODES = frozenset((type(None), str, bool, cst.MaybeSentinel))
LEAVES = frozenset((cst.Name, cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString))
"""Half of all nodes, with no other in them."""


USUAL: Mapping[type[cst.CSTNode], Callable[[Any], list[cst.CSTNode]]] = {
    cst.Arg: lambda node: [node.value] if node.keyword is None else [node.value, node.keyword],
    cst.Assign: lambda node: [*node.targets, node.value],
    cst.AssignTarget: lambda node: [node.target],
    cst.Attribute: lambda node: [node.value, node.attr],
    cst.BinaryOperation: lambda node: [node.left, node.operator, node.right],
    cst.Call: lambda node: [node.func, *node.args],
    cst.Element: lambda node: [node.value],
    cst.Expr: lambda node: [node.value],
    cst.IndentedBlock: lambda node: [*node.body],
    cst.Index: lambda node: [node.value],
    cst.List: lambda node: [*node.elements],
    cst.SimpleStatementLine: lambda node: [*node.body],
    cst.Subscript: lambda node: [node.value, *node.slice],
    cst.SubscriptElement: lambda node: [node.slice],
    cst.Tuple: lambda node: [*node.elements],
}
"""Nine in ten of the nodes that have others in them, whose fields need no look at what is in them."""


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes of code directly in this one, as a list of the caller's own."""
    usual = USUAL.get(type(node))
    if usual is not None:
        return usual(node)
    found: list[cst.CSTNode] = []
    if type(node) in LEAVES:
        return found
    for value in _fields(type(node))(node):
        kind = type(value)  # asked by type: the nodes' abstract base makes isinstance five times slower
        if kind is tuple or kind is list:
            found += value
        elif kind not in _WITHOUT_NODES:
            found.append(value)
    return found


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

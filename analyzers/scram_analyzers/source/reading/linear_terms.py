"""How far one position in the source is from another: `i + n - 1` is one before `i + n`, whatever both are worth."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import libcst as cst

Terms = Mapping[str, int]
"""How often each name counts in a sum; what is a plain number counts under the empty name."""


def distance(start: cst.BaseExpression, end: cst.BaseExpression) -> int | None:
    """`end - start`, where whatever is not a plain number is the same in both."""
    difference = _sum(terms(end), terms(start), -1)
    rest = {name: count for name, count in difference.items() if name and count}
    return None if rest else difference.get("", 0)


def terms(node: cst.BaseExpression) -> Terms:
    """An expression as a sum; what is no sum, difference or number counts once, as it is written."""
    if isinstance(node, cst.Integer):
        return MappingProxyType({"": node.evaluated_value})
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return _sum({}, terms(node.expression), -1)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract)):
        return _sum(terms(node.left), terms(node.right), 1 if isinstance(node.operator, cst.Add) else -1)
    return MappingProxyType({_code(node): 1})


def _sum(left: Terms, right: Terms, sign: int) -> Terms:
    return MappingProxyType(
        {name: left.get(name, 0) + sign * right.get(name, 0) for name in dict.fromkeys((*left, *right))}
    )


def _code(node: cst.BaseExpression) -> str:
    """How an expression is written, without blanks and the brackets around it as a whole."""
    bare = node.with_changes(lpar=(), rpar=())
    return "".join(cst.Module(()).code_for_node(bare).split())

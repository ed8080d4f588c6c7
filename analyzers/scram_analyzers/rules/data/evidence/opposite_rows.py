"""Rows picked by a condition, and those picked by its opposite: `x[mask]` and `x[~mask]`."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.source.data import DataStep, StepKind

_OPPOSITE = {
    cst.LessThan: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.LessThan,
    cst.LessThanEqual: cst.GreaterThan,
    cst.GreaterThan: cst.LessThanEqual,
    cst.Equal: cst.NotEqual,
    cst.NotEqual: cst.Equal,
}


def are_opposite(one: DataStep, other: DataStep) -> bool:
    """Whether two steps pick rows by a condition and by its opposite: none is picked by both."""
    first, second = _condition(one), _condition(other)
    if first is None or second is None:
        return False
    negated = _negated(first), _negated(second)
    if (negated[0] is None) != (negated[1] is None):
        return (negated[0] or first).deep_equals(negated[1] or second)
    if not isinstance(first, cst.Comparison) or not isinstance(second, cst.Comparison):
        return False
    if len(first.comparisons) != 1 or len(second.comparisons) != 1 or not first.left.deep_equals(second.left):
        return False
    ours, theirs = first.comparisons[0], second.comparisons[0]
    is_turned = _OPPOSITE.get(type(ours.operator)) is type(theirs.operator)
    return is_turned and ours.comparator.deep_equals(theirs.comparator)


def _condition(step: DataStep) -> cst.BaseExpression | None:
    """What a step picks rows by, where it is no slice and no single name of a column: `table[table.year < 2019]`."""
    node = step.node if step.kind is StepKind.SELECTED else None
    key = node.slice[0].slice if isinstance(node, cst.Subscript) else None
    value = key.value if isinstance(key, cst.Index) else None
    return value if isinstance(value, (cst.Name, cst.Comparison, cst.UnaryOperation, cst.Attribute)) else None


def _negated(condition: cst.BaseExpression) -> cst.BaseExpression | None:
    inverted = isinstance(condition, cst.UnaryOperation) and isinstance(condition.operator, cst.BitInvert)
    return condition.expression if inverted and isinstance(condition, cst.UnaryOperation) else None

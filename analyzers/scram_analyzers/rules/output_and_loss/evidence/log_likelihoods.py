"""Logarithms of likelihoods without their minus: made small, they make what is right unlikely."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.output_and_loss.evidence.own_losses import Definition, without_mean
from scram_analyzers.rules.output_and_loss.evidence.turned_losses import without_minus
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name

_OF_ACTIONS = re.compile(r"advantage|reward|policy|actor|agent|entropy_bonus", re.IGNORECASE)
"""Words of losses whose first parameter may be worth less than nothing, and so brings its own sign."""


def is_log_likelihood(definition: Definition, node: cst.BaseExpression) -> bool:
    """Whether a loss is `mean(true * log(seen))`, or a sum of such parts, with no minus before it."""
    inner = without_mean(definition, node)
    parts = list(_added(definition, inner))
    if _OF_ACTIONS.search(Place(definition.section, definition.node).text):
        return False
    return bool(parts) and all(_is_part(definition, part) for part in parts)


def _added(definition: Definition, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        yield from _added(definition, node.left)
        yield from _added(definition, node.right)
    else:
        yield without_mean(definition, node)


def _is_part(definition: Definition, part: cst.BaseExpression) -> bool:
    """Whether a product takes the logarithm of the predictions where the truth says so."""
    true, seen = definition.parameters
    factors = list(_multiplied(part))
    if any(without_minus(factor) is not None or _is_below_zero(factor) for factor in (part, *factors)):
        return False
    logarithms = [factor for factor in factors if _is_logarithm(factor) and _mentions(factor, seen)]
    if any(_mentions(each, true) or any(search.nodes(each, cst.Divide)) for each in logarithms):
        return False  # `log(true / seen)` grows with the distance
    truth = [factor for factor in factors if factor not in logarithms and _mentions(factor, true)]
    return len(logarithms) == 1 and bool(truth)


def _multiplied(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        yield from _multiplied(node.left)
        yield from _multiplied(node.right)
    else:
        yield node


def _is_below_zero(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus)


def _is_logarithm(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and (dotted_name(node.func) or "").rpartition(".")[2] == "log"


def _mentions(node: cst.BaseExpression, name: str) -> bool:
    return any(each.value == name for each in search.nodes(node, cst.Name))

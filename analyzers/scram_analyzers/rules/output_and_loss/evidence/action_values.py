"""Values of actions, as Q-learning estimates them: the reward and a share of the best that a network expects next."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.once import once
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section

_LARGEST = re.compile(r"(?:^|_)a?max$")


def learns_action_values(case: Case) -> bool:
    """Whether the targets are predictions into which rewards, with the best that follows them, are written."""
    if not case.learns_values or case.targets is None:
        return False
    written = (step.place for step in case.targets.steps if step.name == "setitem")
    return any(place is not None and _adds_rewards_up(place.section) for place in written)


@once
def _adds_rewards_up(section: Section) -> bool:
    module = section.parsed.module
    if module is None or "max(" not in section.parsed.text:
        return False
    functions = search.nodes(module, cst.FunctionDef)
    bodies: list[cst.CSTNode] = [each.body for each in functions] or [module]
    return any(adds_best(body, each) for body in bodies for each in search.nodes(body, cst.BinaryOperation))


def adds_best(body: cst.CSTNode, added: cst.BinaryOperation) -> bool:
    """Whether a share of the largest of several values is added to something: `reward + gamma * max(values)`."""
    if not isinstance(added.operator, cst.Add) or not isinstance(added.right, cst.BinaryOperation):
        return False
    return any(_is_largest(each) or _is_named_largest(body, each) for each in _factors(added.right))


def _factors(product: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(product, cst.BinaryOperation) and isinstance(product.operator, cst.Multiply):
        yield from _factors(product.left)
        yield from _factors(product.right)
    elif not isinstance(product, cst.BinaryOperation):
        yield product


def _is_named_largest(body: cst.CSTNode, node: cst.BaseExpression) -> bool:
    if not isinstance(node, cst.Name):
        return False
    given = [
        each.value
        for each in search.nodes(body, cst.Assign)
        if isinstance(each.targets[0].target, cst.Name) and each.targets[0].target.value == node.value
    ]
    return len(given) == 1 and _is_largest(given[0])


def _is_largest(node: cst.BaseExpression) -> bool:
    node = node.value if isinstance(node, cst.Subscript) else node
    if not isinstance(node, cst.Call):
        return False
    name = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
    name = node.func.value if isinstance(node.func, cst.Name) else name
    return _LARGEST.search(name) is not None

"""Numbers that a program tries one after another: whoever compares them wants the extremes among them as well."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search


def is_candidate(program: Program, place: Place) -> bool:
    """Whether a number stands in a list of different ones that a loop goes through (`for rate in [0.1, 0.01]`), or is
    worked out from what a loop goes through (`1e-6 * 2**turn`).
    """
    above = parents.ancestors(place)
    if isinstance(place.node, cst.BinaryOperation) and any(_turns(each, place.node) for each in above):
        return True
    if len(above) < 2 or not isinstance(above[0], cst.Element) or not isinstance(above[1], (cst.List, cst.Tuple)):
        return False
    if len({number for each in above[1].elements if (number := _number(each.value)) is not None}) < 2:
        return False
    if _gone_through([above[1], *above[2:]]):
        return True
    name = _name_of(above[1], above[2:])
    return name is not None and any(_mentions(each, name) for each in _iterables(program, name))


def _turns(around: cst.CSTNode, node: cst.BinaryOperation) -> bool:
    """Whether something is a loop that gives a name of an expression another value at each turn."""
    target = around.target if isinstance(around, cst.For) else None
    return isinstance(target, cst.Name) and _mentions(node, target.value)


def _number(node: cst.BaseExpression) -> float | None:
    return float(node.evaluated_value) if isinstance(node, (cst.Integer, cst.Float)) else None


def _gone_through(above: list[cst.CSTNode]) -> bool:
    """Whether a list, the first of these nodes, is what a loop or comprehension around it goes through, or in that."""
    return any(
        isinstance(outer, (cst.For, cst.CompFor)) and outer.iter is inner for inner, outer in itertools.pairwise(above)
    )


def _name_of(listed: cst.CSTNode, above: list[cst.CSTNode]) -> str | None:
    """The name that a list is given, or that of the parameter whose default it is."""
    around = above[0] if above else None
    target: cst.CSTNode | None = None
    if isinstance(around, cst.Param) and around.default is listed:
        target = around.name
    elif isinstance(around, cst.Assign) and len(around.targets) == 1:
        target = around.targets[0].target
    return target.value if isinstance(target, cst.Name) else None


def _iterables(program: Program, name: str) -> Iterator[cst.BaseExpression]:
    """What loops and comprehensions go through, in those parts of the module that speak of a name."""
    yield from (loop.iter for loop, _ in search.found(program, cst.For, name))
    yield from (loop.iter for loop, _ in search.found(program, cst.CompFor, name))


def _mentions(node: cst.CSTNode, name: str) -> bool:
    names: Iterable[cst.Name] = search.nodes(node, cst.Name)
    return any(each.value == name for each in names)

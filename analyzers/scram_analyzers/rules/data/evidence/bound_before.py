"""Whether a name stands for the same thing at two places of a program, so that an edit may use it at both."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.parents import ancestors, statement_of
from scram_analyzers.source.reading.walk import children


def is_known_before(program: Program, x: Place, place: Place) -> bool:
    """Whether the data are the same, and have their name, before the statement in which the model begins.

    They are where each name in them is bound in the scope of that statement, before it, and nowhere after.
    """
    if not _can_be_read_twice(x.node):
        return False
    start = program.range_of(statement_of(place) or place).start
    return scope_of(x) is scope_of(place) and all(
        bound and all(program.range_of(each).start < start for each in bound)
        for bound in (bindings(program, name, place) for name in _names(x.node))
    )


def _can_be_read_twice(node: cst.CSTNode) -> bool:
    """Whether an expression only looks at things: names, their attributes, their elements and slices."""
    if isinstance(node, cst.BaseExpression) and not isinstance(node, _LOOKS):
        return False
    return all(_can_be_read_twice(child) for child in children(node))


_LOOKS = (cst.Name, cst.Attribute, cst.Subscript, cst.Integer)


def _names(node: cst.CSTNode) -> Iterator[str]:
    """The variables in an expression that only looks at things."""
    if isinstance(node, cst.Attribute):
        yield from _names(node.value)
    elif isinstance(node, cst.Name):
        yield node.value
    else:
        for child in children(node):
            yield from _names(child)


def bindings(program: Program, name: str, place: Place) -> list[Place]:
    """Where the scope of `place` binds a name."""
    scope = scope_of(place)
    found = [each for node, each in search.found(program, cst.Name, name) if node.value == name]
    return [each for each in found if _is_bound_by(each) and scope_of(each) is scope]


def _is_bound_by(place: Place) -> bool:
    """Whether a name is bound where it stands."""
    last = place.node
    for node in ancestors(place):
        if isinstance(node, (cst.AssignTarget, cst.Param)):
            return True
        if isinstance(node, (cst.AugAssign, cst.AnnAssign, cst.For)):
            return node.target is last
        if not isinstance(node, (cst.Element, cst.Tuple, cst.List)):
            return False
        last = node
    return False


def scope_of(place: Place) -> cst.CSTNode | None:
    """The function or class that a node stands in; None at the top of the module."""
    return next(
        (node for node in ancestors(place) if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda))), None
    )

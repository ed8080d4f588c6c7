"""What a node stands in. The tree has no way up; a chunk works one out when first asked."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.source.places import Place


def ancestors(place: Place) -> list[cst.CSTNode]:
    """The nodes around `place.node`, the closest first."""
    return list(place.section.parsed.ancestors(place.node))


def added_to(place: Place) -> str | None:
    """`model`, when the node is all that `model.add(...)` is given in a statement of its own."""
    above = ancestors(place)
    if len(above) < 3 or not isinstance(above[0], cst.Arg) or not isinstance(above[1], cst.Call):
        return None
    function = above[1].func
    if not isinstance(function, cst.Attribute) or function.attr.value != "add" or len(above[1].args) != 1:
        return None
    if not isinstance(above[2], cst.Expr) or not isinstance(function.value, (cst.Name, cst.Attribute)):
        return None
    return place.section.parsed.module.code_for_node(function.value) if place.section.parsed.module else None


def function_around(place: Place) -> cst.FunctionDef | None:
    """The innermost function that the node stands in; None at the level of the module."""
    above = place.section.parsed.ancestors(place.node)
    return next((node for node in above if isinstance(node, cst.FunctionDef)), None)


def is_element(place: Place) -> bool:
    """Whether the node is an element of a list or tuple."""
    above = ancestors(place)
    return bool(above) and isinstance(above[0], cst.Element)


def statement_of(place: Place) -> Place | None:
    """The statement that holds the node."""
    for node in [place.node, *ancestors(place)]:
        if isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            return Place(place.section, node)
    return None

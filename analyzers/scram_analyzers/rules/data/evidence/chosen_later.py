"""Columns that a program chooses of the parts of a table, after it was split."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.reading import parents, search


def columns_chosen_later(program: Program, call: Call) -> bool:
    """Whether the first of the parts that a call gives is only the table of which columns are taken or left out."""
    part = _first_of(parents.ancestors(call.place))
    if part is None:
        return False
    subscripts = (node for node, _ in search.found(program, cst.Subscript, f"{part}["))
    if any(_is_named(node.value, part) and not _takes_rows(node) for node in subscripts):
        return True
    attributes = (node for node, _ in search.found(program, cst.Attribute, f"{part}."))
    return any(_is_named(node.value, part) and node.attr.value in _CHOOSING for node in attributes)


_CHOOSING = frozenset(("drop", "pop", "loc", "iloc", "filter", "select_dtypes", "iterrows", "itertuples", "apply"))


def _first_of(above: list[cst.CSTNode]) -> str | None:
    """The name of the first of several targets that a call is assigned to."""
    assigned = next(iter(above), None)
    target = assigned.targets[0].target if isinstance(assigned, cst.Assign) else None
    first = target.elements[0].value if isinstance(target, (cst.Tuple, cst.List)) and target.elements else None
    return first.value if isinstance(first, cst.Name) else None


def _is_named(node: cst.BaseExpression, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _takes_rows(node: cst.Subscript) -> bool:
    return len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice)

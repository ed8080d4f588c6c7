"""What a program prints of a result, and what the result is called."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.source.reading import search


def names_of_result(above: list[cst.CSTNode]) -> list[str]:
    """The names that a call's result goes by, however it is taken apart."""
    for node in above:
        if isinstance(node, cst.Assign) and len(node.targets) == 1:
            found = [name.value for name in search.nodes(node.targets[0].target, cst.Name)]
            return [name for name in found if name.strip("_")]
        if not isinstance(node, cst.Subscript):
            return []
    return []


def prints(node: cst.Call, names: list[str]) -> bool:
    """Whether a call prints something that goes by one of these names."""
    return is_print(node) and any(name.value in names for name in search.nodes(node, cst.Name))


def is_print(node: cst.Call) -> bool:
    """Whether a call is `print(...)`."""
    return isinstance(node.func, cst.Name) and node.func.value == "print"


def words_of(node: cst.Call) -> str:
    """The words in what is printed."""
    return " ".join(pieces_of(node))


def pieces_of(node: cst.CSTNode) -> Iterator[str]:
    """The texts in what is printed, each by itself: those between the values of an f-string, too."""
    yield from (each.raw_value for each in search.nodes(node, cst.SimpleString))
    yield from (each.value for each in search.nodes(node, cst.FormattedStringText))

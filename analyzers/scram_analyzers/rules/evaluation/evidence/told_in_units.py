"""Errors of scaled targets that a program tells in the units of what was measured."""

from __future__ import annotations

import itertools
import re

import libcst as cst

from scram_analyzers.rules.evaluation.evidence.printing import is_print, names_of_result, pieces_of, prints
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name

_UNIT = re.compile(
    r"""\$(?=\s*(?:%|\{|$))                  # a price: "$%.2f", f"${x}", print("$", x)
    |[€£¥]|(?<![\w$])(?:USD|EUR|GBP|INR|dollars?|euros?|pounds|rupees)\b
    |°\s?[CF]\b|\b(?:degrees|celsius|fahrenheit|kelvin)\b
    |\b(?:[kMG]Wh?|kg|km/h|mph|mg/dl|mm\sof\srain|thousand\sdollars)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Units of money, warmth and the like; words that have other meanings as well (days, points) are left out."""


def unit_told(program: Program, place: Place) -> str | None:
    """The unit in which the result of a score is printed, straight away or by its name; None where none is named."""
    above = parents.ancestors(place)
    direct = next((node for node in above if isinstance(node, cst.Call) and is_print(node)), None)
    if direct is not None:
        return _unit_in(direct)
    names = names_of_result(list(itertools.dropwhile(_passes_on, above)))
    if not names or any(len(_bindings(program, name)) != 1 for name in names):
        return None
    printed = (node for node, _ in search.found(program, cst.Call, "print(") if prints(node, names))
    return next((unit for node in printed if (unit := _unit_in(node)) is not None), None)


def _passes_on(node: cst.CSTNode) -> bool:
    """What keeps the unit between a score and the name it gets: `np.sqrt(score)`, `score ** 0.5`."""
    if isinstance(node, cst.BinaryOperation):
        return isinstance(node.operator, cst.Power)
    name = dotted_name(node.func) if isinstance(node, cst.Call) else None
    return isinstance(node, cst.Arg) or (name is not None and name.rpartition(".")[2] in ("sqrt", "round", "float"))


def _bindings(program: Program, name: str) -> list[cst.AssignTarget]:
    """Where a name gets its values: with several it can't be told which of them is printed."""
    found = (node for node, _ in search.found(program, cst.AssignTarget, name))
    return [node for node in found if isinstance(node.target, cst.Name) and node.target.value == name]


def _unit_in(node: cst.Call) -> str | None:
    """The unit among the texts of one print, unless that multiplies: by the spread of the targets, it may be."""
    operations = search.nodes(node, cst.BinaryOperation)
    if any(isinstance(each.operator, cst.Multiply) for each in operations):
        return None
    found = (_UNIT.search(piece.strip()) for piece in pieces_of(node))
    return next((each.group(0).strip() for each in found if each is not None), None)

"""Generators of the program's own that end after one pass over their rows."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading import parents, search


@dataclass(frozen=True, slots=True)
class Spent:
    """A generator that a training is given: the name of its function, and the rows that its only loop goes over."""

    name: str
    rows: Place


def ends_after_one_pass(program: Program, fit: Fit) -> Spent | None:
    """The generator that a call in a training makes, whose loop over its rows nothing begins again."""
    made = fit.x.place.node if fit.x is not None and fit.x.place is not None else None
    if isinstance(made, cst.Name):
        made = _assigned_once(program, made.value)
    if not isinstance(made, cst.Call) or not isinstance(made.func, cst.Name):
        return None
    name = made.func.value
    found = [each for each in search.found(program, cst.FunctionDef, f"def {name}(") if each[0].name.value == name]
    if len(found) != 1 or found[0][0].decorators:
        return None  # a decorator may begin it again
    loop = _only_loop(found[0][1])
    return Spent(name, Place(found[0][1].section, loop.iter)) if loop is not None else None


def _assigned_once(program: Program, name: str) -> cst.BaseExpression | None:
    given = [
        assigned.value
        for assigned, _ in search.found(program, cst.Assign, f"{name} =")
        if isinstance(assigned.targets[0].target, cst.Name) and assigned.targets[0].target.value == name
    ]
    return given[0] if len(given) == 1 else None


def _only_loop(function: Place) -> cst.For | None:
    """The one loop over rows that every `yield` stands in, where no other is around it."""
    if not isinstance(function.node, cst.FunctionDef):
        return None
    loops: list[cst.For] = []
    for given in search.nodes(function.node.body, cst.Yield):
        above = parents.ancestors(Place(function.section, given))
        inside = above[: above.index(function.node)] if function.node in above else []
        around = [each for each in inside if isinstance(each, (cst.For, cst.While, cst.FunctionDef, cst.Try))]
        if len(around) != 1 or not isinstance(around[0], cst.For) or not _goes_over_rows(around[0].iter):
            return None
        loops.append(around[0])
    return loops[0] if loops and all(each is loops[0] for each in loops) else None


def _goes_over_rows(rows: cst.BaseExpression) -> bool:
    """Whether a loop goes over rows in batches: `range(0, len(rows), 32)`. Anything else may have no end."""
    is_range = isinstance(rows, cst.Call) and isinstance(rows.func, cst.Name) and rows.func.value == "range"
    return is_range and isinstance(rows, cst.Call) and len(rows.args) == len(("start", "stop", "step"))

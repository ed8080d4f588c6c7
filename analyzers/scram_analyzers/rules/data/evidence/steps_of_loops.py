"""The steps of a training loop of the program's own, as functions, and what the loops go over that call them."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name


def calls_of_step(program: Program, place: Place) -> list[Place]:
    """The calls of the function that something stands in; none where it stands in none."""
    function = parents.function_around(place)
    return list(_calls_of(program, function.name.value)) if function is not None else []


def _calls_of(program: Program, name: str) -> Iterator[Place]:
    for call, place in search.found(program, cst.Call, f"{name}("):
        if dotted_name(call.func) == name:
            yield place


def goes_over(call: Place) -> Place | None:
    """What the loop goes over whose rows a call is given: `val_ds` of `for x, y in val_ds: val_step(x, y)`."""
    given = {each.value for each in search.nodes(call.node, cst.Name)}
    for loop in parents.ancestors(call):
        if isinstance(loop, cst.For) and given & {each.value for each in search.nodes(loop.target, cst.Name)}:
            return Place(call.section, loop.iter)
    return None

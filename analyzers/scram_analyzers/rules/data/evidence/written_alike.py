"""Targets that a program fills as it fills an input, so that each place of the input holds the answer for itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading.chunks import Section


@dataclass(frozen=True, slots=True)
class Written:
    """`array[key] = value`, with what it says but for the array's name, and the block that it stands in."""

    place: Place
    name: str
    says: str
    block: int


def given_beside(program: Program, fit: Fit) -> tuple[Written, Written] | None:
    """The last writes to targets and to an input that are written at the same places, with the same values."""
    targets, y = fit.targets, fit.y
    if targets is None or y is None or y.place is None or not isinstance(y.place.node, cst.Name):
        return None
    for feed in fit.feeds:
        name = feed.place.node
        if not isinstance(name, cst.Name) or name.value == y.place.node.value:
            continue
        if any(step.name != "setitem" for step in (*feed.data.steps, *targets.steps)):
            continue
        ours, theirs = _writes(program, name.value), _writes(program, y.place.node.value)
        if ours and [(each.says, each.block) for each in ours] == [(each.says, each.block) for each in theirs]:
            return theirs[-1], ours[-1]
    return None


def _writes(program: Program, name: str) -> list[Written]:
    return [each for section in program.sections_with(name) for each in _of_section(section) if each.name == name]


@once
def _of_section(section: Section) -> tuple[Written, ...]:
    return tuple(_found(section))


def _found(section: Section) -> Iterator[Written]:
    for assignment in section.parsed.nodes.get(cst.Assign, ()):
        assert isinstance(assignment, cst.Assign)
        target = assignment.targets[0].target
        if not isinstance(target, cst.Subscript) or not isinstance(target.value, cst.Name):
            continue
        block = next(
            (each for each in section.parsed.ancestors(assignment) if isinstance(each, cst.IndentedBlock)), None
        )
        key = Place(section, target).text.removeprefix(target.value.value)
        says = f"{key} = {Place(section, assignment.value).text}"
        yield Written(Place(section, target), target.value.value, says, id(block))

"""Whether a module reads a name that it binds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.chunks import Section


def bound_to(above: list[cst.CSTNode]) -> str | None:
    """The name that an expression, or the list it stands in, is bound to; `above` is what it stands in."""
    for node in above:
        if isinstance(node, cst.Assign):
            target = node.targets[0].target
            return target.value if len(node.targets) == 1 and isinstance(target, cst.Name) else None
        if not isinstance(node, (cst.Element, cst.List)):
            return None
    return None


def is_read(program: Program, name: str, depth: int = 0) -> bool:
    """Whether anything reads the name, other than a list that nobody reads; what can't be parsed may well read it."""
    if program.is_in_broken_part(name):
        return True
    for place in _places(program, name):
        node, above = place.node, parents.ancestors(place)
        if above and (isinstance(above[0], cst.AssignTarget) or _is_only_a_word(above[0], node)):
            continue
        listed = bound_to(above) if above and isinstance(above[0], cst.Element) else None
        if listed is not None and depth == 0 and not is_read(program, listed, depth + 1):
            continue
        return True
    return False


def times_named(section: Section, name: str, function: cst.FunctionDef) -> int:
    """How often a name stands in a function."""
    return sum(function in section.parsed.ancestors(each) for each in _names_in(section).get(name, ()))


def _places(program: Program, name: str) -> Iterator[Place]:
    for section in search.parts(program, name):
        yield from (Place(section, each) for each in _names_in(section).get(name, ()))


@once
def _names_in(section: Section) -> Mapping[str, list[cst.CSTNode]]:
    found: dict[str, list[cst.CSTNode]] = {}  # no places: what a section keeps must not hold it, or it stays as garbage
    for node in section.parsed.nodes.get(cst.Name, ()):
        if isinstance(node, cst.Name):
            found.setdefault(node.value, []).append(node)
    return found


def _is_only_a_word(around: cst.CSTNode, node: cst.CSTNode) -> bool:
    """A keyword (`callbacks=`) or an attribute (`keras.callbacks`) of the same name."""
    if isinstance(around, cst.Arg):
        return around.keyword is node
    return isinstance(around, cst.Attribute) and around.attr is node

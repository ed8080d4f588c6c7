"""Finding nodes in a module, for rules about how something is written. A walk costs: the text is asked first."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.positions import units
from scram_analyzers.source.reading.walk import LEAVES, children

Node = TypeVar("Node", bound=cst.CSTNode)


def nodes(root: cst.CSTNode, kind: type[Node]) -> Iterator[Node]:
    """The nodes of one kind in a node (itself included), in the order of the text."""
    waiting = [root]
    wanted = _kinds_of(kind)
    while waiting:
        node = waiting.pop()
        if type(node) in wanted:
            yield cast(Node, node)
        if type(node) not in LEAVES:
            inner = children(node)
            inner.reverse()
            waiting += inner


def within(section: Section, root: cst.CSTNode, kind: type[Node]) -> Sequence[Node]:
    """The nodes of exactly one kind in one of a section of which much is asked, as a function: it is walked once."""
    return cast(Sequence[Node], section.parsed.within(root).get(kind, ()))


def blocks(section: Section) -> Iterator[cst.IndentedBlock]:
    """The blocks of statements in a section. Nothing else is walked."""
    for node, _, _ in units(section.parsed.module) if section.parsed.module is not None else ():
        body = getattr(node, "body", None)
        if isinstance(body, cst.IndentedBlock):
            yield body


@functools.cache
def _kinds_of(kind: type[cst.CSTNode]) -> frozenset[type[cst.CSTNode]]:
    """A kind of nodes with those below it: the nodes' abstract base makes `isinstance` slow."""
    return frozenset([kind]).union(*map(_kinds_of, kind.__subclasses__()))


def parts(program: Program, word: str) -> Iterator[Section]:
    """The top-level parts of the module whose text holds `word`."""
    yield from program.sections_with(word)


def found(program: Program, kind: type[Node], word: str) -> Iterator[tuple[Node, Place]]:
    """The nodes of exactly one kind, in those top-level parts of the module whose text holds `word`."""
    for section in parts(program, word):
        for node in section.parsed.nodes.get(kind, ()):
            assert isinstance(node, kind)
            yield node, Place(section, node)


def classes_in(program: Program, section: Section) -> Iterator[tuple[Place, ...]]:
    """The classes in a section, each in all its parts: as a whole, or its head and its methods one by one."""
    parts = program.class_of(section)
    if parts:
        yield tuple([place for part in parts for place in _outermost(part)])
    else:
        yield from ((Place(section, node),) for node in section.parsed.nodes.get(cst.ClassDef, ()))


def _outermost(section: Section) -> list[Place]:
    body = section.parsed.module.body if section.parsed.module is not None else ()
    return [Place(section, node) for node in body if isinstance(node, cst.ClassDef)]


def class_around(program: Program, place: Place) -> tuple[Section, str] | None:
    """What tells the class that a place stands in from any other; None outside of classes."""
    above = place.section.parsed.ancestors(place.node)
    owner = next((node for node in above if isinstance(node, cst.ClassDef)), None)
    parts = program.class_of(place.section) or (place.section,)
    return (parts[0], owner.name.value) if owner is not None else None

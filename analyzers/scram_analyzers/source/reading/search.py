"""Finding nodes in a module, for rules about how something is written. A walk costs: the text is asked first."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import Section
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
            waiting.extend(reversed(children(node)))


def within(section: Section, root: cst.CSTNode, kind: type[Node]) -> Sequence[Node]:
    """The nodes of exactly one kind in one of a section of which much is asked, as a function: it is walked once."""
    return cast(Sequence[Node], section.parsed.within(root).get(kind, ()))


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

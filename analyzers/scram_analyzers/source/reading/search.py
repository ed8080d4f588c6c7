"""Finding nodes in a module, for rules about how something is written. A walk costs: the text is asked first."""

from __future__ import annotations

import functools
from collections.abc import Iterator
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
    while waiting:
        node = waiting.pop()
        if _is_of(type(node), kind):
            yield cast(Node, node)
        if type(node) not in LEAVES:
            waiting.extend(reversed(children(node)))


@functools.cache
def _is_of(found: type[cst.CSTNode], kind: type[cst.CSTNode]) -> bool:
    """Whether nodes of one kind are also of another: the nodes' abstract base makes `isinstance` slow."""
    return issubclass(found, kind)


def parts(program: Program, word: str) -> Iterator[Section]:
    """The top-level parts of the module whose text holds `word`."""
    yield from program.sections_with(word)


def found(program: Program, kind: type[Node], word: str) -> Iterator[tuple[Node, Place]]:
    """The nodes of exactly one kind, in those top-level parts of the module whose text holds `word`."""
    for section in parts(program, word):
        for node in section.parsed.nodes.get(kind, ()):
            assert isinstance(node, kind)
            yield node, Place(section, node)

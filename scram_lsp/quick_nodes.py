"""Has libcst make nodes, and tell them apart, without ado, in a process of our own: a parse is over a quarter sooner.

A good part of the time that libcst takes to parse goes to setting every field of a node past the guard that keeps it as
it is, and to having it checked at the end. Nodes of the parser are right but for one thing that Python refuses (bytes
joined to text), and nobody here changes one. Besides, each node is asked for its hash by a method in Python, and their
abstract base whether it is of a kind. Here they are objects like others.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterator
from typing import Any

from scram_lsp.quick_dataclasses import quick_init

_GUARDS = ("__setattr__", "__delattr__")


class _Kind(ABCMeta):
    """A kind of nodes, asked for its instances as any class is."""

    __instancecheck__ = type.__instancecheck__
    __subclasscheck__ = type.__subclasscheck__


def make_nodes_quickly() -> None:
    """From now on no node of libcst is checked when it is made, or guarded afterwards."""
    from libcst import CSTNode

    kinds: list[Any] = [CSTNode, *_kinds(CSTNode)]
    if type(CSTNode) is _Kind:
        return  # it is so already
    for kind in kinds:
        for guard in _GUARDS:
            if guard in vars(kind):
                delattr(kind, guard)
        if vars(kind).keys() >= {"__init__", "__dataclass_fields__"}:
            setattr(kind, "__init__", quick_init(kind, ends_in_post_init=False))  # noqa: B010 (mypy lets none be set)
        kind.__class__, kind.__hash__, kind.__eq__ = _Kind, object.__hash__, object.__eq__


def _kinds(kind: Any) -> Iterator[Any]:
    """All kinds of nodes below one."""
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)

"""Has libcst make nodes, and tell them apart, without ado, in a process of our own: a parse is over a quarter sooner.

A good part of the time that libcst takes to parse goes to setting every field of a node past the guard that keeps it as
it is, and to having it checked at the end. Nodes of the parser are right but for one thing that Python refuses (bytes
joined to text), and nobody here changes one. Besides, each node is asked for its hash by a method in Python, and their
abstract base whether it is of a kind. Here they are objects like others. And as half of all nodes are the white space
between two others, most often none at all, that of the usual widths is one and the same object everywhere.
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


class _WhiteSpace(_Kind):
    """White space on a line, the same for the same text where it is no wider than usual."""

    def __call__(cls, value: str = "") -> Any:
        return _SHARED.get(value) or super().__call__(value=value)


_SHARED: dict[str, Any] = {}
"""White space that is made once, by its text."""

_WIDEST_SHARED = 12


def make_nodes_quickly() -> None:
    """From now on no node of libcst is checked when it is made, or guarded afterwards."""
    from libcst import CSTNode, SimpleWhitespace

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
    white_space: Any = SimpleWhitespace
    _SHARED.update((each, white_space(each)) for each in map(" ".__mul__, range(_WIDEST_SHARED + 1)))
    white_space.__class__ = _WhiteSpace


def _kinds(kind: Any) -> Iterator[Any]:
    """All kinds of nodes below one."""
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)

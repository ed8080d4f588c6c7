"""Has libcst make nodes without ado, in a process of our own: a parse is over a quarter sooner.

A good part of the time that libcst takes to parse goes to a method that `dataclasses` wrote for each kind of node: it
sets every field past the guard that keeps a node as it is, and has the node checked at the end. Nodes of the parser are
right but for one thing that Python refuses (bytes joined to text), and nobody here changes one. So each kind is given a
method that sets the fields and does no more, and the guard goes, without which that takes next to no time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

_GUARDS = ("__setattr__", "__delattr__")
_LEFT_OUT = object()
"""Stands for a field that nobody gave and that is made anew for each node."""


def make_nodes_quickly() -> None:
    """From now on no node of libcst is checked when it is made, or guarded afterwards."""
    from libcst import CSTNode

    kinds: list[Any] = [CSTNode, *_kinds(CSTNode)]
    if not any(guard in vars(CSTNode) for guard in _GUARDS):
        return  # it is so already
    for kind in kinds:
        for guard in _GUARDS:
            if guard in vars(kind):
                delattr(kind, guard)
        if "__init__" in vars(kind) and dataclasses.is_dataclass(kind):
            setattr(kind, "__init__", _written_at_first_call(kind))  # noqa: B010 (mypy lets no method be assigned)


def _kinds(kind: Any) -> Iterator[Any]:
    """All kinds of nodes below one."""
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def _written_at_first_call(kind: Any) -> Callable[..., None]:
    """What makes a node of this kind: few of the kinds are ever met, and to write it takes a while."""

    def first(self: object, /, *arguments: object, **named: object) -> None:
        initializer = kind.__init__ = _initializer(kind)
        initializer(self, *arguments, **named)

    return first


def _initializer(kind: Any) -> Callable[..., None]:
    """What sets the fields of a node, with the parameters and the defaults that `dataclasses` gives it."""
    names: dict[str, Any] = {"_LEFT_OUT": _LEFT_OUT}
    parameters, lines = ["self"], ["pass"]
    for field in dataclasses.fields(kind):
        name = field.name
        if field.default_factory is not dataclasses.MISSING:
            names[f"_new_{name}"] = field.default_factory
            parameters.append(f"{name}=_LEFT_OUT")
            lines.append(f"self.{name} = _new_{name}() if {name} is _LEFT_OUT else {name}")
            continue
        is_given = field.default is dataclasses.MISSING
        names[f"_default_{name}"] = field.default
        parameters.append(name if is_given else f"{name}=_default_{name}")
        lines.append(f"self.{name} = {name}")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines), names)
    initializer: Callable[..., None] = names["__init__"]
    return initializer

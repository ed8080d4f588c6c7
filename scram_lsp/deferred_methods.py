"""Has the methods of dataclasses compiled when they are first called, rather than when the classes are made.

`dataclasses` writes `__init__`, `__repr__`, `__eq__` and the like of each class as source text and hands it to `exec`.
For the 370 classes of libcst, the analysis and the rules that is half of the time they take to load (measured: 250 of
500 ms), and few of those methods are ever called. So in a process of our own `dataclasses` is given an `exec` that puts
it off: it makes stand-ins, each of which compiles what it stands for at its first call, and is replaced by it.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_KNOWN = ((3, 10), (3, 11), (3, 12), (3, 13))
"""Versions of Python whose `dataclasses` is known to go about it so; with others nothing is put off."""

_MAKER = "__create_fn__"
"""The function, in the text that `dataclasses` writes, that makes the methods of a class."""

_RESULT = "\n return "
"""Before what that function gives: the name of a method, or from Python 3.13 on a tuple of such names."""


@contextmanager
def deferred_methods() -> Iterator[None]:
    """Put it off for dataclasses that are made meanwhile. Any thread may make them."""
    if sys.version_info[:2] not in _KNOWN:
        yield
        return
    names = vars(dataclasses)
    before = names.get("exec")
    names["exec"] = _put_off  # `dataclasses` finds it before the builtin function
    try:
        yield
    finally:
        if before is None:
            names.pop("exec", None)
        else:
            names["exec"] = before


def _put_off(text: str, names: dict[str, Any], made: dict[str, Any]) -> None:
    """Stand for `exec(text, names, made)`, where `text` defines a function that makes methods."""
    result = text.rpartition(_RESULT)[2]
    methods = [each for each in result.strip("()").split(",") if each]
    if not methods or not all(each.isidentifier() for each in methods):
        exec(text, names, made)
        return

    def make(**values: object) -> object:
        source = _Source(text, names, values, is_one=not result.startswith("("))
        stand_ins = tuple(_stand_in(name, place, source) for place, name in enumerate(methods))
        return stand_ins[0] if source.is_one else stand_ins

    made[_MAKER] = make


class _Source:
    """Methods of one class as text. They are given `values`, and see the `names` of its module."""

    def __init__(self, text: str, names: dict[str, Any], values: dict[str, object], is_one: bool) -> None:
        self.is_one = is_one
        self._given = text, names, values
        self._compiled: tuple[Callable[..., Any], ...] | None = None

    def method(self, place: int) -> Callable[..., Any]:
        """One of them, compiled."""
        if self._compiled is None:
            text, names, values = self._given
            made: dict[str, Any] = {}
            exec(text, names, made)
            found = made[_MAKER](**values)
            self._compiled = (found,) if self.is_one else found
        return self._compiled[place]


def _stand_in(name: str, place: int, source: _Source) -> Callable[..., Any]:
    def method(self: object, /, *arguments: Any, **named: Any) -> Any:
        compiled = source.method(place)
        for each in type(self).__mro__:
            if vars(each).get(name) is method:
                compiled.__qualname__ = method.__qualname__
                setattr(each, name, compiled)
        return compiled(self, *arguments, **named)

    method.__name__ = name
    return method

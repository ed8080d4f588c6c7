"""Has the methods of dataclasses and attrs compiled at their first call, rather than when the classes are made.

`dataclasses` writes `__init__`, `__repr__`, `__eq__` and the like of each class as source text and hands it to `exec`.
For the 370 classes of libcst, the analysis and the rules that is half of the time they take to load (measured: 250 of
500 ms), and few of those methods are ever called. So in a process of our own `dataclasses` is given an `exec` that puts
it off: it makes stand-ins, each of which compiles what it stands for at its first call, and is replaced by it.

attrs does the same for the 560 types of lsprotocol (measured: 300 of 780 ms to load pygls), so once it is loaded, it is
given one as well.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol, TypeVar

_KNOWN = ((3, 10), (3, 11), (3, 12), (3, 13))
"""Versions of Python whose `dataclasses` is known to go about it so; with others nothing is put off."""

Place = TypeVar("Place", contravariant=True)

_MAKER = "__create_fn__"
"""The function, in the text that `dataclasses` writes, that makes the methods of a class."""

_RESULT = "\n return "
"""Before what that function gives: the name of a method, or from Python 3.13 on a tuple of such names."""

_ATTRS_EXEC = "_compile_and_eval"
_ATTRS_EXEC_TAKES = ("script", "globs", "locs", "filename")
"""What compiles methods in attrs, and what it takes; an attrs that does it otherwise is left alone."""

_METHOD = re.compile(r"^def (\w+)\(", re.MULTILINE)
_OTHER_LINE = re.compile(r"^(?!def )\S", re.MULTILINE)


@contextmanager
def deferred_methods() -> Iterator[None]:
    """Put it off for classes that are made meanwhile; of attrs only once that is loaded. Any thread may make them."""
    if sys.version_info[:2] not in _KNOWN:
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(_replaced(vars(dataclasses), "exec", _put_off))  # found before the builtin function
        attrs = vars(sys.modules["attr._make"]) if "attr._make" in sys.modules else {}
        code = getattr(attrs.get(_ATTRS_EXEC), "__code__", None)
        if code is not None and code.co_varnames[: code.co_argcount] == _ATTRS_EXEC_TAKES:
            stack.enter_context(_replaced(attrs, _ATTRS_EXEC, _put_off_attrs))
        yield


@contextmanager
def _replaced(names: dict[str, Any], name: str, value: object) -> Iterator[None]:
    before = names.get(name)
    names[name] = value
    try:
        yield
    finally:
        if before is None:
            names.pop(name, None)
        else:
            names[name] = before


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


def _put_off_attrs(script: str, globs: dict[str, Any], locs: Any = None, filename: str = "") -> None:
    """Stand for what `attrs` has of this kind: `script` defines methods, in `locs`."""
    if locs is None or _OTHER_LINE.search(script):
        exec(compile(script, filename, "exec"), globs, locs)
        return
    source = _Script(script, globs, filename)
    for name in _METHOD.findall(script):
        locs[name] = _stand_in(name, name, source)


class _Methods(Protocol[Place]):
    """Methods that are not compiled yet."""

    def method(self, place: Place) -> Callable[..., Any]:
        """One of them, compiled."""


class _Script:
    """Methods of one class of attrs as text, which see the names `globs`."""

    def __init__(self, script: str, globs: dict[str, Any], filename: str) -> None:
        self._given = script, globs, filename
        self._compiled: dict[str, Callable[..., Any]] | None = None

    def method(self, place: str) -> Callable[..., Any]:
        """One of them, compiled, by its name."""
        if self._compiled is None:
            script, globs, filename = self._given
            made: dict[str, Any] = {}
            exec(compile(script, filename, "exec"), globs, made)
            self._compiled = made
        return self._compiled[place]


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


def _stand_in(name: str, place: Place, source: _Methods[Place]) -> Callable[..., Any]:
    def method(self: object, /, *arguments: Any, **named: Any) -> Any:
        compiled = source.method(place)
        for each in type(self).__mro__:
            if vars(each).get(name) is method:
                compiled.__qualname__, compiled.__doc__ = method.__qualname__, method.__doc__
                setattr(each, name, compiled)
        return compiled(self, *arguments, **named)

    method.__name__ = name
    return method

"""Has methods of attrs classes compiled at their first call, rather than when the classes are made.

attrs writes `__init__`, `__repr__`, `__eq__` and the like of each class as source text and compiles it. For the 560
types of lsprotocol that is 300 of the 780 ms that it takes to load pygls (measured), and few of those methods are ever
called. So in a process of our own attrs is given a function that puts it off: it makes stand-ins, each of which
compiles what it stands for at its first call, and is replaced by it.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Methods: TypeAlias = "dict[str, Callable[..., Any]]"
"""The methods of one class, by their names."""

_EXEC = "_compile_and_eval"
_EXEC_TAKES = ("script", "globs", "locs", "filename")
"""What compiles methods in attrs, and what it takes; an attrs that does it otherwise is left alone."""

_METHOD = re.compile(r"^def (\w+)\(", re.MULTILINE)
_OTHER_LINE = re.compile(r"^(?!def )\S", re.MULTILINE)


@contextmanager
def deferred_methods() -> Iterator[None]:
    """Put it off for classes that are made meanwhile, by any thread; only once attrs is loaded.

    Only one thread at a time should be in here.
    """
    names = vars(sys.modules["attr._make"]) if "attr._make" in sys.modules else {}
    before = names.get(_EXEC)
    if _takes(before) == _EXEC_TAKES:
        names[_EXEC] = _put_off
    try:
        yield
    finally:
        if before is not None:
            names[_EXEC] = before


def _takes(function: Any) -> tuple[str, ...]:
    """The names of a function's parameters; none of what is no function."""
    code = getattr(function, "__code__", None)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()


def _put_off(script: str, globs: dict[str, Any], locs: Any = None, filename: str = "") -> None:
    """Stand for what attrs has of this kind: `script` defines methods, in `locs`."""
    if locs is None or _OTHER_LINE.search(script):
        exec(compile(script, filename, "exec"), globs, locs)
        return

    @functools.cache
    def compiled() -> Methods:
        made: dict[str, Any] = {}
        exec(compile(script, filename, "exec"), globs, made)
        return made

    for name in _METHOD.findall(script):
        locs[name] = _stand_in(name, compiled)


def _stand_in(name: str, compiled: Callable[[], Methods]) -> Callable[..., Any]:
    """A method that gives way to the real one when it is called first."""
    real: Callable[..., Any] | None = None

    def method(self: object, /, *arguments: Any, **named: Any) -> Any:
        nonlocal real
        if real is None:
            real = compiled()[name]
            for each in type(self).__mro__:
                if vars(each).get(name) is method:
                    real.__qualname__, real.__doc__ = method.__qualname__, method.__doc__
                    setattr(each, name, real)
        return real(self, *arguments, **named)

    method.__name__ = name
    return method

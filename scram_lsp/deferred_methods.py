"""Has the methods of dataclasses and attrs compiled at their first call, rather than when the classes are made.

`dataclasses` writes `__init__`, `__repr__`, `__eq__` and the like of each class as source text and hands it to `exec`.
For the 370 classes of libcst, the analysis and the rules that is half of the time they take to load (measured: 250 of
500 ms), and few of those methods are ever called. So in a process of our own `dataclasses` is given an `exec` that puts
it off: it makes stand-ins, each of which compiles what it stands for at its first call, and is replaced by it.

attrs does the same for the 560 types of lsprotocol (measured: 300 of 780 ms to load pygls), so once it is loaded, it is
given one as well.

In a program that is watched, only the classes of some packages are made so: those of the program itself, made on
another thread meanwhile, are none of our business.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias

_KNOWN = ((3, 10), (3, 11), (3, 12), (3, 13))
"""Versions of Python whose `dataclasses` is known to go about it so; with others nothing is put off."""

Methods: TypeAlias = dict[str, Callable[..., Any]]
"""The methods of one class, by their names."""

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
def deferred_methods(of_packages: Collection[str] = ()) -> Iterator[None]:
    """Put it off for classes that are made meanwhile; of attrs only once that is loaded. Any thread may make them.

    With `of_packages` only for dataclasses of these. Only one thread at a time should be in here.
    """
    if sys.version_info[:2] not in _KNOWN:
        yield
        return
    put_off = functools.partial(_put_off_of, of_packages) if of_packages else _put_off
    with ExitStack() as stack:
        stack.enter_context(_replaced(vars(dataclasses), "exec", put_off))  # found before the builtin function
        attrs = vars(sys.modules["attr._make"]) if "attr._make" in sys.modules and not of_packages else {}
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


def _put_off_of(packages: Collection[str], text: str, names: dict[str, Any], made: dict[str, Any]) -> None:
    """The same, where the class is one of these packages: `names` are those of its module."""
    package = str(names.get("__name__")).partition(".")[0]
    (_put_off if package in packages else exec)(text, names, made)


def _put_off(text: str, names: dict[str, Any], made: dict[str, Any]) -> None:
    """Stand for `exec(text, names, made)`, where `text` defines a function that makes methods of what it is given."""
    result = text.rpartition(_RESULT)[2]
    methods = [each for each in result.strip("()").split(",") if each]
    if not methods or not all(each.isidentifier() for each in methods):
        exec(text, names, made)
        return

    def make(**values: object) -> object:
        @functools.cache
        def compiled() -> Methods:
            really_made: dict[str, Any] = {}
            exec(text, names, really_made)
            found = really_made[_MAKER](**values)
            return dict(zip(methods, found if is_several else (found,), strict=True))

        stand_ins = tuple(_stand_in(name, compiled) for name in methods)
        return stand_ins if is_several else stand_ins[0]

    is_several = result.startswith("(")
    made[_MAKER] = make


def _put_off_attrs(script: str, globs: dict[str, Any], locs: Any = None, filename: str = "") -> None:
    """Stand for what `attrs` has of this kind: `script` defines methods, in `locs`."""
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
    def method(self: object, /, *arguments: Any, **named: Any) -> Any:
        real = compiled()[name]
        for each in type(self).__mro__:
            if vars(each).get(name) is method:
                real.__qualname__, real.__doc__ = method.__qualname__, method.__doc__
                setattr(each, name, real)
        return real(self, *arguments, **named)

    method.__name__ = name
    return method

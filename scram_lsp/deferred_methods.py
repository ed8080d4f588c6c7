"""Has the methods of dataclasses and attrs compiled at their first call, rather than when the classes are made.

`dataclasses` writes `__init__`, `__repr__`, `__eq__` and the like of each class as source text and hands it to `exec`.
For the 370 classes of libcst, the analysis and the rules that is half of the time they take to load (measured: 250 of
500 ms), and few of those methods are ever called. So in a process of our own `dataclasses` is given functions that put
it off: they make stand-ins, each of which compiles what it stands for at its first call, and is replaced by it. Up to
Python 3.12 even the text of a method is only written then.

attrs does the same for the 560 types of lsprotocol (measured: 300 of 780 ms to load pygls), so once it is loaded, it is
given one as well.

In a program that is watched, only the classes of some packages are made so: those of the program itself, made on
another thread meanwhile, are none of our business.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias

_KNOWN = ((3, 10), (3, 11), (3, 12), (3, 13))
"""Versions of Python whose `dataclasses` is known to go about it so; with others nothing is put off."""

Methods: TypeAlias = dict[str, Callable[..., Any]]
"""The methods of one class, by their names."""

_CREATE = "_create_fn"
_CREATE_TAKES = ("name", "args", "body", "globals", "locals", "return_type")
"""What makes one method, up to Python 3.12, and what it takes."""

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
    with ExitStack() as stack:
        names = vars(dataclasses)
        create = names.get(_CREATE)
        if create is not None and _takes(create) == _CREATE_TAKES:
            stack.enter_context(_replaced(names, _CREATE, _putting_off(create, of_packages)))
        else:
            put_off = functools.partial(_put_off_of, of_packages)
            stack.enter_context(_replaced(names, "exec", put_off))  # found before the builtin function
        if not of_packages:
            stack.enter_context(_replaced(names, "inspect", _NoSignatures()))
        attrs = vars(sys.modules["attr._make"]) if "attr._make" in sys.modules and not of_packages else {}
        if _takes(attrs.get(_ATTRS_EXEC)) == _ATTRS_EXEC_TAKES:
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


class _NoSignatures:
    """Stands for `inspect` where a class without a docstring is given its signature for one, which nobody reads here.

    To write them takes 4 ms of a start, and 10 to load `inspect` for it.
    """

    @staticmethod
    def signature(cls: type) -> str:
        """None that is worked out."""
        return "(...)"

    def __getattr__(self, name: str) -> Any:
        return getattr(inspect, name)


def _takes(function: Any) -> tuple[str, ...]:
    """The names of a function's parameters; none of what is no function."""
    code = getattr(function, "__code__", None)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()


def _putting_off(
    create: Callable[..., Callable[..., Any]], packages: Collection[str]
) -> Callable[..., Callable[..., Any]]:
    """Stand for `create`, which makes a method from its name, its parameters, its body and what that needs."""

    def put_off(name: str, *parts: Any, **needs: Any) -> Callable[..., Any]:
        if not _is_of(packages, needs.get("globals")):
            return create(name, *parts, **needs)
        return _stand_in(name, lambda: create(name, *parts, **needs))

    return put_off


def _is_of(packages: Collection[str], names: dict[str, Any] | None) -> bool:
    """Whether a class is one of these packages, all if none is named: `names` are those of its module."""
    return not packages or str((names or {}).get("__name__")).partition(".")[0] in packages


def _put_off_of(packages: Collection[str], text: str, names: dict[str, Any], made: dict[str, Any]) -> None:
    """`_put_off` for the classes of these packages."""
    (_put_off if _is_of(packages, names) else exec)(text, names, made)


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

        stand_ins = tuple(_stand_in(name, functools.partial(_one, compiled, name)) for name in methods)
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
        locs[name] = _stand_in(name, functools.partial(_one, compiled, name))


def _one(compiled: Callable[[], Methods], name: str) -> Callable[..., Any]:
    return compiled()[name]


def _stand_in(name: str, make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
    """A method that makes the real one when it is called first, and gives way to it."""
    real: Callable[..., Any] | None = None

    def method(self: object, /, *arguments: Any, **named: Any) -> Any:
        nonlocal real
        if real is None:
            real = make()
            for each in type(self).__mro__:
                if vars(each).get(name) is method:
                    real.__qualname__, real.__doc__ = method.__qualname__, method.__doc__
                    setattr(each, name, real)
        return real(self, *arguments, **named)

    method.__name__ = name
    return method

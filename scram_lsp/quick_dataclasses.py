"""Has dataclasses made, and their objects, in a fraction of the time, in a process of our own.

`dataclasses` writes `__init__`, `__eq__` and the like of each class as source text and compiles it. For the 370 classes
of libcst, the analysis and the rules that is half of the time they take to load. Here a class is given the `__init__`
of any other with as many fields, under the names of its own, and general functions for the rest: nothing is compiled
but one `__init__` for each number of fields.

A class that asks to be frozen is hashed and pickled as such, and can be changed all the same: to fill an object whose
class forbids it takes several times as long, and a file of 5,000 lines becomes a hundred thousand of them. What changes
one by mistake is told by mypy, and by a process that does without this, as the tests are.

In a program that is watched, only the classes of some packages are made so: those of the program itself, made on
another thread meanwhile, are none of our business.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import reprlib
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, Field, fields
from types import CodeType, FunctionType
from typing import Any, TypeAlias

Values: TypeAlias = "Callable[[Any], tuple[Any, ...]]"
"""Gives the values of some fields of an object."""

_KNOWN = ((3, 10), (3, 11), (3, 12), (3, 13))
"""Versions of Python whose `dataclasses` is known to go about it so; with others classes are made as ever."""

_dataclass: Callable[..., Any] = dataclasses.dataclass

_DEFAULTS = {"init": True, "repr": True, "eq": True, "order": False, "unsafe_hash": False, "frozen": False}
"""What of a dataclass is made here, and whether it is where nothing is said of it."""

_NOTHING = dict.fromkeys(_DEFAULTS, False)

_NOT_GIVEN = object()
"""Stands for an argument whose default is made anew for each object."""


@contextmanager
def quick_dataclasses(of_packages: Collection[str] = ()) -> Iterator[None]:
    """Have those made so that are defined meanwhile, by any thread; with `of_packages` only those of these.

    Only one thread at a time should be in here.
    """
    if sys.version_info[:2] not in _KNOWN:
        yield
        return

    def dataclass(cls: type | None = None, /, **asked: Any) -> Any:
        def made(cls: type) -> type:
            is_ours = not of_packages or cls.__module__.partition(".")[0] in of_packages
            made_by = _quickly if is_ours else _dataclass
            done: type = made_by(cls, **asked)
            return done

        return made if cls is None else made(cls)

    names = vars(dataclasses)
    before = names["dataclass"]
    names["dataclass"] = dataclass
    try:
        yield
    finally:
        names["dataclass"] = before


def _quickly(cls: type, **asked: Any) -> type:
    """The class as `dataclasses` would make it, but for what is said above."""
    wanted = {name: asked.get(name, default) for name, default in _DEFAULTS.items()}
    frozen = [each for each in cls.__mro__[1:] if "__dataclass_params__" in vars(each) and _params(each).frozen]
    if _is_unusual(cls) or any("__setattr__" in vars(each) for each in frozen):  # those that were not made here
        made: type = _dataclass(cls, **asked)
        return made
    if cls.__doc__ is None:
        cls.__doc__ = f"{cls.__name__}(...)"  # else its signature, which nobody reads here and takes long to write
    for each in frozen:
        _params(each).frozen = False
    made = _dataclass(cls, **{**asked, **_NOTHING})
    for each in (*frozen, *([made] if wanted["frozen"] else [])):
        _params(each).frozen = True
    for name, method in _methods(made, wanted, has_slots=bool(asked.get("slots"))):
        if vars(made).get(name) is None:
            setattr(made, name, method)
    return made


def _methods(
    cls: type, wanted: Mapping[str, Any], *, has_slots: bool
) -> Iterator[tuple[str, Callable[..., Any] | None]]:
    """What a class is given where it has no such method of its own; None for one that it must not have."""
    if wanted["init"]:
        yield "__init__", quick_init(cls)
    if wanted["repr"]:
        yield "__repr__", _repr
    if wanted["eq"]:
        yield "__eq__", _EQUAL
    if wanted["order"]:
        yield from _ORDERS.items()
    if wanted["eq"] or wanted["unsafe_hash"]:
        yield "__hash__", _hash if wanted["frozen"] or wanted["unsafe_hash"] else None
    if wanted["frozen"] and has_slots:
        yield from (("__getstate__", _state), ("__setstate__", _set_state))


def _params(cls: type) -> Any:
    return vars(cls)["__dataclass_params__"]


def _is_unusual(cls: type) -> bool:
    """Whether a class has a field that an `__init__` as below does not set: its name, or what it is, is an odd one."""
    annotations = vars(cls).get("__annotations__", {})
    return "self" in annotations or any("InitVar" in str(each) for each in annotations.values())


# -- what any class is given


@functools.cache
def _compared(cls: type) -> Values:
    """What gives the values of the fields by which objects of a class are told apart."""
    return _values([each.name for each in fields(cls) if each.compare])


@functools.cache
def _hashed(cls: type) -> Values:
    return _values([each.name for each in fields(cls) if (each.compare if each.hash is None else each.hash)])


def _values(names: Sequence[str]) -> Values:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda each: tuple([getattr(each, name) for name in names])


def _comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compared(self: Any, other: object) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        kind: Any = type(self)
        values = _compared(kind)
        return compare(values(self), values(other))

    return compared


def _hash(self: Any) -> int:
    kind: Any = type(self)
    return hash(_hashed(kind)(self))


@reprlib.recursive_repr()
def _repr(self: Any) -> str:
    shown = [f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _state(self: Any) -> list[object]:
    """As processes that do without this write it, and read it."""
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: Sequence[object]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        setattr(self, each.name, value)


_EQUAL = _comparison(operator.eq)
_ORDERS = {f"__{each.__name__}__": _comparison(each) for each in (operator.lt, operator.le, operator.gt, operator.ge)}


# -- what a class is given of its own


def quick_init(cls: type, *, ends_in_post_init: bool = True) -> Callable[..., None]:
    """An `__init__` for a class, made at its first call and replaced then: few of them ever are called."""
    made: list[FunctionType] = []

    def init(self: object, /, *given: Any, **named: Any) -> None:
        if not made:
            made.append(_init(cls, ends_in_post_init and hasattr(cls, "__post_init__")))
            for each in type(self).__mro__:  # not always in the class that was decorated: libcst adds slots to a twin
                if vars(each).get("__init__") is init:
                    each.__init__ = made[0]  # type: ignore[misc]
        made[0](self, *given, **named)

    return init


def _init(cls: type, ends_in_post_init: bool) -> FunctionType:
    """The `__init__` of a class: that of any with as many fields, under the names of its own."""
    taken = sorted((each for each in fields(cls) if each.init), key=lambda each: bool(each.kw_only))
    filled = [each for each in fields(cls) if not each.init and _has_default(each)]
    makers = {_maker(each.name): _making(each) for each in (*taken, *filled) if _has_default(each)}
    is_any_made = any(each.default_factory is not MISSING for each in taken)
    code = _code(len(taken), len(filled), is_any_made, ends_in_post_init)
    names = {f"{kind}{n}": each.name for n, each in enumerate((*taken, *filled)) for kind in "fa"}
    names |= {f"m{n}": _maker(each.name) for n, each in enumerate((*taken, *filled))}
    by_name = [each for each in taken if each.kw_only]
    init = FunctionType(
        code.replace(
            co_argcount=1 + len(taken) - len(by_name),
            co_kwonlyargcount=len(by_name),
            co_varnames=tuple([names.get(each, each) for each in code.co_varnames]),
            co_names=tuple([names.get(each, each) for each in code.co_names]),
        ),
        {"not_given": _NOT_GIVEN, **makers} if makers else {},
        argdefs=tuple([_default(each) for each in taken if _has_default(each) and not each.kw_only]),
    )
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__kwdefaults__ = {each.name: _default(each) for each in by_name if _has_default(each)}
    return init


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _default(field: Field[Any]) -> object:
    return _NOT_GIVEN if field.default is MISSING else field.default


def _maker(name: str) -> str:
    """What the maker of a field's default goes by among the names of an `__init__`."""
    return f"default of {name}"


def _making(field: Field[Any]) -> Callable[[], object]:
    return (lambda: field.default) if field.default_factory is MISSING else field.default_factory


@functools.cache
def _code(taken: int, filled: int, is_any_made: bool, ends_in_post_init: bool) -> CodeType:
    """An `__init__` that sets fields f0, f1, … to arguments a0, a1, …, and as many others to what m… makes."""
    lines = [f"self.f{n} = a{n}" + f" if a{n} is not not_given else m{n}()" * is_any_made for n in range(taken)]
    lines += [f"self.f{n} = m{n}()" for n in range(taken, taken + filled)]
    lines += ["self.__post_init__()"] * ends_in_post_init
    text = f"def __init__({', '.join(['self', *[f'a{n}' for n in range(taken)]])}): {'; '.join(lines or ['pass'])}"
    return next(each for each in compile(text, "<fields>", "exec").co_consts if isinstance(each, CodeType))

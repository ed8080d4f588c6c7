"""What holds at one point of the program: names, and the heap of things that change in place."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import compress
from operator import is_not
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from scram_analyzers.source.data import Data, join_data
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.interpreting.reuse import Trace
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    MAX_CHOICES,
    UNKNOWN,
    Arguments,
    Between,
    Choice,
    Class,
    Constant,
    Function,
    OneOf,
    Ref,
    Symbol,
    Tuple,
    Unknown,
    Value,
    agree,
    assumed,
    is_none,
    whole_numbers,
)

if TYPE_CHECKING:
    from scram_analyzers.source.model import ModelObject

MODULE_SCOPE = 0
"""The scope of the module's own names."""

MAX_NUMBERS = 32
"""So many different numbers may stand for the items of a list, as those of its classes do."""

Key = TypeVar("Key", bound=Hashable)
Held = TypeVar("Held")


@dataclass(frozen=True, slots=True)
class ListObject:
    """A list; `open` when it may hold more, or other, items than those.

    `rest` holds one value that stands for each of the others, where there is one, or the few numbers that they may be;
    `length` how many it holds in all, where an open one tells.
    """

    items: tuple[Value, ...]
    open: bool = False
    rest: tuple[Value, ...] = ()
    length: int | None = None

    @property
    def count(self) -> int | None:
        """How many items it holds; None where the source does not tell."""
        return self.length if self.open else len(self.items)


@dataclass(frozen=True, slots=True)
class DictObject:
    """A dict by its constant keys; `open` when it may hold others, `rest` what each of those stands for, if known."""

    entries: Mapping[object, Value]
    open: bool = False
    rest: Value | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of this module."""

    cls: Class
    attributes: Mapping[str, Value]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """An object of a class from outside: a layer, an optimizer, a callback, a scaler, a generator.

    `kind` is the canonical class name; `attributes` are those the program set; `log` the methods it called.
    """

    kind: str
    arguments: Arguments
    place: Place
    attributes: Mapping[str, Value] = field(default_factory=dict)
    log: tuple[Called, ...] = ()


NAMED_TUPLE = "collections.namedtuple()"
"""The kind of what a class by `namedtuple` makes: its attributes are its items."""


@dataclass(frozen=True, slots=True)
class Called:
    """A method called on a `Created` object."""

    method: str
    arguments: Arguments
    place: Place


HeapObject: TypeAlias = "ListObject | DictObject | Instance | Created | ModelObject"


class State:
    """Names and heap; `live` turns False after a return, raise, break or continue.

    `trace` notes what is asked and changed, in this state and all its forks.
    """

    __slots__ = ("heap", "live", "names", "trace")

    def __init__(self, trace: Trace) -> None:
        self.names: dict[tuple[int, str], Value] = {}
        self.heap: dict[int, HeapObject] = {}
        self.live = True
        self.trace = trace

    def fork(self) -> State:
        """A copy that can go its own way."""
        twin = State(self.trace)
        twin.names = dict(self.names)
        twin.heap = dict(self.heap)
        twin.live = self.live
        return twin


ALL_TRAINED = MappingProxyType({"trainable": Constant(True)})
"""What a layer is worth that one branch of an `if` freezes: the program freezes some, and others not."""


def join_states(left: State, right: State, unset: Mapping[str, Value] = MappingProxyType({})) -> State:
    """What both agree on, where two paths meet; a path that ended brings nothing.

    `unset` is what attributes are worth that one path has not set, where that path may well have been taken.
    """
    if not left.live:
        return right
    if not right.live:
        return left
    # What only one path bound or made stays as that path left it: using it later says that this path was taken.
    joined = right.fork()
    joined.names.update(left.names)
    asked = right.trace.names.asked  # where the paths differ, one may have left what was there before
    for key, theirs in _differing(right.names, left.names):
        ours = left.names.get(key)
        asked.add(key)
        if ours is not None:
            joined.names[key] = join_values(ours, theirs)
    asked |= left.names.keys() - right.names.keys()
    joined.heap.update(left.heap)
    for identity, thing in _differing(right.heap, left.heap):
        other = left.heap.get(identity)
        if other is not None:
            joined.heap[identity] = _join_objects(other, thing, unset)
    return joined


def _differing(these: dict[Key, Held], those: Mapping[Key, Held]) -> Iterator[tuple[Key, Held]]:
    """The items of `these` that are not the very same in `those`; without a line of Python for those that are.

    Two paths differ in little and hold everything before them: the search is most of what a join costs.
    """
    return compress(these.items(), map(is_not, map(those.get, these), these.values()))


def _join_optional(left: Value | None, right: Value | None) -> Value:
    # A name bound on one path only: using it later says that this path was taken.
    if left is None or right is None:
        return left or right or UNKNOWN
    return join_values(left, right)


def join_values(left: Value, right: Value) -> Value:
    """The value both agree on, a `Choice` between objects, one of a few numbers, or `Unknown`."""
    if left is right or agree(left, right):
        return left
    if isinstance(left, Data) and isinstance(right, Data):
        return join_data(left, right)
    if isinstance(left, Data) and is_none(right):
        return left  # "no data" on one path: training with them says that the other was taken
    if isinstance(right, Data) and is_none(left):
        return right
    for absent, default in ((left, right), (right, left)):
        if isinstance(absent, Constant) and absent.assumed and absent.value is None:
            return assumed(default)  # `if given is None: given = default`
    if isinstance(left, Tuple) and isinstance(right, Tuple) and len(left.items) == len(right.items):
        return Tuple(tuple(join_values(*pair) for pair in zip(left.items, right.items, strict=True)), left.place)
    options = [*_options(left)]
    options += (option for option in _options(right) if not any(agree(option, known) for known in options))
    if len(options) <= MAX_CHOICES and all(
        isinstance(each, (Ref, Symbol, Function, Class, Tensor)) for each in options
    ):
        return Choice(tuple(options), left.place)
    return _one_of(whole_numbers(left), whole_numbers(right))


def _one_of(left: frozenset[int], right: frozenset[int]) -> Unknown:
    return OneOf(None, left | right) if left and right and len(left | right) <= MAX_NUMBERS else UNKNOWN


def _options(value: Value) -> tuple[Value, ...]:
    return value.options if isinstance(value, Choice) else (value,)


def _join_objects(left: HeapObject, right: HeapObject, unset: Mapping[str, Value]) -> HeapObject:
    from scram_analyzers.source.model import ModelObject, join_models

    if isinstance(left, ListObject) and isinstance(right, ListObject):
        return _join_lists(left, right)
    if isinstance(left, DictObject) and isinstance(right, DictObject):
        same = {key for key in left.entries if key in right.entries}
        entries = {key: _join_kept(left.entries[key], right.entries[key]) for key in left.entries if key in same}
        open_ = left.open or right.open or len(same) < max(len(left.entries), len(right.entries))
        return DictObject(entries, open_, left.rest if left.rest == right.rest else None)
    if isinstance(left, Instance) and isinstance(right, Instance):
        return replace(left, attributes=join_mappings(left.attributes, right.attributes))
    if isinstance(left, Created) and isinstance(right, Created):
        log = left.log if len(left.log) >= len(right.log) else right.log
        return replace(left, attributes=join_mappings(left.attributes, right.attributes, unset), log=log)
    if isinstance(left, ModelObject) and isinstance(right, ModelObject):
        return join_models(left, right)
    return left


def _join_lists(left: ListObject, right: ListObject) -> ListObject:
    shared: list[Value] = []
    for ours, theirs in zip(left.items, right.items, strict=False):
        shared.append(join_values(ours, theirs))
    uneven = len(left.items) != len(right.items)
    told = all(side.rest or not side.open for side in (left, right))
    others = (*left.items[len(shared) :], *right.items[len(shared) :], *left.rest, *right.rest)
    return ListObject(tuple(shared), left.open or right.open or uneven, rest_of(others) if told else ())


def rest_of(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """What stands for each of some items of a list, as its `rest`; nothing where they have nothing in common."""
    if not items:
        return ()
    joined = functools.reduce(join_values, items)
    if isinstance(joined, OneOf):
        return tuple([Constant(number) for number in sorted(joined.numbers)])
    return () if isinstance(joined, Unknown) and not isinstance(joined, Between) else (joined,)


def join_mappings(
    left: Mapping[str, Value], right: Mapping[str, Value], unset: Mapping[str, Value] = MappingProxyType({})
) -> dict[str, Value]:
    """Attributes of one object on two paths, with what they are worth where one of them has not set them."""
    keys = [*left, *(key for key in right if key not in left)]
    return {key: _join_kept(left.get(key, unset.get(key)), right.get(key, unset.get(key))) for key in keys}


def _join_kept(left: Value | None, right: Value | None) -> Value:
    """What an object keeps on two paths: of numbers nothing, for a loop may count them up, and is read once."""
    joined = _join_optional(left, right)
    return UNKNOWN if isinstance(joined, OneOf) else joined

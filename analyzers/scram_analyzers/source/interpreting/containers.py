"""Methods of lists, dicts and strings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data
from scram_analyzers.source.interpreting.state import DictObject, ListObject, rest_of
from scram_analyzers.source.libraries import spans
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import parents
from scram_analyzers.source.values import (
    Arguments,
    Constant,
    Counter,
    OneOf,
    Ref,
    Tuple,
    Unknown,
    Value,
    integer,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

# Of what a program adds together or spreads: doubled 30 times, a list fills a machine.
MAX_ITEMS = 4_096
# Of what lists of lists hold: a list that holds another twice, which holds another twice, ends as soon.
MAX_LEAVES = 16_384


def list_method(
    interpreter: Interpreter, owner: Ref, thing: ListObject, name: str, arguments: Arguments, place: Place
) -> Value:
    """`list.append` and its like; a method that reorders leaves the length known and the items unknown."""
    given = arguments.positional[0].value if arguments.positional else Unknown(place)
    if name == "append":
        if isinstance(given, Counter) and not _is_of_group(given, place):
            given = spans.span_of(given) or Unknown(place)
        interpreter.replace_object(owner, ListObject((*thing.items, given), thing.open, thing.rest))
    elif name == "extend":
        extended(interpreter, owner, given)
    elif name == "insert":
        position = integer(given)
        known = position is not None and len(arguments.positional) > 1 and not thing.open
        longer = list(thing.items)
        if known and position is not None:
            longer.insert(position, arguments.positional[1].value)
        interpreter.replace_object(owner, ListObject(tuple(longer), thing.open or not known))
    elif name == "pop":
        return _pop(interpreter, owner, thing, arguments, place)
    elif name in ("reverse", "sort", "remove", "clear"):
        interpreter.replace_object(owner, ListObject((), open=name != "clear"))
    elif name == "index" and not thing.open and isinstance(given, Constant) and given in thing.items:
        return Constant(thing.items.index(given), place)
    elif name == "index" and not thing.open and len(thing.items) > 1 and all(text(each) for each in thing.items):
        return OneOf(place, frozenset(range(len(thing.items))))  # the number of a class by its name
    elif name == "copy":
        return interpreter.new_list(thing.items, place, open=thing.open)
    else:
        return Unknown(place)
    return Constant(None, place)


def _is_of_group(counter: Counter, place: Place) -> bool:
    """Whether a loop's number is collected for each of several things that a loop within goes through."""
    if counter.count is None:
        return True
    loops = [each for each in parents.ancestors(place) if isinstance(each, cst.For)]
    call = place.node
    given = call.args[0].value if isinstance(call, cst.Call) and call.args else None
    return len(loops) > 1 and given is not None and not given.deep_equals(loops[0].target)


def extended(interpreter: Interpreter, owner: Value, given: Value) -> bool:
    """`items += more`: a list grows in place, so that a loop of unknown length leaves it open; False for no list."""
    thing = interpreter.object_of(owner)
    if not isinstance(owner, Ref) or not isinstance(thing, ListObject):
        return False
    more = interpreter.object_of(given)
    known = interpreter.items_of(given)
    if known is None and isinstance(more, ListObject):
        told = all(each.rest or not each.open for each in (thing, more))
        rest = rest_of((*thing.rest, *more.rest)) if told else ()
        items, _ = _within_bounds((*thing.items, *more.items))
        interpreter.replace_object(owner, ListObject(items, True, rest))
        return True
    rest = thing.rest if known is not None else ()
    items, cut = _within_bounds((*thing.items, *(known or ())))
    interpreter.replace_object(owner, ListObject(items, thing.open or known is None or cut, rest))
    return True


def _within_bounds(items: tuple[Value, ...]) -> tuple[tuple[Value, ...], bool]:
    """As many of `items` as are followed, and whether there were more."""
    return items[:MAX_ITEMS], len(items) > MAX_ITEMS


def _pop(interpreter: Interpreter, owner: Ref, thing: ListObject, arguments: Arguments, place: Place) -> Value:
    if arguments.positional or thing.open or not thing.items:
        interpreter.replace_object(owner, ListObject((), open=True))
        return Unknown(place)
    interpreter.replace_object(owner, ListObject(thing.items[:-1]))
    return thing.items[-1]


def dict_method(
    interpreter: Interpreter, owner: Ref, thing: DictObject, name: str, arguments: Arguments, place: Place
) -> Value:
    """`dict.get`, `.items` and their like."""
    if name in ("get", "setdefault", "pop"):
        return _entry(interpreter, owner, thing, name, arguments, place)
    if name == "update":
        given = arguments.positional[0].value if arguments.positional else None
        entries = interpreter.entries_of(given)
        added: dict[object, Value] = {name: argument.value for name, argument in arguments.keywords.items()}
        open_ = thing.open or (given is not None and entries is None)
        interpreter.replace_object(owner, DictObject({**thing.entries, **(entries or {}), **added}, open_))
        return Constant(None, place)
    if thing.open:
        return interpreter.new_list((), place, open=True) if name in ("items", "keys", "values") else Unknown(place)
    if name == "items":
        pairs = (Tuple((_key(key), value), place) for key, value in thing.entries.items())
        return interpreter.new_list(pairs, place)
    if name == "keys":
        return interpreter.new_list((_key(key) for key in thing.entries), place)
    if name == "values":
        return interpreter.new_list(thing.entries.values(), place)
    return Unknown(place)


def _entry(
    interpreter: Interpreter, owner: Ref, thing: DictObject, name: str, arguments: Arguments, place: Place
) -> Value:
    """What a dict holds at a key; `pop` takes it out, `setdefault` puts in what was not there."""
    key = arguments.positional[0].value if arguments.positional else Unknown(place)
    if isinstance(key, Constant) and key.value in thing.entries:
        if name == "pop":
            others = {each: value for each, value in thing.entries.items() if each != key.value}
            interpreter.replace_object(owner, replace(thing, entries=others))
        return thing.entries[key.value]
    if not isinstance(key, Constant) or thing.open:
        return thing.rest if thing.rest is not None else Unknown(place)
    fallback = arguments.value("default", 1) or Constant(None, place)
    if name == "setdefault":
        interpreter.replace_object(owner, replace(thing, entries={**thing.entries, key.value: fallback}))
    return fallback


def _key(key: object) -> Value:
    return Constant(key) if isinstance(key, (str, int, float, bool, bytes)) else Unknown()


def numbers_words(key: cst.BaseExpression, value: cst.BaseExpression, clause: cst.CompFor) -> bool:
    """Whether a comprehension gives each thing its number: `{word: i for i, word in enumerate(words)}`."""
    while isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Add):
        value = value.left  # numbered from 1 or more
    target, counted = clause.target, clause.iter
    pair = [element.value for element in target.elements] if isinstance(target, cst.Tuple) else []
    if not isinstance(counted, cst.Call) or not isinstance(counted.func, cst.Name) or len(pair) != 2:
        return False
    return counted.func.value == "enumerate" and pair[0].deep_equals(value) and pair[1].deep_equals(key)


def is_dict_of_word_numbers(node: cst.CSTNode) -> bool:
    """Whether a call is `dict((word, i) for i, word in enumerate(words))`, of a generator or a list."""
    made = node.args[0].value if isinstance(node, cst.Call) and len(node.args) == 1 else None
    if not isinstance(made, (cst.GeneratorExp, cst.ListComp)) or not isinstance(made.elt, (cst.Tuple, cst.List)):
        return False
    pair = [element.value for element in made.elt.elements]
    return len(pair) == 2 and numbers_words(pair[0], pair[1], made.for_in)


def word_number(place: Place) -> Data:
    """The number that a dict made at `place` gives to some word, character or other thing."""
    return Data(NUMBERING, place, dtype="int64", shape=(), token_ids=True)


NUMBERING = "numbering"
"""The source of numbers that stand for the things of an enumeration."""


def string_method(interpreter: Interpreter, owner: Constant, name: str, arguments: Arguments, place: Place) -> Value:
    """Methods of a known string that a path or a name may go through."""
    if not isinstance(owner.value, str):
        return Unknown(place)
    if name in ("lower", "upper", "strip", "title") and not arguments.positional:
        return Constant(getattr(owner.value, name)(), place)
    if name == "split":
        separator = arguments.positional[0].value if arguments.positional else Constant(None)
        if isinstance(separator, Constant) and (separator.value is None or isinstance(separator.value, str)):
            parts = owner.value.split(separator.value or None)
            return interpreter.new_list((Constant(part, place) for part in parts), place)
    return Unknown(place)


def leaves(value: Value, items_of: Callable[[Value], tuple[Value, ...] | None]) -> Iterator[Value]:
    """What nested containers hold in the end, in order; the last is unknown where that is too much (`a.append(a)`).

    `items_of` gives the items of a container that has any, and None for what is a leaf.
    """
    waiting = [value]
    for _ in range(MAX_LEAVES):
        if not waiting:
            return
        each = waiting.pop()
        items = items_of(each)
        if items is None:
            yield each
        else:
            waiting += reversed(items)
    yield Unknown(value.place)


def merged(interpreter: Interpreter, left: Value, right: Value, place: Place) -> Value | None:
    """`left | right` of dicts."""
    first, second = interpreter.object_of(left), interpreter.object_of(right)
    if not isinstance(first, DictObject) or not isinstance(second, DictObject):
        return None
    return interpreter.allocate(DictObject({**first.entries, **second.entries}, first.open or second.open), place)


def concatenated(interpreter: Interpreter, left: Value, right: Value, place: Place) -> Value:
    """`left + right` of tuples or lists."""
    if isinstance(left, Tuple) and isinstance(right, Tuple):
        items, cut = _within_bounds((*left.items, *right.items))
        return Unknown(place) if cut else Tuple(items, place)
    first, second = interpreter.object_of(left), interpreter.object_of(right)
    if isinstance(first, ListObject) and isinstance(second, ListObject):
        items, cut = _within_bounds((*first.items, *second.items))
        return interpreter.new_list(items, place, open=first.open or second.open or cut)
    return Unknown(place)


def repeated(interpreter: Interpreter, left: Value, right: Value, place: Place) -> Value:
    """`left * right` of a list and a number."""
    for sequence, count in ((left, integer(right)), (right, integer(left))):
        thing = interpreter.object_of(sequence)
        if not isinstance(thing, ListObject):
            continue
        if count is None or len(thing.items) * count > 64:
            return interpreter.new_list(thing.items[:1], place, open=True)
        return interpreter.new_list(thing.items * count, place, open=thing.open)
    return Unknown(place)

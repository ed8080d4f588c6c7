"""What a stretch of a program asked of what came before it, and what it changed: enough to not read it again.

A keystroke changes one stretch. Any other whose answers from before are still the same would do the same again,
so what it did is taken over; the values it made are the very same objects as before.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.recording import Recorded
    from scram_analyzers.source.interpreting.snapshots import Known
    from scram_analyzers.source.interpreting.state import HeapObject, State
    from scram_analyzers.source.program import UnreadPart
    from scram_analyzers.source.reading.parsed_module import ParsedModule
    from scram_analyzers.source.recall import Recall
    from scram_analyzers.source.values import Value

Key = TypeVar("Key", bound=Hashable)
Held = TypeVar("Held")

Name: TypeAlias = "tuple[int, str]"
Fact: TypeAlias = "tuple[str, Hashable]"


class Journal(Generic[Key, Held]):
    """What was asked of one mapping and what was changed in it, since the stretch began.

    `before` holds what a key was worth when it was first changed, None where it had no value.
    """

    __slots__ = ("asked", "before")

    def __init__(self) -> None:
        self.asked: set[Key] = set()
        self.before: dict[Key, Held | None] = {}

    def ask(self, key: Key, found: Held | None) -> None:
        """Note that the answer for `key` was `found`, unless the stretch itself had put it there."""
        if key not in self.before or self.before[key] is found:
            self.asked.add(key)

    def ask_again(self, keys: Iterable[Key], known: Mapping[Key, Held]) -> None:
        """Note that the answers for several keys were those that hold now."""
        before = self.before
        self.asked.update([key for key in keys if key not in before or before[key] is known.get(key)])

    def add(self, later: Journal[Key, Held], known: Mapping[Key, Held]) -> None:
        """Note all that was asked and changed by a part of the stretch with a journal of its own; now it has ended."""
        for key in later.asked:
            self.ask(key, later.before[key] if key in later.before else known.get(key))
        for key, old in later.before.items():
            self.before.setdefault(key, old)

    def change(self, key: Key, known: Mapping[Key, Held]) -> None:
        """Note that `key` is about to change."""
        if key not in self.before:
            self.before[key] = known.get(key)

    def answers(self, known: Mapping[Key, Held]) -> Answers[Key, Held]:
        """What mattered, with what it was worth when the stretch began; `known` is how it ended.

        What was changed and ended as it began matters like what was asked: begun otherwise, it might not.
        """
        before = self.before
        keys = tuple(self.asked.union([key for key, old in before.items() if known.get(key) is old]))
        return Answers(keys, tuple([before[key] if key in before else known.get(key) for key in keys]))

    def changes(self, known: dict[Key, Held]) -> Changes[Key, Held]:
        """What is worth something else now, or gone; new keys in the order they stand in."""
        changed = [key for key, old in self.before.items() if known.get(key) is not old]
        new = {key for key in changed if self.before[key] is None}
        if new:  # they stand at the end, as a rule
            placed = [*itertools.islice((key for key in reversed(known) if key in new), len(new))]
            changed = [*(key for key in changed if key not in new), *reversed(placed)]
        worth = {key: known[key] for key in changed if key in known}
        return Changes(worth, tuple([key for key in changed if key not in known]))


@dataclass(frozen=True, slots=True)
class Answers(Generic[Key, Held]):
    """What keys of a mapping were worth, None where they had no value."""

    keys: tuple[Key, ...]
    values: tuple[Held | None, ...]

    def of(self, wanted: Callable[[Key], bool]) -> Answers[Key, Held]:
        """Those of some of the keys."""
        kept = [(key, value) for key, value in zip(self.keys, self.values, strict=True) if wanted(key)]
        return Answers(tuple([key for key, _ in kept]), tuple([value for _, value in kept]))

    def hold(self, known: Mapping[Key, Held]) -> bool:
        """Whether all of them are worth the same now."""
        if not self.keys:
            return True
        if all(map(is_, map(known.get, self.keys), self.values)):  # as a rule, and asked of every stretch
            return True
        now = map(known.get, self.keys)
        return all(map(_alike, now, self.values))


@dataclass(frozen=True, slots=True)
class Changes(Generic[Key, Held]):
    """What keys of a mapping became worth, and those that went; one may have gone and come again behind all others."""

    worth: Mapping[Key, Held]
    gone: tuple[Key, ...]

    def put(self, known: dict[Key, Held]) -> None:
        """Make the changes again."""
        for key in self.gone:
            known.pop(key, None)
        if self.worth:
            known.update(self.worth)


class Trace:
    """The journals of one stretch: names, the heap, and what else the interpreter remembers as facts."""

    __slots__ = ("facts", "heap", "names")

    def __init__(self) -> None:
        self.names: Journal[Name, Value] = Journal()
        self.heap: Journal[int, HeapObject] = Journal()
        self.facts: Journal[Fact, object] = Journal()

    def add(self, later: Trace, state: State, facts: Mapping[Fact, object]) -> None:
        """Note what a part of the stretch asked for and changed that ended in this state."""
        self.names.add(later.names, state.names)
        self.heap.add(later.heap, state.heap)
        self.facts.add(later.facts, facts)

    @property
    def asks_the_heap_alone(self) -> bool:
        """Whether nothing but objects was asked for, and nothing changed."""
        others = self.names.asked or self.facts.asked
        return not (others or self.names.before or self.heap.before or self.facts.before)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a stretch came to: under the same answers, the same changes and records.

    Scopes and identities it made, from `first` on, are its own in all the file's life, so they mean the same when taken
    over; 0 where several outcomes were joined. `late`: it began when half of the budget was spent, and fewer loops were
    followed. Where several outcomes were joined, the last of them began after `last` steps. `parts` are those of single
    statements, for when the whole can't be taken over.
    """

    names: Answers[Name, Value]
    heap: Answers[int, HeapObject]
    facts: Answers[Fact, object]
    changed_names: Changes[Name, Value]
    changed_heap: Changes[int, HeapObject]
    changed_facts: Changes[Fact, object]
    scopes: Mapping[int, int | None]
    recorded: Recorded
    unread: tuple[UnreadPart, ...]
    steps: int
    late: bool
    first: int = 0
    last: int = 0
    parts: Mapping[Hashable, Outcome] = field(default_factory=dict)


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """What reading several stretches one after the other came to."""
    return Outcome(
        names=_joined_answers([(each.names, each.changed_names) for each in outcomes]),
        heap=_joined_answers([(each.heap, each.changed_heap) for each in outcomes]),
        facts=_joined_answers([(each.facts, each.changed_facts) for each in outcomes]),
        changed_names=_joined_changes([each.changed_names for each in outcomes]),
        changed_heap=_joined_changes([each.changed_heap for each in outcomes]),
        changed_facts=_joined_changes([each.changed_facts for each in outcomes]),
        scopes={scope: parent for each in outcomes for scope, parent in each.scopes.items()},
        recorded=_joined_records([each.recorded for each in outcomes]),
        unread=tuple(itertools.chain.from_iterable(each.unread for each in outcomes)),
        steps=sum(each.steps for each in outcomes),
        late=outcomes[0].late,
        last=sum(each.steps for each in outcomes[:-1]) + outcomes[-1].last,
    )


def _joined_answers(stretches: Iterable[tuple[Answers[Key, Held], Changes[Key, Held]]]) -> Answers[Key, Held]:
    """What was asked of what came before all of them: not of what one of them had changed."""
    asked: dict[Key, Held | None] = {}
    changed: set[Key] = set()
    for answers, changes in stretches:
        for key, value in zip(answers.keys, answers.values, strict=True):
            if key not in changed:
                asked.setdefault(key, value)
        changed.update(changes.worth, changes.gone)
    return Answers(tuple(asked), tuple(asked.values()))


def _joined_changes(stretches: Iterable[Changes[Key, Held]]) -> Changes[Key, Held]:
    worth: dict[Key, Held] = {}
    gone: dict[Key, None] = {}
    for changes in stretches:
        for key in changes.gone:
            worth.pop(key, None)
            gone[key] = None
        worth.update(changes.worth)
    return Changes(worth, tuple(gone))


def _joined_records(stretches: Iterable[Recorded]) -> Recorded:
    by_kind: dict[str, list[Any]] = {}
    for recorded in stretches:
        for kind, noted in recorded:
            by_kind.setdefault(kind, []).extend(noted)
    return tuple([(kind, tuple(noted)) for kind, noted in by_kind.items()])


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring stretches, what reading each of them came to, by its key, and what it came to as one."""

    things: tuple[Hashable, ...]
    outcomes: Mapping[Hashable, Outcome]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Memory:
    """The last reading of one file: how it was cut and parsed, the outcome of each stretch.

    `blocks` are stretches that were taken over together, by the first of them; `sought` the names that the whole text
    was searched for. `serials` numbers the stretches ever read; `snapshots` are its models as graphs; `recall` is what
    was said of the program.
    """

    module: ParsedModule | None = None
    outcomes: Mapping[Hashable, Outcome] = field(default_factory=dict)
    blocks: Mapping[Hashable, Block] = field(default_factory=dict)
    sought: frozenset[str] = frozenset()
    serials: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    snapshots: Known = field(default_factory=dict)
    recall: Recall | None = None


def _alike(now: object, then: object) -> bool:
    """Whether two values say the same, and stand in the same place: then one may stand for the other."""
    waiting: list[tuple[Any, Any]] = [(now, then)]
    for _ in range(MAX_PARTS):
        if not waiting:
            return True
        one, other = waiting.pop()
        if one is other:
            continue
        kind = type(one)
        if kind is not type(other):
            return False
        if kind.__name__ in _TOLD_BY_VALUE:
            waiting += ((getattr(one, each), getattr(other, each)) for each in kind.__dataclass_fields__)
        elif kind is dict and [*one] == [*other]:
            waiting += zip(one.values(), other.values(), strict=True)
        elif kind is tuple and len(one) == len(other):
            waiting += zip(one, other, strict=True)
        elif kind.__name__ not in _PLAIN or one != other:
            return False
    return False


MAX_PARTS = 2_000
"""Of how many parts values are compared: a part that others share comes again with each of them."""

_TOLD_BY_VALUE = frozenset(
    ("Unknown", "Counter", "Between", "Constant", "Tuple", "Symbol", "Ref", "ListObject", "DictObject", "Instance")
)
"""Values that nobody tells apart but by what they say: not layers, tensors or data, which are what they are."""

_PLAIN = frozenset(("Place", "bool", "bytes", "float", "int", "str"))

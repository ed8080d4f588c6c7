"""What a stretch of a program asked of what came before it, and what it changed: enough to not read it again.

A keystroke changes one stretch. Any other whose answers from before are still the same would do the same again,
so what it did is taken over; the values it made are the very same objects as before.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.recording import Recorded
    from scram_analyzers.source.interpreting.state import HeapObject
    from scram_analyzers.source.program import UnreadPart
    from scram_analyzers.source.reading.splitting import Split
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

    def change(self, key: Key, known: Mapping[Key, Held]) -> None:
        """Note that `key` is about to change."""
        if key not in self.before:
            self.before[key] = known.get(key)

    def answers(self, known: Mapping[Key, Held]) -> tuple[tuple[Key, Held | None], ...]:
        """What mattered, with what it was worth when the stretch began; `known` is how it ended.

        What was changed and ended as it began matters like what was asked: begun otherwise, it might not.
        """
        before = self.before
        kept = [key for key, old in before.items() if known.get(key) is old]
        return tuple([(key, before[key] if key in before else known.get(key)) for key in self.asked.union(kept)])

    def changes(self, known: dict[Key, Held]) -> tuple[tuple[Key, Held | None], ...]:
        """What is worth something else now, None where it is gone; new keys in the order they stand in."""
        changed = [key for key, old in self.before.items() if known.get(key) is not old]
        new = {key for key in changed if self.before[key] is None}
        if new:  # they stand at the end, as a rule
            placed = [*itertools.islice((key for key in reversed(known) if key in new), len(new))]
            changed = [*(key for key in changed if key not in new), *reversed(placed)]
        return tuple([(key, known.get(key)) for key in changed])


class Trace:
    """The journals of one stretch: names, the heap, and what else the interpreter remembers as facts."""

    __slots__ = ("facts", "heap", "names")

    def __init__(self) -> None:
        self.names: Journal[Name, Value] = Journal()
        self.heap: Journal[int, HeapObject] = Journal()
        self.facts: Journal[Fact, object] = Journal()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a stretch came to: under the same answers, the same changes and records.

    Scopes and identities it made are its own in all the file's life, so they mean the same when taken over. `late`: it
    began when half of the budget was spent, and fewer loops were followed.
    """

    names: tuple[tuple[Name, Value | None], ...]
    heap: tuple[tuple[int, HeapObject | None], ...]
    facts: tuple[tuple[Fact, object], ...]
    changed_names: tuple[tuple[Name, Value | None], ...]
    changed_heap: tuple[tuple[int, HeapObject | None], ...]
    changed_facts: tuple[tuple[Fact, object], ...]
    scopes: Mapping[int, int | None]
    recorded: Recorded
    unread: tuple[UnreadPart, ...]
    steps: int
    late: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """The last reading of one file: how it was cut, the outcome of each stretch.

    `sought` are the names that the whole text was searched for; `serials` numbers the stretches ever read; `recall`
    is what was said of the program.
    """

    split: Split | None = None
    outcomes: Mapping[Hashable, Outcome] = field(default_factory=dict)
    sought: frozenset[str] = frozenset()
    serials: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    recall: Recall | None = None


def hold(answers: Sequence[tuple[Key, object]], known: Mapping[Key, object]) -> bool:
    """Whether everything that was asked is worth the same now."""
    get = known.get
    return all((now := get(key)) is then or _alike(now, then) for key, then in answers)


def put(changes: Sequence[tuple[Key, Held | None]], known: dict[Key, Held]) -> None:
    """Make changes again."""
    for key, value in changes:
        if value is None:
            known.pop(key, None)
        else:
            known[key] = value


def _alike(now: object, then: object) -> bool:
    """Whether two values that stand nowhere in the text (imports, facts) are equal."""
    if now is None or type(now) is not type(then):
        return False
    if getattr(now, "place", None) is not None or getattr(then, "place", None) is not None:
        return False
    return getattr(type(now), "__name__", "") in _WITHOUT_PLACE and now == then


_WITHOUT_PLACE = frozenset(("Symbol", "Unknown", "tuple", "str", "bool"))

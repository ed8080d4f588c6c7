"""What was said of a file's last text, and what it rested on: said again as long as none of that has changed.

After an edit most of a program is the very same objects as before. Who asks something is given a view of the program
that notes what is looked at; where all of that is the same in the next text, so is the answer.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter, is_
from typing import Any, NamedTuple, TypeAlias, TypeVar

from scram_analyzers.source.imports import Imports
from scram_analyzers.source.once import Following
from scram_analyzers.source.program import Call, Evaluation, Fit, Program
from scram_analyzers.source.reading.chunks import PlacedChunk, Section
from scram_analyzers.source.reading.splitting import common_prefix, common_suffix

Answer = TypeVar("Answer")
Thing = TypeVar("Thing")
Asker = TypeVar("Asker", bound=Hashable)


class _Edited(NamedTuple):
    """What an edit touched: chunks as they were and as they are, the text of its lines, and calls that came or went.

    `whole_text` is that of all these chunks. `in_order`: the other calls still follow each other as they did.
    """

    before: tuple[PlacedChunk, ...]
    now: tuple[PlacedChunk, ...]
    text: str
    whole_text: str
    new_calls: Set[Call]
    gone_calls: Set[Call]
    in_order: bool

    def spares(self, look: Look) -> bool:
        """Whether it is plain that the same is to be seen at a look: as at most of them, after most edits."""
        what, about = look
        if about is None:
            return False
        if what == "mentions":
            word = str(about[0])
            return word not in self.text and word.isprintable() and not word.isspace()  # not over the end of a line
        if what == "sections_with":
            return str(about[0]) not in self.whole_text
        return what in _OF_CALLS and self.in_order and not self.new_calls and not self.gone_calls


class Look(NamedTuple):
    """What can be looked at in a program: a field of it, or what a method of it says `about` something."""

    what: str
    about: tuple[Hashable, ...] | None = None

    def at(self, program: Program) -> object:
        """What is to be seen there."""
        found: object = getattr(program, self.what)
        return found(*self.about) if self.about is not None and callable(found) else found

    def again(self, then: Any, edited: _Edited, program: Program) -> object:
        """What is to be seen there after an edit, where `then` was to be seen before it."""
        if self.about is None or self.what not in _SEARCHES:
            return self.at(program)
        sought: Any = self.about[0]
        if self.what == "calls_of":
            return _found_again(then, {each for each in edited.new_calls if each.name in sought}, edited, program)
        if self.what == "calls_where":
            return _found_again(then, set(filter(sought, edited.new_calls)), edited, program)
        if self.what == "sections_with":
            same = _sections_with(sought, edited.before) == _sections_with(sought, edited.now)
            return then if same else self.at(program)
        if self.what == "matches":
            return then if _is_unmatched(sought, edited) else self.at(program)
        return self.at(program)


def _found_again(then: Sequence[Call], new: Set[Call], edited: _Edited, program: Program) -> object:
    """Calls that were found before an edit, but for those that went, and new ones among them."""
    if not new and edited.in_order and edited.gone_calls.isdisjoint(then):
        return then
    found = {*new, *then}
    return tuple([each for each in program.calls if each in found])


def _is_unmatched(pattern: re.Pattern[str], edited: _Edited) -> bool:
    """Whether a pattern is found in no chunk which an edit touched."""
    return not any(each.parsed.matches(pattern) for each in (*edited.before, *edited.now))


def _sections_with(word: str, chunks: Iterable[PlacedChunk]) -> list[Section]:
    readable = (each for each in chunks if each.parsed.module is not None)
    return [each.section for each in readable if word in each.parsed.text]


_field = functools.cache(Look)
"""A look at a field: one for each, as they are compared and hashed all the time."""

_OF_CALLS = frozenset(("calls_of", "calls_where"))
_SEARCHES = _OF_CALLS | {"matches", "sections_with"}


@dataclass(eq=False, slots=True)
class _Known:
    """An answer with all that was looked at to find it; `parts` are answers about `each` some things.

    `sources` are answers about each thing of a source, of which no look tells.

    Never changed; hundreds are made after a keystroke, and one that says that it is frozen takes three times as long.
    """

    answer: Any
    looks: _Looks
    parts: _Parts
    sources: tuple[_OfSource, ...] = ()


@dataclass(eq=False, slots=True)
class _PartsKnown:
    """Answers about single things: `silent` are those of which nothing is said whatever the rest of the program says.

    That is nearly all of them. Never changed.
    """

    silent: set[Hashable]
    told: Mapping[Hashable, _Known]


class _Things(NamedTuple):
    """The things of a source in this text, and those of them that are not of the last one."""

    in_order: tuple[Any, ...]
    all: frozenset[Any]
    new: frozenset[Any]


class _OfSource(NamedTuple):
    """The answers to a question about each thing of a source: of others than those `told` nothing is said at all."""

    source: Callable[[Program], Iterable[Any]]
    question: Callable[..., Iterable[Any]]
    told: Mapping[Hashable, _Known]


_Looks: TypeAlias = "frozenset[Look]"
_Parts: TypeAlias = "Mapping[Hashable, _PartsKnown]"
"""Answers about single things, by question."""

_NONE: _Looks = frozenset()
_NO_PARTS = _PartsKnown(set(), {})
_NOTHING_KNOWN = _Known((), _NONE, {})
_NO_THINGS = _Things((), frozenset(), frozenset())
_LOOKS = attrgetter("looks")


class Recall:
    """The answers about one file through its edits."""

    def __init__(self) -> None:
        self._askers: object = None
        self._program: Program | None = None
        self._chunks: tuple[PlacedChunk, ...] = ()
        self._calls: tuple[Call, ...] = ()
        self._seen: dict[Look, object] = {}
        self._known: dict[Hashable, _Known] = {}
        self._gone: dict[Hashable, _Known] = {}  # answers that don't stand any more as a whole
        self._groups: dict[_Looks, _Looks] = {}  # many look at the same
        self._changed: set[Look] = set()
        self._things: dict[Hashable, _Things] = {}  # by source
        self._last_things: dict[Hashable, _Things] = {}
        self._new_parts: _View | None = None  # of which new things are asked about

    @contextmanager
    def of(self, program: Program, askers: object) -> Iterator[Program]:
        """Speak of this program, without the answers that rested on anything that is otherwise in it.

        What is asked `once` of the view of it is remembered as well. Answers go with those who asked: with other
        `askers` than the last time all are forgotten.
        """
        if askers is not self._askers:
            self._askers, self._known = askers, {}
        self._program = program
        self._forget(program)
        try:
            yield _View(self)
        finally:  # what nobody asks for any more goes at once: a view of it would hold all that it was a view of
            self._program = self._new_parts = None
            self._gone, self._last_things = {}, {}

    def _forget(self, program: Program) -> None:
        self._last_things, self._things = self._things, {}
        self._groups = {each.looks: each.looks for each in self._known.values()}
        edited = _edited(self._chunks, program.chunks, self._calls, program.calls)
        self._chunks, self._calls = program.chunks, program.calls
        seen = {look: self._seen[look] for look in frozenset[Look]().union(*self._groups)}
        changed: set[Look] = set()
        for look, then in seen.items():
            if edited.spares(look):
                continue
            found = seen[look] = look.again(then, edited, program)
            if found is not then and not _same(then, found):
                changed.add(look)
        self._seen, self._changed = seen, changed
        broken = {each for each in self._groups if not each.isdisjoint(changed)}
        self._gone = {key: known for key, known in self._known.items() if known.looks in broken}
        for key in self._gone:
            del self._known[key]

    def standing(self, told: Mapping[Hashable, _Known]) -> Mapping[Hashable, _Known]:
        """Those of the last answers about single things that rest on nothing that has changed."""
        broken = [each for each in set(map(_LOOKS, told.values())) if not each.isdisjoint(self._changed)]
        return {thing: each for thing, each in told.items() if each.looks not in broken} if broken else told

    def still_asked(self, keys: Iterable[Asker]) -> Iterator[Asker]:
        """Those of some keys of questions whose answer has gone, or says something: nearly all say nothing."""
        known = self._known
        return (each for each in keys if (last := known.get(each)) is None or last.answer or self._has_new_things(last))

    def _has_new_things(self, known: _Known) -> bool:
        try:
            new = [self.things(each.source).new for each in known.sources]  # of all: they are the last ones next time
        except Exception:  # of a source: it will be met again where the question is asked
            return True
        return any(new)

    def answer(self, key: Hashable, question: Callable[[Program], Answer]) -> Answer:
        """The answer to the question that goes by `key`; it must not be changed."""
        known = last = self._known.pop(key, None)
        if last is not None and last.sources:
            known = self._extended(last)
        if known is None:
            view = _View(self, last or self._gone.get(key), by_source=True)
            known = self.noted(question(view), view)
        self._known[key] = known
        answer: Answer = known.answer
        return answer

    def _extended(self, known: _Known) -> _Known | None:
        """The same answer, where nothing at all is said of new things, and still all that was said; else None."""
        for source, question, told in known.sources:
            things = self.things(source)
            said = [thing for thing, part in told.items() if part.answer] if told else []
            if said and said != [thing for thing in things.in_order if thing in told and told[thing].answer]:
                return None
            view = self._new_parts = self._new_parts or _View(self)
            if things.new and any(view.part(thing, question) for thing in things.new):
                return None
        return known

    def known(self, question: Callable[[Program], object]) -> _Known:
        """The answer to a question that goes by itself, with all that it rests on."""
        known = self._known.get(question)
        if known is None:
            view = _View(self, self._gone.get(question))
            known = self._known[question] = self.noted(question(view), view)
        return known

    def noted(self, answer: object, view: _View) -> _Known:
        """An answer with all that was looked at through a view to find it."""
        looks = frozenset(view.looks) if view.looks else _NONE
        return _Known(answer, self._groups.setdefault(looks, looks), view.parts, tuple(view.sources))

    def things(self, source: Callable[[Program], Iterable[Any]]) -> _Things:
        """The things of a source."""
        things = self._things.get(source)
        if things is None:
            found, last = tuple(source(_View(self))), self._last_things.get(source, _NO_THINGS)
            every = last.all if _same(last.in_order, found) else frozenset(found)
            things = self._things[source] = _Things(found, every, every.difference(last.all))
        return things

    def last_things(self, source: Callable[[Program], Iterable[Any]]) -> frozenset[Any]:
        """The things of a source in the last text."""
        return self._last_things.get(source, _NO_THINGS).all

    def seen(self, look: Look) -> Any:
        """What is to be seen in the program that this speaks of."""
        try:
            return self._seen[look]
        except KeyError:
            assert self._program is not None
            found = self._seen[look] = look.at(self._program)
            return found


class _View(Program, Following):
    """A program that notes what is looked at; `by_source` says that new things of a source are asked about later."""

    looks: set[Look]
    parts: dict[Hashable, _PartsKnown]
    sources: list[_OfSource]
    _recall: Recall
    _last: _Known
    _part_view: _View | None
    _by_source: bool

    def __init__(self, recall: Recall, last: _Known | None = None, *, by_source: bool = False) -> None:
        own = self.__dict__  # the fields of a program can't be set
        own["looks"], own["parts"], own["_recall"], own["_last"] = set(), {}, recall, last or _NOTHING_KNOWN
        own["_part_view"], own["sources"], own["_by_source"] = None, [], by_source

    def __getattr__(self, name: str) -> Any:
        """A field, when it is first looked at."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = vars(self)[name] = self._look(_field(name))
        return found

    def _look(self, look: Look) -> Any:
        self.looks.add(look)
        return self._recall.seen(look)

    def once(self, question: Callable[[Any], Answer]) -> Answer:
        known = self._recall.known(question)
        self.looks.update(known.looks)
        answer: Answer = known.answer
        return answer

    def each_of(
        self, source: Callable[[Program], Iterable[Thing]], question: Callable[[Program, Thing], Iterable[Answer]]
    ) -> Iterator[Answer]:
        if not self._by_source:
            return self.each(source(self), question)
        things = self._recall.things(source)
        last = next((each for each in self._last.sources if each[:2] == (source, question)), None)
        standing = self._recall.standing(last.told) if last is not None else {}
        silent = self._recall.last_things(source).difference(last.told) if last is not None else frozenset[Any]()
        told: dict[Hashable, _Known] = {}
        for thing in [each for each in things.in_order if each not in silent]:
            known = standing.get(thing) or self.part(thing, question)
            if known is not None:
                told[thing] = known
        self.sources.append(_OfSource(source, question, told))
        self.looks.update(*set(map(_LOOKS, told.values())))
        return itertools.chain.from_iterable([told[thing].answer for thing in things.in_order if thing in told])

    def each(self, things: Iterable[Thing], question: Callable[[Program, Thing], Iterable[Answer]]) -> Iterator[Answer]:
        about: tuple[Any, ...] = tuple(things)
        last, here = self._last.parts.get(question, _NO_PARTS), self.parts.get(question, _NO_PARTS)
        standing = self._recall.standing(last.told) if last.told else last.told
        silent = {*last.silent.intersection(about)}
        silent |= here.silent
        told: dict[Hashable, _Known] = {}
        for thing in [each for each in about if each not in silent] if len(silent) < len(about) else ():
            known = standing.get(thing) or here.told.get(thing) or self.part(thing, question)
            if known is None:
                silent.add(thing)
            else:
                told[thing] = known
        self.parts[question] = _PartsKnown(silent, {**here.told, **told})
        self.looks.update(*set(map(_LOOKS, told.values())))
        found = (told[thing].answer for thing in about if thing in told) if told else ()
        return itertools.chain.from_iterable(found)

    def part(self, thing: Thing, question: Callable[[Program, Thing], Iterable[object]]) -> _Known | None:
        """The answer about one thing, asked of a view that others are asked of as well as long as none looks at it.

        None where it says nothing and looks at nothing.
        """
        view = self._part_view
        if view is None or view.looks or view.parts:
            view = vars(self)["_part_view"] = _View(self._recall)
        answer = tuple(question(view, thing))
        return self._recall.noted(answer, view) if answer or view.looks or view.parts else None

    def calls_of(self, names: frozenset[str]) -> tuple[Call, ...]:
        calls: tuple[Call, ...] = self._look(Look("calls_of", (names,)))
        return calls

    def calls_where(self, wanted: Callable[[Call], bool]) -> tuple[Call, ...]:
        calls: tuple[Call, ...] = self._look(Look("calls_where", (wanted,)))
        return calls

    def evaluations_of(self, model: int) -> tuple[Evaluation, ...]:
        evaluations: tuple[Evaluation, ...] = self._look(Look("evaluations_of", (model,)))
        return evaluations

    def fits_of(self, model: int) -> tuple[Fit, ...]:
        fits: tuple[Fit, ...] = self._look(Look("fits_of", (model,)))
        return fits

    def mentions(self, word: str) -> bool:
        return bool(self._look(Look("mentions", (word,))))

    def matches(self, pattern: re.Pattern[str]) -> bool:
        return bool(self._look(Look("matches", (pattern,))))

    def sections(self) -> tuple[Section, ...]:
        sections: tuple[Section, ...] = self._look(Look("sections", ()))
        return sections

    def sections_with(self, word: str) -> tuple[Section, ...]:
        sections: tuple[Section, ...] = self._look(Look("sections_with", (word,)))
        return sections

    def class_of(self, section: Section) -> tuple[Section, ...]:
        sections: tuple[Section, ...] = self._look(Look("class_of", (section,)))
        return sections

    def chunk_of(self, section: Section) -> PlacedChunk | None:
        chunk: PlacedChunk | None = self._look(Look("chunk_of", (section,)))
        return chunk


def _edited(
    before: Sequence[PlacedChunk], now: Sequence[PlacedChunk], calls_before: Sequence[Call], calls: Sequence[Call]
) -> _Edited:
    """Of the chunks those that are not the same at the beginning or the end of both, of the calls all others."""
    first = _alike(before, now)
    last = _alike(before[first:][::-1], now[first:][::-1])
    then, there = tuple(before[first : len(before) - last]), tuple(now[first : len(now) - last])
    old_text, new_text = _text(then), _text(there)
    text, whole_text = _lines_apart(old_text, new_text), f"{old_text}\n{new_text}"
    if len(calls) == len(calls_before) and all(map(is_, calls_before, calls)):
        return _Edited(then, there, text, whole_text, frozenset(), frozenset(), in_order=True)
    new, gone = set(calls).difference(calls_before), set(calls_before).difference(calls)
    left = [each for each in calls_before if each not in gone] if gone else calls_before
    kept = [each for each in calls if each not in new] if new else calls
    return _Edited(then, there, text, whole_text, new, gone, all(map(is_, left, kept)))


def _lines_apart(before: str, now: str) -> str:
    """The lines in which two texts differ, as they were and as they are."""
    above = common_prefix(before, now)
    below = common_suffix(before, now, above)
    start = before.rfind("\n", 0, above) + 1
    return "\n".join([text[start:end] for text in (before, now) if (end := _line_end(text, len(text) - below)) > start])


def _text(chunks: Iterable[PlacedChunk]) -> str:
    return "".join([each.parsed.text for each in chunks])


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return end if end >= 0 else len(text)


def _alike(before: Sequence[PlacedChunk], now: Sequence[PlacedChunk]) -> int:
    """How many chunks two sequences have in common at their beginning."""
    for count, (old, new) in enumerate(zip(before, now, strict=False)):
        if old is not new and (old.section is not new.section or old.parsed is not new.parsed):
            return count
    return min(len(before), len(now))


def _same(then: object, now: object) -> bool:
    """Whether two looks at the same saw the same: the very same objects, or equal values without any."""
    if then is now:
        return True
    kind = type(then)
    if kind is not type(now):
        return False
    if kind in (str, bool, PlacedChunk):
        return then == now
    if isinstance(then, tuple) and isinstance(now, tuple):
        return len(then) == len(now) and all(map(is_, then, now))
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        return list(then.items()) == list(now.items())
    if isinstance(then, Imports) and isinstance(now, Imports):
        return _same(then.names, now.names) and then.stars == now.stars
    return False

"""A module as parsed chunks at their lines, and what an edit leaves of them.

What does not parse while someone types leaves the rest standing: a broken chunk is cut around the broken statement,
and that one where the next line starts in the first column.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import eq
from typing import TypeAlias

from scram_analyzers.source.reading.chunks import ParseCache, ParsedChunk, PlacedChunk
from scram_analyzers.source.reading.class_pieces import Header, class_pieces
from scram_analyzers.source.reading.inversion import turned_back
from scram_analyzers.source.reading.splitting import Chunk, Split, around, before_next_start, statements

MAX_CUTS = 30
"""Into how many pieces a stretch that is not valid Python is cut at most, in search of what is."""

MAX_TURNS = 3
"""Behind how many broken chunks of a text the rest is read the other way round to see: each may cost the rest of it."""

_Part: TypeAlias = "tuple[ParsedChunk, int, Header | None]"
"""A parsed text with the line where it begins, and the header of a class that is repeated above it."""


@dataclass(frozen=True, slots=True)
class ParsedModule:
    """A module cut into chunks, and what each of them was read as: one part, or several of a class or a broken one.

    `turned`: the rest of the text was cut otherwise, so that the last parts belong to no single chunk of `split`.
    """

    split: Split
    parts: tuple[tuple[PlacedChunk, ...], ...]
    turned: bool = False

    @property
    def chunks(self) -> tuple[PlacedChunk, ...]:
        """All parts in order; those without a tree carry their problem."""
        return tuple(itertools.chain.from_iterable(self.parts))


def parse_module(split: Split, cache: ParseCache, last: ParsedModule | None = None) -> ParsedModule:
    """Parse what is new in a module. `last` is what it was before an edit, of which the rest is taken over."""
    if split.is_open:
        if last is not None and not last.split.is_open:
            cache.keep_cut(last.split)
        return _with_open_end(split, cache, last)
    head, tail = _taken_over(split, last) if last is not None and not last.turned else ((), ())
    new = [
        _parts(chunk, _before(position, last), cache)
        for position, chunk in enumerate(split.chunks[len(head) : len(split.chunks) - len(tail)], len(head))
    ]
    if last is not None and _share_nodes(last.parts[len(head) : len(last.parts) - len(tail)], new, (*head, *tail)):
        again = [[(each.parsed, each.first_line, each.header) for each in kept] for kept in (*head, *tail)]
        new, head, tail = [*again[: len(head)], *new, *again[len(head) :]], (), ()
    return ParsedModule(split, (*head, *_placed(new, cache), *tail))


_PlacedParts: TypeAlias = "tuple[tuple[PlacedChunk, ...], ...]"


def _taken_over(split: Split, last: ParsedModule) -> tuple[_PlacedParts, _PlacedParts]:
    """The parts of the chunks at the beginning and at the end that an edit has left as they were."""
    before, now = last.split.chunks, split.chunks
    above = _alike(before, now)
    below = _alike(before[above:][::-1], now[above:][::-1])
    tail = last.parts[len(before) - below :]
    lines = now[-below].first_line - before[-below].first_line if below else 0
    if lines:
        tail = tuple([tuple([each.moved(lines) for each in kept]) for kept in tail])
    return last.parts[:above], tail


def _alike(before: Sequence[Chunk], now: Sequence[Chunk]) -> int:
    """How many chunks at the beginning have the same text."""
    same = list(map(eq, [each.text for each in before], [each.text for each in now]))
    return same.index(False) if False in same else len(same)


def _share_nodes(old: _PlacedParts, new: Iterable[Sequence[_Part]], kept: _PlacedParts) -> bool:
    """Whether what an edit touched has trees in common with what it left: then each is to be told from the others."""
    touched = {each.parsed.lineage for parts in old for each in parts}
    touched.update([parsed.lineage for parts in new for parsed, _, _ in parts])
    return not touched.isdisjoint([each.parsed.lineage for parts in kept for each in parts])


def _with_open_end(split: Split, cache: ParseCache, last: ParsedModule | None) -> ParsedModule:
    """Parse a module of which a bracket or quote goes on to the end: perhaps since one far above it is broken."""
    found: list[Sequence[_Part]] = []
    turns = MAX_TURNS
    for position, chunk in enumerate(split.chunks):
        parts = _as_it_stands(chunk, _before(position, last), cache)
        broken = _are_broken(parts)
        righted = turned_back(split.chunks[position:], cache) if broken and turns > 0 else None
        turns -= broken
        if righted is not None:
            found += [_parts(each, None, cache) for each in righted]
            return ParsedModule(split, tuple(_placed(found, cache)), turned=True)
        found.append(_mended(parts, chunk, cache))
    return ParsedModule(split, tuple(_placed(found, cache)))


_Before: TypeAlias = "tuple[Chunk, Sequence[PlacedChunk]] | None"
"""The chunk that a new one may be an edit of, and what it was read as."""


def _before(position: int, last: ParsedModule | None) -> _Before:
    if last is None or position >= len(last.split.chunks):
        return None
    return last.split.chunks[position], last.parts[position] if not last.turned else ()


def _parts(chunk: Chunk, before: _Before, cache: ParseCache) -> Sequence[_Part]:
    return _mended(_as_it_stands(chunk, before, cache), chunk, cache)


def _as_it_stands(chunk: Chunk, before: _Before, cache: ParseCache) -> Sequence[_Part]:
    """A chunk parsed as one text; a class by its pieces, where at least its head can be read."""
    old = before[0] if before is not None and before[0].text != chunk.text else None
    pieces = class_pieces(chunk)
    if pieces:
        last = [each.parsed for each in before[1]] if before is not None and old is not None else []
        parsed = cache.parse_pieces(chunk, pieces, last)
        if parsed[0].problem is None:
            return [(tree, each.chunk.first_line, each.header) for tree, each in zip(parsed, pieces, strict=True)]
    return ((cache.parse(chunk, cache.basis(old.text) if old is not None else None), chunk.first_line, None),)


def _are_broken(parts: Sequence[_Part]) -> bool:
    return any(parsed.problem is not None for parsed, _, _ in parts)


def _mended(parts: Sequence[_Part], chunk: Chunk, cache: ParseCache) -> Sequence[_Part]:
    """What can be read of a chunk, whose `parts` may be broken: of a class those that are not."""
    if not _are_broken(parts):
        return parts
    if len(parts) == 1:
        return tuple(_readable_parts(chunk, cache))
    opened, *rest = (_cut_where_open(chunk, cache) if chunk.is_open else ()) or (chunk,)
    behind = itertools.chain.from_iterable(_parts(each, None, cache) for each in rest)
    return (*(_as_it_stands(opened, None, cache) if rest else parts), *behind)


def _placed(found: Iterable[Sequence[_Part]], cache: ParseCache) -> Iterator[tuple[PlacedChunk, ...]]:
    """Trees with their sections. No two texts of a module have nodes in common, as a function and its copy might."""
    first: dict[object, ParsedChunk] = {}
    counts: dict[ParsedChunk, int] = {}
    for parts in found:
        placed: list[PlacedChunk] = []
        for each, first_line, header in parts:
            parsed = each
            if parsed.module is not None and first.setdefault(parsed.lineage, parsed) is not parsed:
                parsed = cache.parse_anew(parsed)
            count = counts[parsed] = counts.get(parsed, -1) + 1
            placed.append(PlacedChunk(parsed.section(count, header is not None), parsed, first_line, header))
        yield tuple(placed)


def _readable_parts(chunk: Chunk, cache: ParseCache) -> Iterator[_Part]:
    """What can be read of a chunk that can't be as a whole, and between that what can't, neighbours as one."""
    broken: list[Chunk] = []
    for piece in _pieces(chunk, cache):
        parts = _as_it_stands(piece, None, cache)
        if len(parts) == 1 and _are_broken(parts):
            broken.append(piece)
            continue
        yield from _broken_part(broken, cache)
        broken = []
        yield from parts
    yield from _broken_part(broken, cache)


def _broken_part(pieces: list[Chunk], cache: ParseCache) -> Iterator[_Part]:
    if pieces:
        text = "".join(piece.text for piece in pieces)
        parsed = ParsedChunk(text, None, cache.parse(pieces[0]).problem)
        yield parsed, pieces[0].first_line, None


def _pieces(chunk: Chunk, cache: ParseCache) -> Iterator[Chunk]:
    """The chunk cut around what is broken in it, again and again."""
    waiting, cuts = [chunk], 0
    while waiting:
        piece = waiting.pop()
        problem = cache.parse(piece).problem
        parts: tuple[Chunk, ...] = ()
        if problem is not None and cuts < MAX_CUTS:
            parts = around(piece, problem.line)
            parts = parts if len(parts) > 1 else _cut_where_open(piece, cache)
        if parts:
            cuts += 1
            waiting.extend(reversed(parts))
        else:
            yield piece


def _cut_where_open(chunk: Chunk, cache: ParseCache) -> tuple[Chunk, ...]:
    """One broken statement without what its open bracket or quote has swallowed, where any of that can be read."""
    parted = before_next_start(chunk)
    if parted is None:
        return ()
    opened, rest = parted
    parts = [each.moved(opened.first_line + opened.lines - 1) for each in cache.cut(rest)]
    swallowed = itertools.chain.from_iterable((part, *statements(part.text, 0, part.first_line)) for part in parts)
    readable = any(cache.parse(each).problem is None for each in itertools.islice(swallowed, MAX_CUTS))
    return (opened, *parts) if readable else ()

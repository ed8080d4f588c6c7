"""A text turned inside out by one broken triple quote: below it prose is read as code, and code as prose.

A quote half typed or half deleted would take everything below it along, with an error for every line of prose. So what
follows the next triple quote is cut as if the text began there, where that reads better.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scram_analyzers.source.reading.splitting import Chunk, around, measured
from scram_analyzers.source.reading.text import LINE_END

if TYPE_CHECKING:
    from scram_analyzers.source.reading.chunks import ParseCache

_TRIPLE_QUOTE = re.compile(r"\"\"\"|'''")

FIRST_CHUNKS = 2
"""How many chunks behind the quotes must be readable: prose may have a line that is valid code, hardly two."""


def turned_back(chunks: Sequence[Chunk], cache: ParseCache) -> tuple[Chunk, ...] | None:
    """The chunks with the rest cut anew behind the next triple quote, all from what is broken to there being one.

    The first chunk is broken and the last one open, as when quotes are odd in number. None where that reads no better.
    """
    before = _before_what_is_broken(chunks[0], cache)
    first_line = chunks[0].first_line + sum(each.lines for each in before)
    text = "".join(each.text for each in chunks)[sum(len(each.text) for each in before) :]
    quotes = _TRIPLE_QUOTE.search(text)
    end = LINE_END.search(text, quotes.end()) if quotes is not None else None
    if end is None:
        return None
    swallowed, rest = measured(text[: end.end()], first_line), cache.cut(text[end.end() :])
    if not rest or rest[-1].is_open or any(cache.parse(each).problem is not None for each in rest[:FIRST_CHUNKS]):
        return None
    return (*before, swallowed, *(each.moved(first_line + swallowed.lines - 1) for each in rest))


def _before_what_is_broken(chunk: Chunk, cache: ParseCache) -> list[Chunk]:
    """What a broken chunk holds above its first broken statement, or the first that is found to be."""
    before: list[Chunk] = []
    while chunk.statements > 1:
        problem = cache.parse(chunk).problem
        for part in around(chunk, problem.line if problem is not None else 1):
            if cache.parse(part).problem is not None:
                chunk = part
                break
            before.append(part)
        else:
            break
    return before

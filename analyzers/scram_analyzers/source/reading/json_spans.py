"""Where the parts of a JSON text stand, so that one of them can be written anew and the rest left as it is.

The text must be valid JSON, and the offset given that of an object or a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()

Span = tuple[int, int]
"""Offsets of the first character of a value and of the one after its last."""


def member_spans(text: str, offset: int) -> dict[str, Span]:
    """The values of an object by their names; of a name given twice the last, as `json` reads it."""
    spans = _values(text, _after_blanks(text, offset))
    return {json.loads(text[slice(*name)]): value for name, value in zip(spans, spans, strict=True)}


def element_spans(text: str, offset: int) -> list[Span]:
    """The elements of a list."""
    return list(_values(text, _after_blanks(text, offset)))


def _values(text: str, offset: int) -> Iterator[Span]:
    """Every value between the brackets that open at `offset`; the names of an object's members are values too."""
    at = _after_blanks(text, offset + 1)
    while text[at] not in "]}":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _after_blanks(text, end)
        if text[at] in ",:":
            at = _after_blanks(text, at + 1)


def _after_blanks(text: str, offset: int) -> int:
    match = _BLANK.match(text, offset)
    assert match is not None  # blanks may be none
    return match.end()

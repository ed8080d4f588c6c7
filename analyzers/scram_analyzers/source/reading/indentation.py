"""Indentation that mixes tabs and blanks in a way that Python reads and libcst does not."""

from __future__ import annotations

import ast
import re
import warnings

from scram_analyzers.source.reading.logical_lines import logical_lines

_WHITE = re.compile(r"[ \t]*")


def with_blanks(text: str) -> str | None:
    """The same program with a blank for each tab before a statement, so that nothing moves.

    None where there is no such tab, or where the program would be another one.
    """
    if "\t" not in text:
        return None
    parts: list[str] = []
    for start, end, _, _, _ in logical_lines(text):
        white = _WHITE.match(text, start, end)
        code = white.end() if white is not None else start
        parts += (" " * (code - start), text[start:end][code - start :])
    blanks = "".join(parts)
    return blanks if blanks != text and _same_program(text, blanks) else None


def _same_program(one: str, other: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in the user's strings
        try:
            return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # the parser's ways to refuse a text
            return False

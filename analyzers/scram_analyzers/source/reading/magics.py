"""What only IPython understands in a notebook's cell (`%magic`, `!shell`, `help?`), with Python in its stead.

Every line keeps its number, and what stands in for one says what it was. Automagic (`pip install keras` for
`%pip ...`) is taken for it only where no Python could begin so; `ls` alone reads as Python, as IPython reads it when
there is a variable of that name. A line that opens a bracket or text which its cell never closes gets a stand-in too,
so that it takes no other cell with it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.source.reading.logical_lines import logical_lines
from scram_analyzers.source.reading.text import lines_with_ends

PYTHON_CELL_MAGICS = frozenset({"capture", "debug", "prun", "time", "timeit"})
"""IPython's cell magics whose body runs as Python in the notebook's own namespace."""

MAX_UNFINISHED = 20
"""So many lines of a cell may open what it never closes; the rest of it is then not read."""

UNFINISHED = "pass pass"
"""Closed in itself and no valid Python: what stands in for an unfinished line is reported like it."""

_LINE_WITH_END = re.compile(r"(?P<line>[^\r\n]*)(?P<end>\r\n|\r|\n|\Z)")
_NO_OPERATOR = r"(?!(?:in|is|and|or|if|not|for|else)\b)"
_AUTOMAGIC = (
    r"(?:pip|conda|mamba|ls|cd|cp|mv|rm|mkdir|rmdir|cat|man)[ \t]+"
    rf"(?:-[-A-Za-z]+[ \t]+)*(?:[$~]|\.\.|\./|{_NO_OPERATOR}[^\W\d])"
)
_MAGIC_SIGN = re.compile(rf"[%!?]|^[ \t]*{_AUTOMAGIC}", re.MULTILINE)
_CELL_MAGIC = re.compile(
    r"(?P<above>(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*)[ \t]*%%(?P<name>\w*)[^\r\n]*(?:\r\n|\r|\n|\Z)"
)
_LINE_MAGIC = re.compile(rf"(?P<indent>[ \t]*)(?:[%!?]|{_AUTOMAGIC})")
_TIMED = re.compile(
    r"(?P<indent>[ \t]*)(?P<magic>%time(?:it(?:[ \t]+-[a-z][ \t]*\d*)*)?)(?=[ \t]+(?P<statement>[^%!?\s][^\r\n]*))"
)
_ASSIGNED = re.compile(r"(?P<target>[ \t]*[^\W\d][\w., \[\]]*=[ \t]*)[%!]")
_WITH_DEEPER_LINES = re.compile(
    r"(?P<indent>[ \t]*)[^\r\n]*(?:\r\n|\r|\n|\Z)(?:(?P=indent)[ \t]+[^\r\n]*(?:\r\n|\r|\n|\Z))*"
)
_HELP = re.compile(r"""(?P<indent>[ \t]*)[^#'"\r\n]*\?[ \t]*(?:[\r\n]|\Z)""")


@dataclass(frozen=True, slots=True)
class StandIn:
    """Python that is `written` at the begin of a line where the cell has `original`."""

    written: str
    original: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a cell: Python lines as they are or, with a `stand_in`, one line without its `end`."""

    python: str
    end: str = ""
    stand_in: StandIn | None = None


def pieces_of(source: str) -> Iterator[Piece]:
    """The whole of a cell in order. A cell whose `%%magic` takes another language is all stand-ins."""
    at = 0
    while head := _CELL_MAGIC.match(source, at):
        holds_python = head["name"] in PYTHON_CELL_MAGICS
        end = head.end() if holds_python else len(source)
        if head["above"]:
            yield Piece(head["above"])
        yield from _comments(source, head.end("above"), end)
        at = end
    yield from _pieces_below(source, at)


def _pieces_below(source: str, begin: int) -> Iterator[Piece]:
    """The pieces of a cell from `begin` on, below its cell magics."""
    closed = f"{source}\n\n"  # a logical line that reaches the end of this is not finished
    unfinished = 0
    while begin < len(source):
        at, stand_in = _first_stand_in(source, closed, begin)
        if begin < at:
            yield Piece(source[begin:at])
        if stand_in is None:
            return
        if stand_in.written.lstrip() != UNFINISHED:
            begin = _end_of_magic(source, at)
        else:
            unfinished += 1
            begin = _end_of_unfinished(source, at) if unfinished < MAX_UNFINISHED else len(source)
        yield from _in_place(source, at, begin, stand_in)


def _first_stand_in(source: str, closed: str, begin: int) -> tuple[int, StandIn | None]:
    """The first line from `begin` on that can't stay as it is, with its stand-in; else the end of the cell."""
    may_be_magic = _MAGIC_SIGN.search(source, begin) is not None
    for start, end, _, _, _ in logical_lines(closed, begin):
        if start >= len(source):
            break
        stand_in = _stand_in(source, start) if may_be_magic else None
        if stand_in is None and end == len(closed):
            stand_in = _invalid(_line_at(source, start))
        if stand_in is not None:
            return start, stand_in
    return len(source), None


def _invalid(line: str) -> StandIn:
    return StandIn(line[: len(line) - len(line.lstrip())] + UNFINISHED, line)


def _stand_in(source: str, at: int) -> StandIn | None:
    """What stands in for the physical line at `at`, which begins a logical line; None for Python."""
    line = _line_at(source, at)
    if timed := _TIMED.match(source, at):
        if _is_statement(timed["statement"]):
            # `if 1:` is as long as `%time`, so that the statement keeps its columns.
            return StandIn(f"{timed['indent']}{'if 1:'.ljust(len(timed['magic']))}", timed.group())
        return StandIn(f"{timed['indent']}pass", line)
    if assigned := _ASSIGNED.match(source, at):
        return StandIn(f"{assigned['target']}get_ipython()", line)
    if other := _LINE_MAGIC.match(source, at) or _HELP.match(source, at):
        return StandIn(f"{other['indent']}pass", line)
    return None


def _is_statement(text: str) -> bool:
    try:
        ast.parse(f"if 1: {text}")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the parser's ways to refuse a text
        return False
    return True


def _line_at(source: str, at: int) -> str:
    match = _LINE_WITH_END.match(source, at)
    assert match is not None  # every text has a first line
    return match["line"]


def _end_of_magic(source: str, at: int) -> int:
    """The end of a magic line with the lines that a backslash joins to it."""
    for match in _LINE_WITH_END.finditer(source, at):
        if not match["line"].endswith("\\") or match.end() == len(source):
            return match.end()
    return len(source)


def _end_of_unfinished(source: str, at: int) -> int:
    """The end of an unfinished line with the lines that, being deeper, belong to it."""
    match = _WITH_DEEPER_LINES.match(source, at)
    assert match is not None  # every text has a first line
    return match.end()


def _in_place(source: str, at: int, end: int, first: StandIn) -> Iterator[Piece]:
    head = _LINE_WITH_END.match(source, at)
    assert head is not None  # every text has a first line
    yield Piece(first.written + head["line"].removeprefix(first.original), head["end"], first)
    yield from _comments(source, head.end(), end)


def _comments(source: str, begin: int, end: int) -> Iterator[Piece]:
    """Stand-ins without any code for every line from `begin` to `end` that holds something."""
    for line in lines_with_ends(source[begin:end]):
        content = line.rstrip("\r\n")
        line_end = line[len(content) :]
        # With nothing between them, a lone \r before and this \n would become one end of a line.
        written = "#" if line_end == "\n" and source[begin - 1 : begin] == "\r" else ""
        yield Piece(written, line_end, StandIn(written, content)) if content else Piece(line)
        begin += len(line)

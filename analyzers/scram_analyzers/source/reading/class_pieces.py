"""A class cut into its head and its methods, so that an edit of one of them leaves the others as they were.

Each piece is a text of its own: the header of the class, and below it one method, or statements between methods. So
what stands in a method stands in a class all the same, but that class holds nothing else. No valid code is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import libcst as cst

from scram_analyzers.source.reading.logical_lines import is_blank, logical_lines, without_comment
from scram_analyzers.source.reading.splitting import Chunk
from scram_analyzers.source.reading.text import LINE_END

_CLASS = re.compile(r"^class\b", re.MULTILINE)
_DEFINITION = re.compile(r"@|(?:async[ \t]+)?def\b|class\b")
_INDENT = re.compile(r"[ \t]*")

_NOTHING = "pass"
"""What the head of a class holds where its first method follows at once."""


class Header(NamedTuple):
    """The header of a class, above each of its pieces: how many lines it has, and where the first of them stands."""

    lines: int
    first_line: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a class as a chunk of its own: its head, or what follows, with the `header` repeated above it.

    `first_line` of such a chunk is that of its own lines.
    """

    chunk: Chunk
    header: Header | None = None


class _Line(NamedTuple):
    """A logical line of code. The blank lines and comments above it begin at the offset `begin`, on `first_line`."""

    begin: int
    first_line: int
    start: int
    start_line: int
    end: int
    end_line: int
    depth: int
    is_open: bool


class _Run(NamedTuple):
    """The lines of one definition within a class, or of the statements between two of them."""

    lines: Sequence[_Line]
    is_definition: bool


def class_pieces(chunk: Chunk) -> tuple[Piece, ...]:
    """The pieces of a class in their order; none of anything else, nor of a class without methods."""
    text = chunk.text
    if "class" not in text or _CLASS.search(text) is None:
        return ()
    lines = list(_lines(text, 0, 1))
    at = next((number for number, line in enumerate(lines) if text[line.start] != "@"), len(lines))
    if at + 1 >= len(lines) or not _is_header(text[lines[at].start : lines[at].end]):
        return ()
    indent = _indent(text, lines[at + 1])
    if not indent:
        return ()
    runs = list(_runs(text, _through_what_is_open(text, lines[at + 1 :], indent), indent))
    if not any(run.is_definition for run in runs):
        return ()
    return tuple(_pieces(chunk, lines[: at + 1], runs, indent))


def _lines(text: str, offset: int, first: int) -> Iterator[_Line]:
    """The logical lines of code from an offset on, which is on the line `first`."""
    begin, begin_line, line = offset, first, first
    for start, end, next_line, depth, is_open in logical_lines(text, offset):
        end_line = first + next_line - 1
        if not is_blank(text, start, end):
            yield _Line(begin, begin_line, start, line, end, end_line, depth, is_open)
            begin, begin_line = end, end_line
        line = end_line


def _is_header(line: str) -> bool:
    return line.startswith("class") and without_comment(line).endswith(":")


def _indent(text: str, line: _Line) -> str:
    found = _INDENT.match(text, line.start)
    return found.group() if found is not None else ""


def _through_what_is_open(text: str, lines: list[_Line], indent: str) -> list[_Line]:
    """The lines of a class's body, where methods that an open bracket or quote has swallowed begin all the same."""
    starts = re.compile(rf"^{indent}(?={_DEFINITION.pattern})", re.MULTILINE)
    while lines[-1].is_open:
        last = lines[-1]
        again = starts.search(text, last.start + len(indent) + 1)
        if again is None:
            break
        line = last.start_line + len(LINE_END.findall(text, last.start, again.start()))
        lines[-1] = last._replace(end=again.start(), end_line=line, is_open=False)
        lines += _lines(text, again.start(), line)
    return lines


def _runs(text: str, lines: Sequence[_Line], indent: str) -> Iterator[_Run]:
    """The lines of a class's body, parted where a definition begins or ends; nothing where indents fit nowhere."""
    indents = [_indent(text, line) for line in lines]
    if not all(each.startswith(indent) for each in indents):
        return
    run: list[_Line] = []
    is_definition = is_decorated = False
    for line, own in zip(lines, indents, strict=True):
        if own == indent:
            begins = _DEFINITION.match(text, line.start + len(indent)) is not None
            if run and not is_decorated and (begins or is_definition):
                yield _Run(run, is_definition)
                run = []
            is_definition = begins or is_decorated
            is_decorated = text[line.start + len(indent)] == "@"
        run.append(line)
    yield _Run(run, is_definition)


def _pieces(chunk: Chunk, header: Sequence[_Line], runs: Sequence[_Run], indent: str) -> Iterator[Piece]:
    text = chunk.text
    end, end_line = header[-1].end, header[-1].end_line
    above = text[header[0].start : end]
    begins = [(run.lines[0].begin, run.lines[0].first_line) for run in runs] + [(len(text), chunk.lines + 1)]
    if runs[0].is_definition:
        head = f"{text[:end]}{indent}{_NOTHING}{above[len(above.rstrip()) :]}"
        yield Piece(_chunk(head, chunk.first_line, end_line, header))
    for run, ((begin, line), (after, line_after)) in zip(runs, pairwise(begins), strict=True):
        if run is runs[0] and not run.is_definition:
            yield Piece(_chunk(text[:after], chunk.first_line, line_after - 1, (*header, *run.lines)))
            continue
        lines = end_line - header[0].start_line
        own = _chunk(
            above + text[begin:after],
            chunk.first_line + line - 1,
            lines + line_after - line,
            (*header, *run.lines),
        )
        yield Piece(own, Header(lines, chunk.first_line + header[0].start_line - 1))


def _chunk(text: str, first_line: int, lines: int, code: Sequence[_Line]) -> Chunk:
    depth, longest = max(each.depth for each in code), max(each.end - each.start for each in code)
    return Chunk(text, first_line, lines, depth, longest, is_open=code[-1].is_open)


def piece_trees(pieces: Sequence[Piece], whole: cst.Module) -> list[cst.Module] | None:
    """The tree of each piece, taken from that of the whole class; None where that is cut otherwise."""
    (owner,) = whole.body
    if not isinstance(owner, cst.ClassDef) or not isinstance(owner.body, cst.IndentedBlock):
        return None
    groups = _groups(owner.body.body)
    if isinstance(groups[0][0], (cst.FunctionDef, cst.ClassDef)):
        groups.insert(0, [cst.SimpleStatementLine([cst.Pass()])])
    if len(groups) != len(pieces):
        return None
    head = owner.with_changes(body=owner.body.with_changes(body=groups[0]))
    trees = [whole.with_changes(body=[head])]
    for group in groups[1:]:
        part = owner.with_changes(leading_lines=(), body=owner.body.with_changes(body=group))
        trees.append(whole.with_changes(header=(), body=[part]))
    return trees


def _groups(statements: Sequence[cst.BaseStatement]) -> list[list[cst.BaseStatement]]:
    """The statements of a class's body: each definition by itself, and what stands between them."""
    groups: list[list[cst.BaseStatement]] = []
    for each in statements:
        is_definition = isinstance(each, (cst.FunctionDef, cst.ClassDef))
        if is_definition or not groups or isinstance(groups[-1][-1], (cst.FunctionDef, cst.ClassDef)):
            groups.append([each])
        else:
            groups[-1].append(each)
    return groups

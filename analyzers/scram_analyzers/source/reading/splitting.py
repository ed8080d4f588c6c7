"""A module cut into top-level stretches, with no need of valid code: brackets and quotes are followed.

After an edit only the stretches around it are cut anew.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from scram_analyzers.source.reading.logical_lines import logical_lines
from scram_analyzers.source.reading.text import LINE_END, lines_with_ends

GROUPED_LINES = 40
"""Neighbouring one-line statements are parsed together up to this many lines: each parse has a fixed cost."""

_CLAUSE = re.compile(r"(?:else|elif|except|finally)\b")
_COMPOUND = re.compile(r"(?:async|class|def|for|if|match|try|while|with|@)\b|@")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of whole lines: one compound statement, or a run of simple ones.

    `first_line` counts from 1 and `lines` are the line ends in it; `depth` is the deepest nesting of brackets and
    `longest_line` the length of the longest logical line of code, in characters. `is_open`: a bracket or a string of
    its last statement goes on to the end of the text, and holds whatever followed before it was opened.
    """

    text: str
    first_line: int
    lines: int = 0
    depth: int = 0
    longest_line: int = 0
    statements: int = 1
    is_open: bool = False

    def moved(self, lines: int) -> Chunk:
        """The same text so many lines further down."""
        first_line = self.first_line + lines
        return Chunk(self.text, first_line, self.lines, self.depth, self.longest_line, self.statements, self.is_open)


@dataclass(frozen=True, slots=True)
class Split:
    """A text with its chunks and the offset of each."""

    text: str = ""
    chunks: tuple[Chunk, ...] = ()
    starts: tuple[int, ...] = field(default=(), repr=False)

    @property
    def is_open(self) -> bool:
        """Whether a bracket or a string goes on to the end of the text."""
        return bool(self.chunks) and self.chunks[-1].is_open


def split_module(text: str, last: Split | None = None) -> Split:
    """Cut a module at the lines where top-level statements begin. What `last` shares with it is not read again."""
    text = text.removeprefix("\ufeff")
    if last is None or not last.chunks:
        return _all_new(text)
    same = common_prefix(text, last.text)
    kept = max(bisect_right(last.starts, same) - 2, 0)
    chunks, starts = list(last.chunks[:kept]), list(last.starts[:kept])
    offset = last.starts[kept]
    shift = len(text) - len(last.text)
    unchanged = len(last.text) - common_suffix(text, last.text, same)
    for chunk in _group(statements(text, offset, last.chunks[kept].first_line)):
        index = bisect_left(last.starts, max(offset - shift, unchanged))
        if index < len(last.starts) and last.starts[index] == offset - shift:
            moved = chunk.first_line - last.chunks[index].first_line
            rest = last.chunks[index:]
            chunks += rest if moved == 0 else (each.moved(moved) for each in rest)
            starts += last.starts[index:] if shift == 0 else (start + shift for start in last.starts[index:])
            break
        chunks.append(chunk)
        starts.append(offset)
        offset += len(chunk.text)
    return Split(text, tuple(chunks), tuple(starts))


def _all_new(text: str) -> Split:
    chunks = cut(text)
    starts = itertools.accumulate((len(chunk.text) for chunk in chunks[:-1]), initial=0)
    return Split(text, chunks, tuple(starts) if chunks else ())


def common_prefix(left: str, right: str) -> int:
    """How many characters two texts have in common at their beginning."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_suffix(left: str, right: str, prefix: int = 0) -> int:
    """How many characters two texts have in common at their end, beyond their common prefix."""
    low, high = 0, min(len(left), len(right)) - prefix
    while low < high:
        middle = (low + high + 1) // 2
        if left[len(left) - middle : len(left) - low] == right[len(right) - middle : len(right) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def statements(text: str, offset: int = 0, line: int = 1) -> Iterator[Chunk]:
    """One chunk for each top-level statement from `offset` on, with the comments and blank lines above it."""
    begin, begin_line, first = offset, line, line
    pending: tuple[int, int] | None = None  # where comments and blank lines after the statement begin
    has_code = decorated = is_open = False
    depth = longest = 0
    for start, end, next_line, line_depth, ends_inside in logical_lines(text, offset):
        character = text[start]
        if character in "\r\n#" or text[start:end].isspace():
            pending = pending or (start, line)
        else:
            if character not in " \t\f" and has_code and not decorated and not _CLAUSE.match(text, start):
                cut, cut_line = pending or (start, line)
                yield Chunk(text[begin:cut], begin_line, cut_line - begin_line, depth, longest)
                begin, begin_line, depth, longest = cut, cut_line, 0, 0
            has_code, decorated, pending = True, character == "@", None
            depth, longest = max(depth, line_depth), max(longest, end - start)
        line, is_open = first + next_line - 1, ends_inside
    rest = text[begin:]
    if rest and not rest.isspace():
        yield Chunk(rest, begin_line, len(LINE_END.findall(rest)), depth, longest, is_open=is_open)


def _group(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Join neighbouring simple statements that no blank line parts."""
    joined: list[Chunk] = []
    lines = 0
    for chunk in chunks:
        simple = not is_compound(chunk.text)
        if joined and not (simple and lines < GROUPED_LINES and chunk.text[0] not in "\r\n"):
            yield _joined(joined)
            joined = []
        if not simple:
            yield chunk
            continue
        lines = lines + chunk.lines if joined else chunk.lines
        joined.append(chunk)
    if joined:
        yield _joined(joined)


def _joined(chunks: list[Chunk]) -> Chunk:
    return Chunk(
        "".join(chunk.text for chunk in chunks),
        chunks[0].first_line,
        sum(chunk.lines for chunk in chunks),
        max(chunk.depth for chunk in chunks),
        max(chunk.longest_line for chunk in chunks),
        sum(chunk.statements for chunk in chunks),
        chunks[-1].is_open,
    )


def is_compound(text: str) -> bool:
    """Whether the first statement of a text has a block."""
    start = 0
    for end in LINE_END.finditer(f"{text}\n"):
        line = text[start : end.start()]
        if line and not line.isspace() and line[0] != "#":
            return _COMPOUND.match(line) is not None
        start = end.end()
    return False


def around(chunk: Chunk, line: int) -> tuple[Chunk, ...]:
    """A chunk of several statements in up to three: those before the one on `line` of it, that one, those after.

    One chunk, where it holds a single statement.
    """
    if chunk.statements == 1:
        return (chunk,)
    parts = list(statements(chunk.text, 0, chunk.first_line))
    at = max(index for index, part in enumerate(parts) if index == 0 or part.first_line < chunk.first_line + line)
    pieces = [parts[:at], [parts[at]], parts[at + 1 :]]
    return tuple(_joined(piece) for piece in pieces if piece)


def before_next_start(chunk: Chunk) -> tuple[Chunk, str] | None:
    """A chunk up to where its next line starts in the first column, whatever brackets and quotes are open there.

    With it goes the text from there on, with the comments and blank lines above. None where there is no such line.
    """
    offset = 0
    in_code = False
    behind = 0  # where blank lines and comments behind the last line of code begin
    for text_line in lines_with_ends(chunk.text):
        starts = text_line[0].isalpha() or text_line[0] in "_@"
        if starts and in_code and not _CLAUSE.match(text_line):
            return measured(chunk.text[:behind], chunk.first_line), chunk.text[behind:]
        offset += len(text_line)
        if not (text_line.isspace() or text_line.lstrip()[0] == "#"):
            in_code, behind = True, offset
    return None


def measured(text: str, first_line: int) -> Chunk:
    """One statement as a chunk."""
    lines = list(logical_lines(text))
    deepest = max((depth for _, _, _, depth, _ in lines), default=0)
    longest = max((end - start for start, end, _, _, _ in lines), default=0)
    return Chunk(text, first_line, len(LINE_END.findall(text)), deepest, longest, is_open=lines[-1][-1])


def cut(text: str) -> tuple[Chunk, ...]:
    """The chunks of a text that is cut as if it were a module."""
    return tuple(_group(statements(text)))

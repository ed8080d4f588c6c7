"""A module cut into top-level pieces, each parsed on its own and remembered by its text.

A keystroke then costs the parse of one piece, and a piece that does not parse while someone types leaves the
others standing. The cut needs no valid file: it follows brackets and quotes, and where that ends in a piece
that can't be parsed, it cuts again at every line that starts in the first column.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.logical_lines import logical_lines
from scram_analyzers.source.positions import FIRST_LINE, Position, Positions
from scram_analyzers.source.text import LINE_END, lines_with_ends
from scram_analyzers.source.walk import children

MAX_BRACKET_DEPTH = 90
"""Deeper nesting is not parsed: the native parser ends the whole process when its stack is full."""

MAX_LINE_LENGTH = 200_000
"""A longer logical line (a generated table) is not parsed: it holds no program and costs seconds."""

MAX_CHAIN = 400
"""More operators in a row without a comma are not parsed: the parser is quadratic in them, and walks recurse."""

GROUPED_LINES = 40
"""Neighbouring one-line statements are parsed together up to this many lines: each parse has a fixed cost."""

CACHED_CHARACTERS = 8_000_000
"""How much text a `ParseCache` remembers; trees take about 25 bytes for each."""

_CLAUSE = re.compile(r"(?:else|elif|except|finally)\b")
_COMPOUND = re.compile(r"(?:async|class|def|for|if|match|try|while|with|@)\b|@")
_OPERATOR = re.compile(r"\*\*|//|[-+*/%&|^~<>.(\[]|\b(?:not|lambda|if|and|or)\b")
_STRING = re.compile(r"""\"(?:\\.|[^"\\])*\"|'(?:\\.|[^'\\])*'""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of whole lines: one compound statement, or a run of simple ones.

    `first_line` counts from 1; `depth` is the deepest nesting of brackets and `longest_line` the length of the
    longest logical line, in characters.
    """

    text: str
    first_line: int
    depth: int = 0
    longest_line: int = 0


@dataclass(frozen=True, slots=True)
class ParseProblem:
    """Why a chunk has no tree: `line` counts from 1 within the chunk."""

    line: int
    reason: str
    mend: str


class ParsedChunk:
    """The tree of a text, or why there is none; positions are worked out when first asked for."""

    def __init__(self, text: str, module: cst.Module | None, problem: ParseProblem | None) -> None:
        self.text = text
        self.module = module
        self.problem = problem

    @cached_property
    def _positions(self) -> Positions:
        assert self.module is not None
        return Positions(self.module, self.text, self._parents)

    @cached_property
    def nodes(self) -> Mapping[type[cst.CSTNode], Sequence[cst.CSTNode]]:
        """Every node by its kind, in the order of the text: one walk for all who look for something."""
        found: dict[type[cst.CSTNode], list[cst.CSTNode]] = {}
        for node in self._parents:
            found.setdefault(type(node), []).append(node)
        return found

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, the closest first."""
        parent = self._parents.get(node)
        while parent is not None:
            yield parent
            parent = self._parents[parent]

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode | None]:
        assert self.module is not None
        parents: dict[cst.CSTNode, cst.CSTNode | None] = {}
        waiting: list[tuple[cst.CSTNode, cst.CSTNode | None]] = [(self.module, None)]
        while waiting:
            node, parent = waiting.pop()
            parents[node] = parent
            waiting.extend([(child, node) for child in reversed(children(node))])
        return parents

    def position(self, node: cst.CSTNode) -> Position:
        """Where `node` stands, in lines of this chunk; its first line where the tree is too deep to tell."""
        return self._positions.of(node) if self.module is not None else FIRST_LINE


@dataclass(frozen=True, slots=True)
class PlacedChunk:
    """A parsed chunk at its line in a module. The same text elsewhere shares the tree."""

    parsed: ParsedChunk
    first_line: int
    line_count: int

    def range_of(self, node: cst.CSTNode) -> SourceRange:
        """The node's range in the module."""
        position = self.parsed.position(node)
        shift = self.first_line - 1
        return SourceRange.of(position.line + shift, position.column, position.end_line + shift, position.end_column)


class ParseCache:
    """Parsed chunks by their text, the least recently used dropped beyond `CACHED_CHARACTERS`."""

    def __init__(self, capacity: int = CACHED_CHARACTERS) -> None:
        self._capacity = capacity
        self._size = 0
        self._parsed: OrderedDict[str, ParsedChunk] = OrderedDict()

    def parse(self, chunk: Chunk) -> ParsedChunk:
        """The tree of the chunk's text."""
        known = self._parsed.get(chunk.text)
        if known is not None:
            self._parsed.move_to_end(chunk.text)
            return known
        parsed = _parse(chunk)
        self._parsed[chunk.text] = parsed
        self._size += len(chunk.text)
        while self._size > self._capacity and len(self._parsed) > 1:
            dropped, _ = self._parsed.popitem(last=False)
            self._size -= len(dropped)
        return parsed


def parse_module(text: str, cache: ParseCache) -> list[PlacedChunk]:
    """Every chunk of a module in order, parsed; those without a tree carry their problem."""
    placed: list[PlacedChunk] = []
    for chunk in split_module(text):
        parsed = cache.parse(chunk)
        if parsed.problem is None:
            placed.append(_place(chunk, parsed))
            continue
        pieces = list(_resplit(chunk))
        if len(pieces) == 1:
            placed.append(_place(chunk, parsed))
        else:
            placed += (_place(piece, cache.parse(piece)) for piece in pieces)
    return placed


def _place(chunk: Chunk, parsed: ParsedChunk) -> PlacedChunk:
    return PlacedChunk(parsed, chunk.first_line, len(LINE_END.findall(chunk.text)) + 1)


def split_module(text: str) -> list[Chunk]:
    """Cut a module into chunks at the lines where top-level statements begin."""
    return list(_group(_statements(text.removeprefix("\ufeff"))))


def _statements(text: str) -> Iterator[Chunk]:
    """One chunk for each top-level statement, with the comments and blank lines above it."""
    begin, begin_line, line = 0, 1, 1
    pending: tuple[int, int] | None = None  # where comments and blank lines after the statement begin
    has_code = decorated = False
    depth = longest = 0
    for start, end, end_line, line_depth in logical_lines(text):
        first = text[start]
        if first in "\r\n#" or text[start:end].isspace():
            pending = pending or (start, line)
        else:
            if first not in " \t\f" and has_code and not decorated and not _CLAUSE.match(text, start):
                cut, cut_line = pending or (start, line)
                yield Chunk(text[begin:cut], begin_line, depth, longest)
                begin, begin_line, depth, longest = cut, cut_line, 0, 0
            has_code, decorated, pending = True, first == "@", None
        depth, longest = max(depth, line_depth), max(longest, end - start)
        line = end_line
    if text[begin:].strip():
        yield Chunk(text[begin:], begin_line, depth, longest)


def _group(statements: Iterator[Chunk]) -> Iterator[Chunk]:
    """Join neighbouring simple statements that no blank line parts."""
    texts: list[str] = []
    first_line = lines = depth = longest = 0
    for chunk in statements:
        simple = not _is_compound(chunk.text)
        joinable = simple and texts and lines < GROUPED_LINES and chunk.text[0] not in "\r\n"
        if texts and not joinable:
            yield Chunk("".join(texts), first_line, depth, longest)
            texts = []
        if not simple:
            yield chunk
            continue
        if not texts:
            first_line, lines, depth, longest = chunk.first_line, 0, 0, 0
        texts.append(chunk.text)
        lines += chunk.text.count("\n")
        depth, longest = max(depth, chunk.depth), max(longest, chunk.longest_line)
    if texts:
        yield Chunk("".join(texts), first_line, depth, longest)


def _is_compound(text: str) -> bool:
    for line in LINE_END.split(text):
        if line and not line.isspace() and line[0] != "#":
            return _COMPOUND.match(line) is not None
    return False


def _resplit(chunk: Chunk) -> Iterator[Chunk]:
    """Cut a chunk that does not parse at every line in the first column, brackets and quotes or not."""
    begin, begin_line, line, offset = 0, chunk.first_line, chunk.first_line, 0
    for text_line in lines_with_ends(chunk.text):
        starts = text_line[:1].isalpha() or text_line[:1] in "_@"
        if starts and offset > begin and not _CLAUSE.match(text_line):
            yield _measured(chunk.text[begin:offset], begin_line)
            begin, begin_line = offset, line
        offset += len(text_line)
        line += 1
    yield _measured(chunk.text[begin:], begin_line)


def _measured(text: str, first_line: int) -> Chunk:
    lines = list(logical_lines(text))
    deepest = max((depth for _, _, _, depth in lines), default=0)
    return Chunk(text, first_line, deepest, max((end - start for start, end, _, _ in lines), default=0))


def _parse(chunk: Chunk) -> ParsedChunk:
    obstacle = _too_much(chunk)
    if obstacle is not None:
        return ParsedChunk(chunk.text, None, obstacle)
    try:
        return ParsedChunk(chunk.text, cst.parse_module(chunk.text), None)
    except cst.ParserSyntaxError as error:
        line = max(error.raw_line, 1)
        problem = ParseProblem(line, "This code is not valid Python, so it was not checked.", "Mend the syntax error.")
        return ParsedChunk(chunk.text, None, problem)
    except (RecursionError, ValueError, cst.CSTValidationError) as error:
        problem = ParseProblem(1, f"This code could not be read ({type(error).__name__}).", "Split the expression.")
        return ParsedChunk(chunk.text, None, problem)


def _too_much(chunk: Chunk) -> ParseProblem | None:
    if chunk.depth > MAX_BRACKET_DEPTH:
        return ParseProblem(
            1,
            f"This code nests brackets {chunk.depth} deep, more than scram reads ({MAX_BRACKET_DEPTH}).",
            "Give the inner parts names of their own.",
        )
    if chunk.longest_line > MAX_LINE_LENGTH:
        return ParseProblem(
            1,
            f"This code has a line of more than {MAX_LINE_LENGTH:,} characters, too long for scram to read.",
            "Keep large tables in a data file.",
        )
    if chunk.longest_line > MAX_CHAIN and any(_is_chain(line) for line in _long_lines(chunk.text)):
        return ParseProblem(
            1,
            f"This code chains more than {MAX_CHAIN:,} operators in one expression, too many for scram to read.",
            "Split the expression.",
        )
    return None


def _long_lines(text: str) -> Iterator[str]:
    for start, end, _, _ in logical_lines(text):
        if end - start > MAX_CHAIN:
            yield text[start:end]


def _is_chain(line: str) -> bool:
    parts = _STRING.sub("", line).split(",")
    return any(len(part) > MAX_CHAIN and len(_OPERATOR.findall(part)) > MAX_CHAIN for part in parts)

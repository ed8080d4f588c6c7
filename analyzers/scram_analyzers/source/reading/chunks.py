"""The chunks of a module, each parsed on its own and remembered by its text, so that an edit costs the parse of one."""

from __future__ import annotations

import ast
import re
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias
from weakref import ref

import libcst as cst

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.interpreting.reuse import Memory
from scram_analyzers.source.reading.bound_words import bound_words
from scram_analyzers.source.reading.class_pieces import Header, Piece, piece_trees
from scram_analyzers.source.reading.indentation import with_blanks
from scram_analyzers.source.reading.logical_lines import logical_lines
from scram_analyzers.source.reading.positions import FIRST_LINE, Position, Positions
from scram_analyzers.source.reading.prose import docstring_twins, same_code
from scram_analyzers.source.reading.splicing import BrokenLineError, spliced
from scram_analyzers.source.reading.splitting import Chunk, Split, common_suffix, split_module
from scram_analyzers.source.reading.walk import LEAVES, USUAL, children

MAX_BRACKET_DEPTH = 90
"""Deeper nesting is not parsed: the native parser ends the whole process when its stack is full."""

MAX_LINE_LENGTH = 200_000
"""A longer logical line (a generated table) is not parsed: it holds no program and costs seconds."""

MAX_CHAIN = 400
"""More operators in a row without a comma are not parsed: the parser is quadratic in them, and walks recurse."""

CACHED_CHARACTERS = 500_000
"""How much text a `ParseCache` remembers beyond the latest files, some 15,000 lines: a tree with what is worked out
about it takes 15 to 70 bytes a character in programs that people wrote, up to 180 in code without any prose.
"""

REMEMBERED_FILES = 8
"""Of how many files a `ParseCache` keeps what reading them came to: those being edited."""

CUTS_KEPT = 3
"""Of how many texts a `ParseCache` keeps how they were cut: a module before a quote was opened, and ways to read it."""

_OPERATOR = re.compile(r"\*\*|//|[-+*/%&|^~<>.(\[]|\b(?:not|lambda|if|and|or)\b")
_STRING = re.compile(r"""\"[^"\\]*(?:\\.[^"\\]*)*\"|'[^'\\]*(?:\\.[^'\\]*)*'""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ParseProblem:
    """Why a chunk has no tree: `line` counts from 1 within the chunk."""

    line: int
    reason: str
    mend: str


_ByKind: TypeAlias = "Mapping[type[cst.CSTNode], Sequence[cst.CSTNode]]"


class ParsedChunk:
    """The tree of a text, or why there is none; positions are worked out when first asked for.

    `basis` is the readable text that it came from by edits: itself, or the one of before for a text without a tree.
    Trees of one `lineage` share nodes. `read` is the text that is interpreted for this one: itself, or one that differs
    only in comments and docstrings; nodes of its tree have `twins` in this tree, where they are not the same.
    """

    def __init__(
        self,
        text: str,
        module: cst.Module | None,
        problem: ParseProblem | None,
        basis: ParsedChunk | None = None,
        twins: Mapping[cst.CSTNode, cst.CSTNode] | None = None,
    ) -> None:
        self.text = text
        self.module = module
        self.problem = problem
        self.lineage: object = object() if basis is None else basis.lineage
        self._before = basis if module is None else None
        self._texts: dict[cst.CSTNode, str] = {}
        self._within: dict[cst.CSTNode, _ByKind] = {}
        self._matches: dict[re.Pattern[str], bool] = {}
        self._sections: dict[tuple[int, bool], ref[Section]] = {}  # they hold this
        self._read: ParsedChunk | None = None  # not itself: that would leave each of them to the garbage collector
        self._twins: Mapping[cst.CSTNode, cst.CSTNode] = {}
        if basis is not None and twins is not None:
            self._read = basis.read
            origins = {now: origin for origin, now in basis._twins.items()}
            self._twins = {**basis._twins, **{origins.get(old, old): new for old, new in twins.items()}}

    @property
    def basis(self) -> ParsedChunk | None:
        """What an edit of this text can be set into."""
        return self if self.module is not None else self._before

    @property
    def read(self) -> ParsedChunk:
        """The text that is interpreted for this one."""
        return self if self._read is None else self._read

    def section(self, count: int, continues: bool = False) -> Section:
        """What this text is in a module where it stands so many times before."""
        read, key = self.read, (count, continues)
        known = read._sections.get(key)
        section = known() if known is not None else None
        if section is None:
            section = Section(read, continues)
            read._sections[key] = ref(section)
        return section

    @cached_property
    def bound_words(self) -> frozenset[str]:
        """The words that it may bind as names."""
        return bound_words(self.text)

    @cached_property
    def _positions(self) -> Positions:
        assert self.module is not None
        return Positions(self.module, self.text, self._parents)

    @property
    def nodes(self) -> _ByKind:
        """Every node by its kind, in the order of the text: one walk for all who look for something."""
        return self._walked[0]

    def within(self, node: cst.CSTNode) -> _ByKind:
        """The nodes in one that many ask about, as a function, by their kind."""
        if node is self.module:
            return self.nodes
        found = self._within.get(node)
        if found is None:
            found = self._within[node] = _by_kind(node)[0]
        return found

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, the closest first."""
        parents = self._parents
        parent = parents.get(node)
        while parent is not None:
            yield parent
            parent = parents.get(parent)

    @property
    def _parents(self) -> Mapping[cst.CSTNode, cst.CSTNode]:
        return self._walked[1]

    @cached_property
    def _walked(self) -> tuple[_ByKind, Mapping[cst.CSTNode, cst.CSTNode]]:
        assert self.module is not None
        return _by_kind(self.module)

    def text_of(self, node: cst.CSTNode) -> str:
        """A node as it is written."""
        text = self._texts.get(node)
        if text is None:
            assert self.module is not None
            text = self._texts[node] = self.module.code_for_node(node)
        return text

    def matches(self, pattern: re.Pattern[str]) -> bool:
        """Whether the pattern is found in the text: asked of the same few patterns after every keystroke."""
        found = self._matches.get(pattern)
        if found is None:
            found = self._matches[pattern] = pattern.search(self.text) is not None
        return found

    def position(self, node: cst.CSTNode) -> Position:
        """Where `node` stands, in lines of this chunk; its first line where the tree is too deep to tell."""
        return self._positions.of(self._twins.get(node, node)) if self.module is not None else FIRST_LINE


def _by_kind(root: cst.CSTNode) -> tuple[_ByKind, Mapping[cst.CSTNode, cst.CSTNode]]:
    """The nodes in one, itself included, by their kind and in the order of the text, and what each stands in."""
    found: defaultdict[type[cst.CSTNode], list[cst.CSTNode]] = defaultdict(list)
    parents: dict[cst.CSTNode, cst.CSTNode] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        found[kind].append(node)
        if kind not in LEAVES:  # half of all nodes
            inner = USUAL.get(kind, children)(node)
            for each in inner:
                parents[each] = node
            inner.reverse()
            waiting += inner
    return dict(found), parents


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a module: a parsed text, once for each time it stands there; the tree is shared.

    `continues`: it goes on with the class whose head stands last before it, as a method does.
    It knows no lines, so that what was read in it is still true when edits above move it, or edits of its comments and
    docstrings move what is within.
    """

    parsed: ParsedChunk
    continues: bool = False
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, slots=True)
class PlacedChunk:
    """A section at its line in a module, with the text that it has there, below the `header` of a class perhaps."""

    section: Section
    parsed: ParsedChunk
    first_line: int
    header: Header | None = None

    def moved(self, lines: int) -> PlacedChunk:
        """The same so many lines further down."""
        header = Header(self.header.lines, self.header.first_line + lines) if self.header is not None else None
        return PlacedChunk(self.section, self.parsed, self.first_line + lines, header)

    def range_of(self, node: cst.CSTNode) -> SourceRange:
        """The node's range in the module."""
        at = self.parsed.position(node)
        return SourceRange.of(self.line_of(at.line), at.column, self.line_of(at.end_line), at.end_column)

    def line_of(self, line: int) -> int:
        """Where a line of the text stands in the module."""
        if self.header is None:
            return self.first_line + line - 1
        below = line - self.header.lines
        return self.first_line + below - 1 if below > 0 else self.header.first_line + line - 1


class ParseCache:
    """Parsed chunks by their text, the least recently used dropped beyond `CACHED_CHARACTERS`.

    Beside them, what the last reading of each of the latest few files came to.
    """

    def __init__(self, capacity: int = CACHED_CHARACTERS) -> None:
        self._capacity = capacity
        self._size = 0
        self._parsed: OrderedDict[str, ParsedChunk] = OrderedDict()
        self._memories: OrderedDict[str, Memory] = OrderedDict()
        self._cuts: tuple[Split, ...] = ()

    def memory(self, filename: str) -> Memory:
        """What the last reading of a file came to; empty for a file not seen lately."""
        return self._memories.get(filename) or Memory()

    def remember(self, filename: str, memory: Memory) -> None:
        """Keep what a reading came to, for the next."""
        self._memories[filename] = memory
        self._memories.move_to_end(filename)
        while len(self._memories) > REMEMBERED_FILES:
            self._memories.popitem(last=False)

    def parse(self, chunk: Chunk, basis: ParsedChunk | None = None) -> ParsedChunk:
        """The tree of the chunk's text, made from that of `basis` where there is little to change in it."""
        known = self._parsed.get(chunk.text)
        if known is not None:
            self._parsed.move_to_end(chunk.text)
            return known
        parsed = _parse(chunk, basis)
        self._keep(parsed)
        return parsed

    def parse_pieces(self, whole: Chunk, pieces: Sequence[Piece], last: Sequence[ParsedChunk]) -> list[ParsedChunk]:
        """The trees of the pieces of a class: by one parse of the whole where most are new.

        `last` are those of the class before an edit.
        """
        new = [each for each in pieces if each.chunk.text not in self._parsed]
        if len(new) > max(1, len(pieces) // 2):
            for piece, tree in zip(pieces, _trees_of(whole, pieces), strict=False):
                if piece in new:
                    self._keep(ParsedChunk(piece.chunk.text, tree, None))
        bases = last if len(last) == len(pieces) else [None] * len(pieces)
        return [
            self.parse(piece.chunk, basis.basis if basis is not None else None)
            for piece, basis in zip(pieces, bases, strict=True)
        ]

    def parse_anew(self, parsed: ParsedChunk) -> ParsedChunk:
        """The same text with a tree that shares no nodes."""
        anew = ParsedChunk(parsed.text, _tree(parsed.text), None)
        self._keep(anew)
        return anew

    def basis(self, text: str) -> ParsedChunk | None:
        """What an edit of a text that was parsed lately can be set into."""
        known = self._parsed.get(text)
        return known.basis if known is not None else None

    def cut(self, text: str) -> Sequence[Chunk]:
        """The chunks of what an open bracket or quote has swallowed: most as after the last keystroke, or before it."""
        known = max(self._cuts, key=lambda each: common_suffix(each.text, text), default=None)
        split = known if known is not None and known.text == text else split_module(text, known)
        self.keep_cut(split)
        return split.chunks

    def keep_cut(self, split: Split) -> None:
        """Keep how a text was cut, for one that ends in the same way."""
        self._cuts = (split, *(each for each in self._cuts if each is not split))[:CUTS_KEPT]

    def _keep(self, parsed: ParsedChunk) -> None:
        if parsed.text not in self._parsed:
            self._size += len(parsed.text)
        self._parsed[parsed.text] = parsed
        while self._size > self._capacity and len(self._parsed) > 1:
            dropped, _ = self._parsed.popitem(last=False)
            self._size -= len(dropped)


def _parse(chunk: Chunk, basis: ParsedChunk | None) -> ParsedChunk:
    if chunk.is_open and (problem := _python_problem(chunk)) is not None:  # the rest of the file, most likely
        return ParsedChunk(chunk.text, None, problem, basis)
    if basis is not None and basis.module is not None and same_code(basis.text, chunk.text):
        return ParsedChunk(chunk.text, basis.module, None, basis, {})
    obstacle = _too_much(chunk)
    if obstacle is not None:
        return ParsedChunk(chunk.text, None, obstacle, basis)
    try:
        module = spliced(basis, chunk.text) if basis is not None else None
    except BrokenLineError:
        if (problem := _python_problem(chunk)) is not None:  # where Python sees one, ten times as fast as libcst
            return ParsedChunk(chunk.text, None, problem, basis)
        module = None
    if basis is not None and basis.module is not None and module is not None:
        return ParsedChunk(chunk.text, module, None, basis, docstring_twins(basis.module, module))
    try:
        return ParsedChunk(chunk.text, _tree(chunk.text), None)
    except cst.ParserSyntaxError as error:
        return ParsedChunk(chunk.text, None, _python_problem(chunk) or _not_valid(chunk, error.raw_line), basis)
    except (RecursionError, ValueError, cst.CSTValidationError) as error:
        problem = ParseProblem(1, f"This code could not be read ({type(error).__name__}).", "Split the expression.")
        return ParsedChunk(chunk.text, None, problem, basis)


def _trees_of(whole: Chunk, pieces: Sequence[Piece]) -> Sequence[cst.Module]:
    """The trees of the pieces of a class that can be read as a whole."""
    if whole.is_open or _too_much(whole) is not None:
        return ()
    try:
        return piece_trees(pieces, _tree(whole.text)) or ()
    except (cst.ParserSyntaxError, RecursionError, ValueError, cst.CSTValidationError):
        return ()


def _tree(text: str) -> cst.Module:
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError:
        if (blanks := with_blanks(text)) is None:
            raise
        return cst.parse_module(blanks)


def _python_problem(chunk: Chunk) -> ParseProblem | None:
    """The syntax error as Python itself tells it: libcst often points behind it. None where Python sees none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in the user's strings
        try:
            ast.parse(chunk.text)
        except SyntaxError as error:
            return _not_valid(chunk, error.lineno or 1, f" ({error.msg})")
        except (ValueError, RecursionError, MemoryError):  # null characters; nested too deep for Python as well
            return None
    return None


def _not_valid(chunk: Chunk, line: int, words: str = "") -> ParseProblem:
    reason = f"This code is not valid Python{words}, so it was not checked."
    return ParseProblem(min(max(line, 1), chunk.lines + 1), reason, "Mend the syntax error.")


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
    for start, end, _, _, _ in logical_lines(text):
        if end - start > MAX_CHAIN:
            yield text[start:end]


def _is_chain(line: str) -> bool:
    parts = _STRING.sub("", line).split(",")
    return any(len(part) > MAX_CHAIN and len(_OPERATOR.findall(part)) > MAX_CHAIN for part in parts)

"""Where the nodes of a tree stand, worked out one statement at a time.

libcst tells a position only by writing the whole module out again, which costs more than reading it did. A
finding speaks of one statement: its line is known from the text's logical lines, and only its own text is
written out to find the columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import libcst as cst
from libcst._nodes.internal import CodegenState

from scram_analyzers.source.reading.logical_lines import code_lines
from scram_analyzers.source.reading.text import lines_of


class Position(NamedTuple):
    """Lines from 1, columns from 0, in characters; `end` is behind the last one."""

    line: int
    column: int
    end_line: int
    end_column: int


FIRST_LINE = Position(1, 0, 2, 0)

_CLAUSES = (cst.If, cst.Else, cst.ExceptHandler, cst.ExceptStarHandler, cst.Finally, cst.MatchCase)
_OF_THEIR_OWN = frozenset((cst.IndentedBlock, *_CLAUSES))
_WITH_BLOCKS = (cst.BaseCompoundStatement, cst.IndentedBlock, *_CLAUSES)


class _Unit(NamedTuple):
    """A simple statement, or the header of a compound one or of a clause, with all that stands above it."""

    indent: str
    is_elif: bool
    line: int


class Positions:
    """The positions of the nodes of one module. `parents` gives what a node stands in."""

    def __init__(self, module: cst.Module, text: str, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> None:
        self._module = module
        self._parents = parents
        self._units = _placed_units(module, text)
        self._known: dict[cst.CSTNode, Position] = {}
        self._starts: dict[cst.CSTNode, tuple[int, int]] = {}
        self._written: set[cst.CSTNode] = set()
        self._everything: Mapping[cst.CSTNode, Position] | None = None

    def of(self, node: cst.CSTNode) -> Position:
        """Where `node` stands; the first line where the tree is too deep to tell."""
        known = self._known.get(node)
        if known is None:
            known = self._of_block(node) if isinstance(node, _WITH_BLOCKS) else self._of_part(node)
            self._known[node] = known = known or self._of_any(node)
        return known

    def _of_part(self, node: cst.CSTNode) -> Position | None:
        """A node within a simple statement or a header."""
        above: cst.CSTNode | None = node
        while above is not None and above not in self._units:
            above = self._parents.get(above)
        if above is None:
            return None
        self._write(above)
        return self._known.get(node)

    def _of_block(self, node: cst.CSTNode) -> Position | None:
        """From where it starts to the end of the last statement inside."""
        first, last = _first_part(node), _last_part(node)
        if last is None:
            return None
        if first is None:
            if node not in self._units:
                return None
            self._write(node)
            start = self._starts.get(node)
        else:
            start = self.of(first)[:2]
        end = self.of(last)
        return Position(*start, end.end_line, end.end_column) if start is not None else None

    def _write(self, node: cst.CSTNode) -> None:
        """Note where everything stands in a simple statement or header, by writing it out."""
        if node in self._written:
            return
        self._written.add(node)
        unit = self._units[node]
        state = _Writing(self._module, unit, self._known, self._starts)
        try:
            if unit.is_elif:
                node._codegen(state, is_elif=True)
            else:
                node._codegen(state)
        except (_HeaderDoneError, RecursionError):  # a tree may be deep enough to parse but too deep to walk
            return

    def _of_any(self, node: cst.CSTNode) -> Position:
        """By libcst itself: for the few nodes that stand in no statement."""
        from libcst.metadata import MetadataWrapper, PositionProvider  # a tenth of the time that libcst takes to load

        if self._everything is None:
            try:
                ranges = MetadataWrapper(self._module, unsafe_skip_copy=True).resolve(PositionProvider)
            except RecursionError:
                ranges = {}
            self._everything = {
                each: Position(at.start.line, at.start.column, at.end.line, at.end.column)
                for each, at in ranges.items()
            }
        return self._everything.get(node, FIRST_LINE)


class _HeaderDoneError(Exception):
    """The header of a compound statement is written; its block has positions of its own."""


class _Writing(CodegenState):
    """Writes one unit out, noting where each node of it stands."""

    def __init__(
        self,
        module: cst.Module,
        unit: _Unit,
        known: dict[cst.CSTNode, Position],
        starts: dict[cst.CSTNode, tuple[int, int]],
    ) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.indent_tokens = [unit.indent]
        self._line, self._column = unit.line, 0
        self._known, self._starts = known, starts
        self._open: list[tuple[int, int]] = []

    def add_indent_tokens(self) -> None:
        self._column += sum(map(len, self.indent_tokens))

    def add_token(self, value: str) -> None:
        if "\n" in value or "\r" in value:
            lines = lines_of(value)
            self._line += len(lines) - 1
            self._column = len(lines[-1])
        else:
            self._column += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        if type(node) in _OF_THEIR_OWN and self._open:
            raise _HeaderDoneError
        self._open.append((self._line, self._column))

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self._open.pop()
        if node not in self._known:
            self._known[node] = Position(*start, self._line, self._column)

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        start = self._starts[node] = self._line, self._column
        yield
        end = self._known.get(end_node) if end_node is not None else None
        self._known[node] = Position(*start, *(end[2:] if end is not None else (self._line, self._column)))


def _placed_units(module: cst.Module, text: str) -> Mapping[cst.CSTNode, _Unit]:
    """Every unit with the line where it begins; none when the text's lines don't match the tree."""
    lines = code_lines(text)
    placed: dict[cst.CSTNode, _Unit] = {}
    count = 0
    for node, indent, is_elif in units(module):
        if count < len(lines):
            placed[node] = _Unit(indent, is_elif, lines[count] - _lines_above(node))
        count += code_lines_of(node)
    return placed if count == len(lines) else {}


def units(module: cst.Module) -> Iterator[tuple[cst.CSTNode, str, bool]]:
    """Simple statements and headers in the order of the text, with their indent and whether it says `elif`."""
    waiting: list[tuple[cst.CSTNode, str, bool]] = [(each, "", False) for each in reversed(module.body)]
    while waiting:
        node, indent, is_elif = waiting.pop()
        yield node, indent, is_elif
        inner: list[tuple[cst.CSTNode, str, bool]] = []
        block = getattr(node, "body", None)
        if isinstance(node, cst.Match):
            deeper = indent + (module.default_indent if node.indent is None else node.indent)
            inner += ((case, deeper, False) for case in node.cases)
        elif isinstance(block, cst.IndentedBlock):
            deeper = indent + (module.default_indent if block.indent is None else block.indent)
            inner += ((statement, deeper, False) for statement in block.body)
        inner += ((clause, indent, isinstance(clause, cst.If)) for clause in _clauses(node))
        waiting.extend(reversed(inner))


def _clauses(node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    """What follows a compound statement's first block."""
    handlers = getattr(node, "handlers", ())
    return (*handlers, *(each for name in ("orelse", "finalbody") if (each := getattr(node, name, None)) is not None))


def code_lines_of(unit: cst.CSTNode) -> int:
    """How many logical lines of code a unit has of its own: those of decorators, and its own one."""
    return 1 + len(_decorators(unit))


def _decorators(node: cst.CSTNode) -> tuple[cst.Decorator, ...]:
    return tuple(node.decorators) if isinstance(node, (cst.FunctionDef, cst.ClassDef)) else ()


def _lines_above(node: cst.CSTNode) -> int:
    """How many comments and blank lines belong to a unit before its first line of code."""
    above = len(getattr(node, "leading_lines", ()))
    return above + sum(len(each.leading_lines) for each in _decorators(node)[:1])


def _first_part(node: cst.CSTNode) -> cst.CSTNode | None:
    return node.body[0] if isinstance(node, cst.IndentedBlock) and node.body else None


def _last_part(node: cst.CSTNode) -> cst.CSTNode | None:
    if isinstance(node, cst.IndentedBlock):
        return node.body[-1] if node.body else None
    if isinstance(node, cst.Match):
        return node.cases[-1]
    block: cst.CSTNode | None = getattr(node, "body", None)
    return (block, *_clauses(node))[-1]

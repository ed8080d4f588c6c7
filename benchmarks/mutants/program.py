"""A healthy program as a fault is planted in it: its text, its calls, and edits of them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias


@dataclass(frozen=True)
class Edit:
    """The bytes from `start` up to `end` become `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Mutant:
    """A program with one fault in it: the edits that make it, and the lines (from 1) where the fault then is."""

    edits: tuple[Edit, ...]
    lines: frozenset[int]


class Program:
    """The text of a program, which Python has to be able to read, with its calls. Raises SyntaxError otherwise."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text)
        self._starts = [0]
        for line in self.data.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    @cached_property
    def nodes(self) -> list[ast.expr | ast.stmt]:
        """Expressions and statements in the order of the text."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.expr | ast.stmt)]
        return sorted(found, key=lambda node: (node.lineno, node.col_offset))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """What each node stands in."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """Calls of functions whose last name is one of these."""
        for node in self.nodes:
            if isinstance(node, ast.Call) and last_name(node.func) in names:
                yield node

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """The bytes of a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.data[start:end].decode()

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node stands in."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    # -- edits

    def replaced(self, node: ast.expr | ast.stmt, new: str) -> Edit:
        """`new` in the place of a node."""
        return Edit(*self.span(node), new)

    def with_argument(self, call: ast.Call, argument: str) -> Edit:
        """A call with one more argument at its end."""
        _, end = self.span(call)
        before = self.data[: end - 1].rstrip()
        return Edit(len(before), len(before), argument if before.endswith((b"(", b",")) else f", {argument}")

    def without_argument(self, call: ast.Call, argument: ast.keyword) -> Edit:
        """A call without one of its arguments, and without the comma that parted it from the others."""
        start, end = self.span(argument)
        _, stop = self.span(call)
        rest = self.data[end : stop - 1]
        if rest.lstrip().startswith(b","):
            end += rest.index(b",") + 1
            end += len(self.data[end:]) - len(self.data[end:].lstrip(b" "))
        elif (before := self.data[:start].rstrip()).endswith(b","):
            start = len(before) - 1
        return Edit(start, end, "")

    def line_before(self, statement: ast.stmt, new: str) -> Edit:
        """`new` in a line of its own before a statement."""
        start, _ = self.span(statement)
        return Edit(start, start, f"{new}\n{' ' * statement.col_offset}")

    # -- mutants

    def mutant(self, *edits: Edit, at: tuple[ast.expr | ast.stmt, ...] = ()) -> Mutant:
        """A mutant whose fault lies where the edits end up, and at some more nodes, wherever these are moved to."""
        text = self.text_with(edits).encode()
        places = [(edit.start, len(edit.new.encode())) for edit in edits] + [(self.span(node)[0], 0) for node in at]
        lines: set[int] = set()
        for start, length in places:
            moved = start + sum(len(each.new.encode()) - each.end + each.start for each in edits if each.start < start)
            first = text[:moved].count(b"\n") + 1
            lines.update(range(first, first + text[moved : moved + length].count(b"\n") + 1))
        return Mutant(edits, frozenset(lines))

    def text_with(self, edits: tuple[Edit, ...]) -> str:
        """The program with some edits."""
        data = self.data
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            data = data[: edit.start] + edit.new.encode() + data[edit.end :]
        return data.decode()


def last_name(node: ast.AST) -> str:
    """`Dense` of `keras.layers.Dense`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def keyword(call: ast.Call, *names: str) -> ast.keyword | None:
    """The keyword argument of one of these names."""
    return next((each for each in call.keywords if each.arg in names), None)


def given(call: ast.Call, *names: str) -> object:
    """The value of the keyword argument of one of these names, where it is a literal."""
    found = keyword(call, *names)
    return constant(found.value) if found is not None else None


def constant(node: ast.AST | None) -> object:
    """The value of a literal; None for anything else."""
    return node.value if isinstance(node, ast.Constant) else None


Kinds: TypeAlias = "Mapping[str, Callable[[Program], Iterator[Mutant]]]"
"""Kinds of faults by name, each with what plants it: a mutant for every place where it can be planted."""

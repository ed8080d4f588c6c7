"""An edit within one simple statement, set into the tree from before it: the rest of a long function is not parsed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.reading.logical_lines import is_blank, logical_lines
from scram_analyzers.source.reading.positions import code_lines_of, units
from scram_analyzers.source.reading.splitting import common_prefix

if TYPE_CHECKING:
    from scram_analyzers.source.reading.chunks import ParsedChunk

_HEADER = "if _:\n"
"""What the edited line is parsed under, so that it may be indented as it is."""

_PART = re.compile(r"[ \t]*(?:@|(?:else|elif|except|finally|case)\b)")
"""How a line begins that is no statement by itself."""


class BrokenLineError(Exception):
    """The edited line is no Python, and so no text with it is."""


def spliced(basis: ParsedChunk, text: str) -> cst.Module | None:
    """The tree that parsing `text` gives, made from that of `basis`, with which it shares nodes.

    None unless all that differs is one simple statement, which stays one with the same indent. Raises `BrokenLineError`
    where that is no statement any more, nor anything else: parsing all of it would tell no more.
    """
    module, before = basis.module, basis.text
    if module is None or module.default_newline != "\n" or "\r" in text:
        return None
    edit, code_above = common_prefix(before, text), 0
    for start, end, _, _, _ in logical_lines(before):
        if end > edit:
            break
        code_above += not is_blank(before, start, end)
    else:
        return None
    text_end = next((end for _, end, _, _, _ in logical_lines(text, start)), start)
    old, new = before[start:end], text[start:text_end]
    if not _indented_alike(old, new) or before[end:] != text[text_end:]:
        return None
    statement = _simple_statement(module, code_above)
    changed = _parsed_alone(new) if statement is not None else None
    if statement is None or changed is None:
        return None
    changed = changed.with_changes(leading_lines=statement.leading_lines)
    return _put_in(changed, statement, basis.ancestors(statement))


def _indented_alike(old: str, new: str) -> bool:
    """Whether two logical lines hold code behind the same indent and end with a line end."""
    whole = old.endswith("\n") and new.endswith("\n") and "\f" not in old + new
    same = whole and _indent(old) == _indent(new)
    return same and not is_blank(old, 0, len(old)) and not is_blank(new, 0, len(new))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _simple_statement(module: cst.Module, code_above: int) -> cst.SimpleStatementLine | None:
    """The simple statement with so many logical lines of code above it."""
    passed = 0
    for node, _, _ in units(module):
        if passed >= code_above:
            return node if passed == code_above and isinstance(node, cst.SimpleStatementLine) else None
        passed += code_lines_of(node)
    return None


def _parsed_alone(line: str) -> cst.SimpleStatementLine | None:
    header = _HEADER if _indent(line) else ""
    try:
        body: Sequence[cst.CSTNode] = cst.parse_module(header + line).body
    except cst.ParserSyntaxError:
        if _PART.match(line):
            return None
        raise BrokenLineError from None
    except (cst.CSTValidationError, ValueError, RecursionError):
        return None
    if header:
        block = getattr(body[0], "body", None)
        body = block.body if isinstance(block, cst.IndentedBlock) else ()
    statement = body[0] if len(body) == 1 else None
    return statement if isinstance(statement, cst.SimpleStatementLine) else None


def _put_in(new: cst.CSTNode, old: cst.CSTNode, ancestors: Iterable[cst.CSTNode]) -> cst.Module | None:
    """The module around `old` with `new` in its place; only the nodes on the way up are made anew."""
    for parent in ancestors:
        for field in dataclasses.fields(parent):
            value = getattr(parent, field.name)
            if value is old:
                changed = parent.with_changes(**{field.name: new})
                break
            if isinstance(value, (list, tuple)) and any(each is old for each in value):
                items = type(value)(new if each is old else each for each in value)
                changed = parent.with_changes(**{field.name: items})
                break
        else:
            return None
        old, new = parent, changed
    return new if isinstance(new, cst.Module) else None

"""Edits of what nobody interprets: comments, blank lines and docstrings. The program stays the same program."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import libcst as cst

from scram_analyzers.source.reading.logical_lines import is_blank, logical_lines, without_comment
from scram_analyzers.source.reading.splitting import common_prefix
from scram_analyzers.source.reading.walk import children


def same_code(before: str, text: str) -> bool:
    """Whether two texts differ only in blank lines and comments, and not in those below a decorator.

    Those stand within the definition: they move the line that it begins on.
    """
    edit = common_prefix(before, text)
    if _is_within_a_line_of_code(before, text, edit):
        return False
    start, decorated = 0, False
    for start, end, *_ in logical_lines(before):
        if end > edit:
            break
        if not is_blank(before, start, end):
            decorated = _is_decorator(before[start:end])
    else:
        return False
    old_end = new_end = start
    for old, new in itertools.zip_longest(_code(before, start), _code(text, start)):
        if old is None or new is None or old[0] != new[0]:
            return False
        if decorated and before[old_end : old[1]] != text[new_end : new[1]]:
            return False
        old_end, new_end, decorated = old[2], new[2], _is_decorator(old[0])
        if before[old_end:] == text[new_end:]:
            return True
    return True


def _is_within_a_line_of_code(before: str, text: str, edit: int) -> bool:
    """Whether it is plain that all that changed is a line, neither blank nor with a comment: the most frequent edit."""
    start = before.rfind("\n", 0, edit) + 1
    old, new = (each[start:].partition("\n") for each in (before, text))
    if old[2] != new[2] or "#" in old[0] or "#" in new[0] or "\r" in old[0] or "\r" in new[0]:
        return False
    return bool(old[0].strip() and new[0].strip()) and old[0].rstrip() != new[0].rstrip()


def _code(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The logical lines of code from an offset on, each without the comment behind it, and where it begins and ends."""
    for begin, end, *_ in logical_lines(text, start):
        if not is_blank(text, begin, end):
            yield without_comment(text[begin:end]), begin, end


def _is_decorator(line: str) -> bool:
    return line.lstrip().startswith("@")


def docstring_twins(before: cst.Module, after: cst.Module) -> Mapping[cst.CSTNode, cst.CSTNode] | None:
    """The nodes that an edit within a statement of nothing but a string made anew, by those in whose place they stand.

    None where two trees that share their nodes differ in anything else.
    """
    old: cst.CSTNode = before
    new: cst.CSTNode = after
    twins = {old: new}
    while not isinstance(old, cst.SimpleStatementLine):
        changed = [pair for pair in zip(children(old), children(new), strict=False) if pair[0] is not pair[1]]
        if len(changed) != 1:
            return None
        old, new = changed[0]
        twins[old] = new
    parts = (*_string_statement(old), *_string_statement(new))
    if len(parts) != 4:
        return None
    return {**twins, parts[0]: parts[2], parts[1]: parts[3]}


def _string_statement(line: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    """The statement and the string of a line that holds nothing else; empty for any other line."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return ()
    (statement,) = line.body
    is_string = isinstance(statement, cst.Expr) and isinstance(statement.value, cst.BaseString)
    return (statement, *children(statement)) if is_string else ()

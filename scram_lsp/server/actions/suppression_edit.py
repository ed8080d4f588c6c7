"""The edit that silences one finding with a comment on its statement."""

from __future__ import annotations

import re

import libcst as cst

from scram_analyzers.findings import Finding, SourcePosition, SourceRange, TextEdit
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import PlacedChunk
from scram_analyzers.source.reading.text import lines_of

_FILE_COMMENT = re.compile(r"^#\s*scram:\s*ignore-file\s*\[[^\]#\r\n]*(?=\])", re.MULTILINE)
_FIRST_LINES = re.compile("\ufeff|#!|#.*?coding[:=]")
_OWN_COMMENT = re.compile(r"#\s*scram:\s*ignore\s*\[[^\]#]*(?=\])")


def suppression_edit(program: Program, finding: Finding) -> TextEdit | None:
    """Add `# scram: ignore[CODE]` to the statement of `finding`; None where the statement can't be told.

    A simple statement gets it at its end, after a comment that is there already; the header of a compound one
    on a line of its own above, where it can't end up inside a string or a joined line.
    """
    chunk = _chunk_at(program, finding.range.start)
    if chunk is None or chunk.parsed.module is None:
        return None
    statement = _statement_at(chunk, chunk.parsed.module, finding.range.start)
    if statement is None:
        return None
    place = chunk.range_of(statement)
    if isinstance(statement, cst.SimpleStatementLine):
        return _at_end_of_line(lines_of(program.text)[place.end.line - 1], place.end, finding.code)
    line_start = SourcePosition(place.start.line, 0)
    indentation = lines_of(program.text)[place.start.line - 1][: place.start.column]
    content = f"{indentation}# scram: ignore[{finding.code}]{_line_end(program.text)}"
    return TextEdit(SourceRange(line_start, line_start), content)


def file_suppression_edit(text: str, code: str) -> TextEdit:
    """Add `# scram: ignore-file[CODE]`: to the first such comment, else at the top, below what must come first."""
    own = _FILE_COMMENT.search(text)
    lines = lines_of(text)
    if own is not None:
        at = SourcePosition(len(lines_of(text[: own.start()])), len(own.group()))
        return TextEdit(SourceRange(at, at), f", {code}")
    first = next((number for number, line in enumerate(lines[:2]) if not _FIRST_LINES.match(line)), min(2, len(lines)))
    at = SourcePosition(first + 1, 0)
    return TextEdit(SourceRange(at, at), f"# scram: ignore-file[{code}]{_line_end(text)}")


def _at_end_of_line(line: str, statement_end: SourcePosition, code: str) -> TextEdit:
    """Join the line's own suppression where it has one, else add a comment after all that is there."""
    own = _OWN_COMMENT.search(line, statement_end.column)
    column = own.end() if own else len(line.rstrip())
    at = SourcePosition(statement_end.line, column)
    return TextEdit(SourceRange(at, at), f", {code}" if own else f"  # scram: ignore[{code}]")


def _chunk_at(program: Program, position: SourcePosition) -> PlacedChunk | None:
    begun = [each for each in program.chunks if each.first_line <= position.line]
    return begun[-1] if begun else None


def _statement_at(
    chunk: PlacedChunk, node: cst.CSTNode, position: SourcePosition
) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
    """The innermost statement around `position`, below `node`."""
    for child in node.children:
        if isinstance(child, (cst.BaseParenthesizableWhitespace, cst.EmptyLine, cst.TrailingWhitespace)):
            continue
        place = chunk.range_of(child)
        if place.start <= position < place.end:
            inner = _statement_at(chunk, child, position)
            if inner is None and isinstance(child, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                return child
            return inner
    return None


def _line_end(text: str) -> str:
    """The line end that the text uses."""
    return "\r\n" if "\r\n" in text else "\n"

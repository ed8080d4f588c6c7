"""Edits built on the libcst tree: small text edits that leave everything around them as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable

import libcst as cst

from scram_analyzers.findings import SourcePosition, SourceRange, TextEdit
from scram_analyzers.source.imports import Spelling
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.parents import ancestors, statement_of
from scram_analyzers.source.reading.text import lines_of

_PLAIN_TEXT = re.compile(r"\"[^\"'\\]*\"")


def replace(program: Program, place: Place, content: str) -> TextEdit:
    """Write `content` in the place of an expression, in the quotes that a plain text there has."""
    if _PLAIN_TEXT.fullmatch(content) and isinstance(place.node, cst.SimpleString) and place.node.value[0] == "'":
        content = f"'{content[1:-1]}'"
    return TextEdit(program.range_of(place), content)


def insert(position: SourcePosition, content: str) -> TextEdit:
    """Write `content` at a position."""
    return TextEdit(SourceRange(position, position), content)


def call_of(place: Place) -> cst.Call | None:
    """The call that a place marks, when it is one."""
    return place.node if isinstance(place.node, cst.Call) else None


def argument_place(place: Place, name: str) -> Place | None:
    """The keyword argument `name` of the call at `place`, as a place of its value."""
    call = call_of(place)
    for argument in call.args if call is not None else ():
        if argument.keyword is not None and argument.keyword.value == name:
            return Place(place.section, argument.value)
    return None


def argument_of(place: Place, name: str) -> Place | None:
    """The keyword argument `name` of the call at `place`, its name included."""
    call = call_of(place)
    for argument in call.args if call is not None else ():
        if argument.keyword is not None and argument.keyword.value == name:
            return Place(place.section, argument)
    return None


def set_argument(program: Program, place: Place, name: str, content: str) -> TextEdit | None:
    """Give the call at `place` the keyword argument `name=content`, in place of an old value if there is one."""
    existing = argument_place(place, name)
    if existing is not None:
        return replace(program, existing, content)
    return add_argument(program, place, f"{name}={content}")


def add_argument(program: Program, place: Place, content: str) -> TextEdit | None:
    """Add an argument at the end of the call at `place`, in the layout that the call has."""
    call = call_of(place)
    if call is None:
        return None
    if not call.args:
        end = program.range_of(place).end
        return insert(SourcePosition(end.line, end.column - 1), content)
    last = program.range_of(Place(place.section, call.args[-1]))
    return insert(last.end, f",{_gap(program, place, last)}{content}")


def remove_argument(program: Program, place: Place, name: str) -> TextEdit | None:
    """Take the keyword argument `name` out of the call at `place`, with the comma that parts it from the others."""
    call = call_of(place)
    if call is None:
        return None
    for position, argument in enumerate(call.args):
        if argument.keyword is None or argument.keyword.value != name:
            continue
        here = program.range_of(Place(place.section, argument))
        following = (
            program.range_of(Place(place.section, call.args[position + 1])) if position + 1 < len(call.args) else None
        )
        before = program.range_of(Place(place.section, call.args[position - 1])) if position > 0 else None
        if following is not None and not holds_comment(argument.comma):
            return TextEdit(SourceRange(here.start, following.start), "")
        if before is not None and not holds_comment(call.args[position - 1].comma):
            return TextEdit(SourceRange(before.end, here.end), "")
        if following is not None and isinstance(argument.comma, cst.Comma):
            return TextEdit(SourceRange(here.start, program.range_of(Place(place.section, argument.comma)).end), "")
        return TextEdit(here, "")
    return None


def holds_comment(node: cst.CSTNode | cst.MaybeSentinel) -> bool:
    """Whether a comment stands in the space that belongs to a node."""
    if isinstance(node, cst.MaybeSentinel):
        return False
    return isinstance(node, cst.Comment) or any(holds_comment(child) for child in node.children)


def _gap(program: Program, place: Place, last: SourceRange) -> str:
    """What parts a new argument from the last one: a new line where the arguments stand on lines of their own."""
    line = lines_of(program.text)[last.start.line - 1]
    indent = line[: last.start.column]
    if last.start.line > program.range_of(place).start.line and indent.isspace():
        return f"\n{indent}"
    return " "


def element_before(program: Program, place: Place, content: str) -> TextEdit:
    """Write a list element before the one at `place`, on a line of its own where the others have one."""
    start = program.range_of(place).start
    indent = lines_of(program.text)[start.line - 1][: start.column]
    gap = f"\n{indent}" if indent.isspace() or not indent else " "
    return insert(start, f"{content},{gap}")


def element_after(program: Program, place: Place, content: str) -> TextEdit:
    """Write a list element after the one at `place`."""
    start, end = program.range_of(place).start, program.range_of(place).end
    indent = lines_of(program.text)[start.line - 1][: start.column]
    gap = f"\n{indent}" if indent.isspace() else " "
    return insert(end, f",{gap}{content}")


def statement_before(program: Program, place: Place, *contents: str) -> TextEdit:
    """Write statements, each on a line of its own, before the statement that holds `place`."""
    statement = statement_of(place) or place
    line = program.range_of(statement).start.line
    indent = _indent_of(program, statement)
    return insert(SourcePosition(line, 0), "".join(f"{indent}{content}\n" for content in contents))


def statement_after(program: Program, place: Place, content: str) -> TextEdit:
    """Write a statement on a line after the statement that holds `place`."""
    statement = statement_of(place) or place
    indent = _indent_of(program, statement)
    line = program.range_of(statement).end.line
    lines = lines_of(program.text)
    if line < len(lines):
        return insert(SourcePosition(line + 1, 0), f"{indent}{content}\n")
    return insert(SourcePosition(line, len(lines[-1])), f"\n{indent}{content}")


def remove_statement(program: Program, place: Place) -> tuple[TextEdit, ...]:
    """Remove the lines of the statement that holds `place`, where it has them for itself."""
    statement = statement_of(place)
    if statement is None or not isinstance(statement.node, cst.SimpleStatementLine) or len(statement.node.body) != 1:
        return ()
    first, last = program.range_of(statement).start.line, program.range_of(statement).end.line
    lines = lines_of(program.text)
    before = lines[first - 1][: program.range_of(statement).start.column]
    if last >= len(lines) or before.strip() or _is_only_statement(place):
        return ()
    return (TextEdit(SourceRange.of(first, 0, last + 1, 0), ""),)


def _is_only_statement(place: Place) -> bool:
    """Whether a block would be left empty."""
    block = next((node for node in ancestors(place) if isinstance(node, cst.IndentedBlock)), None)
    return block is not None and len(block.body) == 1


def _indent_of(program: Program, statement: Place) -> str:
    text = lines_of(program.text)[program.range_of(statement).start.line - 1]
    return text[: len(text) - len(text.lstrip())]


def import_edits(program: Program, spellings: Iterable[Spelling]) -> tuple[TextEdit, ...]:
    """The imports that spelled names still need, each once, after the module's other imports."""
    needed = list(dict.fromkeys(spelling.needs_import for spelling in spellings if spelling.needs_import))
    if not needed:
        return ()
    line = _line_after_imports(program)
    return (insert(SourcePosition(line, 0), "".join(f"{each}\n" for each in needed)),)


def numpy(program: Program) -> Spelling:
    """How the author reaches numpy, which is `np` where it is not imported yet."""
    bound = next((bound for bound, dotted in program.imports.names.items() if dotted == "numpy"), None)
    return Spelling(bound) if bound is not None else Spelling("np", "import numpy as np")


def statement_after_imports(program: Program, content: str, *spellings: Spelling) -> TextEdit:
    """Write a statement behind the module's imports, and behind those that its spelled names still need."""
    imports = dict.fromkeys(f"{spelling.needs_import}\n" for spelling in spellings if spelling.needs_import)
    return insert(SourcePosition(_line_after_imports(program), 0), f"{''.join(imports)}\n{content}\n")


def _line_after_imports(program: Program) -> int:
    """The line on which a new import may stand: after the first block of top-level imports."""
    after = 1
    for chunk in program.chunks:
        if chunk.parsed.module is None:
            continue
        for statement in chunk.parsed.module.body:
            imports = isinstance(statement, cst.SimpleStatementLine) and isinstance(
                statement.body[0], (cst.Import, cst.ImportFrom)
            )
            documentation = isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Expr)
            if imports or (documentation and after == 1):
                after = chunk.range_of(statement).end.line + 1
            elif after > 1:
                return after
    return after


_EXPONENT = re.compile(r"e([+-])0*(\d+)")


def number_text(value: float) -> str:
    """A number as a person writes it: 1e10, 0.001, 3, 1234567."""
    if abs(value) < 1e7 and value == int(value):
        return str(int(value))
    short = f"{value:g}"
    if "e" in short and 1e-5 <= abs(value) < 1e6:
        short = f"{value:.10f}".rstrip("0").rstrip(".")
    return _EXPONENT.sub(lambda match: f"e{'-' if match[1] == '-' else ''}{match[2]}", short)

"""The user's files as they stood when the run began, and what analysis makes of them, only when something needs it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

from scram_lsp.files import FileError, read_source
from scram_lsp.store.digest import cells_digest, text_digest
from scram_lsp.training.places.notebook_cells import cell_number, cell_source, code_cells, notebook_file

if TYPE_CHECKING:
    from scram_analyzers.engine import Analysis
    from scram_analyzers.findings import Finding, Fix
    from scram_analyzers.rules.registry import RuleSet
    from scram_analyzers.suppression import Suppressions

CHANGED = "changed"
"""Stands for the digest of a text that is known to be another one than what is on disk by now."""

MAX_CHARACTERS_COMPARED = 500_000


@dataclass(frozen=True, slots=True)
class CodeFile:
    """What a code object's file name stands for: its text when the run began, and where a reader finds it.

    `text` is empty where it can't be read, or is not what runs (then `is_changed`). `cells` are those of a notebook.
    """

    text: str
    filename: str
    cell: int | None = None
    is_changed: bool = False
    cells: tuple[str | None, ...] = ()

    @property
    def digest(self) -> str:
        """What `store.digest` makes of the file's text or its cells; `CHANGED`, or empty without a text."""
        if self.is_changed:
            return CHANGED
        if self.cell is not None:
            return cells_digest(self.cells)
        return text_digest(self.text) if self.text else ""


def read_code_file(name: str, code: CodeType | None = None) -> CodeFile:
    """The file of a code object by the name it was compiled under, which may be a notebook cell's.

    With `code` the text is compared with what runs: someone may have saved the file since it was started.
    """
    source = cell_source(name)
    if source is not None:
        notebook = notebook_file()
        cells = code_cells(notebook) if notebook is not None else ()
        number = cell_number(cells, source)
        return CodeFile(source, name) if number is None else CodeFile(source, str(notebook), number, cells=cells)
    try:
        text = read_source(Path(name)).text
    except FileError:
        return CodeFile("", name)
    is_changed = code is not None and not _can_be_code_of(text, name, code)
    return CodeFile("" if is_changed else text, name, is_changed=is_changed)


class ScriptText:
    """A file with what analysis makes of it."""

    def __init__(self, file: CodeFile, rules: RuleSet) -> None:
        self.file = file
        self._rules = rules

    @functools.cached_property
    def analysis(self) -> Analysis:
        """The analysis of the text, made once: it loads the parser and takes some hundredths of a second."""
        from scram_analyzers.engine import analyze_source

        return analyze_source(self.file.text, self.file.filename, self._rules)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the analysis found, in the file's cell where it is one."""
        return tuple(replace(each, cell=self.file.cell) for each in self.analysis.findings)

    @functools.cached_property
    def suppressions(self) -> Suppressions:
        """The comments that silence findings in the text."""
        from scram_analyzers.suppression import read_suppressions

        return read_suppressions(self.file.text)

    def fix(self, finding: Finding) -> Fix | None:
        """The fix of a finding in this text."""
        fix = self.analysis.fix(finding)
        if fix is None or self.file.cell is None:
            return fix
        return replace(fix, edits=tuple(replace(edit, cell=self.file.cell) for edit in fix.edits))


def _can_be_code_of(text: str, name: str, code: CodeType) -> bool:
    """Whether `text` compiles to `code`, as far as that can be told.

    pytest rewrites functions with an `assert`, and debuggers those with a breakpoint.
    """
    if len(text) > MAX_CHARACTERS_COMPARED or "@pytest_ar" in code.co_names or "pydevd" in sys.modules:
        return True
    try:
        compiled = compile(text, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(each == code for each in _all_code(compiled))


def _all_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_code(constant)

"""The script as it stood when the run began, and what analysis makes of it, only when something needs it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from scram_lsp.files import FileError, read_source
from scram_lsp.store.digest import text_digest

if TYPE_CHECKING:
    from scram_analyzers.engine import Analysis
    from scram_analyzers.rules.registry import RuleSet
    from scram_analyzers.suppression import Suppressions


class ScriptText:
    """The text of `script`; empty for what can't be read, such as a notebook's cell."""

    def __init__(self, script: Path, rules: RuleSet) -> None:
        self._script = script
        self._rules = rules
        try:
            self._text = read_source(script).text
        except FileError:
            self._text = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the text in hex; empty without a text."""
        return text_digest(self._text) if self._text else ""

    @functools.cached_property
    def analysis(self) -> Analysis:
        """The analysis of the text, made once: it loads the parser and takes some hundredths of a second."""
        from scram_analyzers.engine import analyze_source

        return analyze_source(self._text, str(self._script), self._rules)

    @functools.cached_property
    def suppressions(self) -> Suppressions:
        """The comments that silence findings in the text."""
        from scram_analyzers.suppression import read_suppressions

        return read_suppressions(self._text)

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


def read_script(script: Path) -> str:
    """The text of `script`; empty for what can't be read, such as a notebook's cell."""
    try:
        return read_source(script).text
    except FileError:
        return ""


def script_digest(text: str) -> str:
    """SHA-256 of the text in hex; empty without a text."""
    return text_digest(text) if text else ""


class ScriptText:
    """The text of `script` as `read_script` gave it."""

    def __init__(self, script: Path, text: str, rules: RuleSet) -> None:
        self._script = script
        self._text = text
        self._rules = rules

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

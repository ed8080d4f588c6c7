"""The rules of a script's project, and what they say of its run; loads the rules and the parser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scram_analyzers.engine import analyze_run, ask_rules
from scram_analyzers.findings import Finding, Fix, SourceRange
from scram_analyzers.rules.base import Rule
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.history import RunHistory
from scram_lsp.config import ConfigError, load_settings
from scram_lsp.training.script_text import ScriptText


class RunRules:
    """Asks those rules that `[tool.scram]` of the script's project chooses; the default ones where it is broken.

    `notes` holds what the user must hear about that.
    """

    def __init__(self, script: Path, text: str) -> None:
        self.notes: list[str] = []
        self._rules = self._chosen(script)
        self._script = ScriptText(script, text, self._rules)
        self._fixes: dict[tuple[str, SourceRange], Fix | None] = {}

    @property
    def checks(self) -> int:
        """How many of the rules read runs."""
        return sum(1 for rule in self._rules if type(rule).check_run is not Rule.check_run)

    def check(self, history: RunHistory) -> Iterator[tuple[Finding, Fix | None]]:
        """What the rules find, each with its fix; the script is analyzed only when they find something."""
        if not ask_rules(history, self._rules):
            return
        analysis = self._script.analysis
        for finding in analyze_run(history, self._rules, analysis.program, analysis.findings):
            if not self._script.suppressions.silence(finding):
                yield finding, self._fix(finding)

    def _fix(self, finding: Finding) -> Fix | None:
        key = (finding.code, finding.range)
        if key not in self._fixes:
            self._fixes[key] = self._script.analysis.fix(finding)
        return self._fixes[key]

    def _chosen(self, script: Path) -> RuleSet:
        try:
            return load_settings(script).rule_set(script)
        except ConfigError as error:
            self.notes.append(f"{error}; this run is checked with the default rules")
            return RuleSet.default()

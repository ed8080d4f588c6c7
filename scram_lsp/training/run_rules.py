"""The rules of a script's project, and what they say of its run; loads the rules and the parser."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scram_analyzers.engine import analyze_run, ask_rules, refuted
from scram_analyzers.findings import Finding, Fix, Severity, SourceRange
from scram_analyzers.rules.base import Rule
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.history import Moment, RunHistory
from scram_lsp.config import ConfigError, load_settings
from scram_lsp.training.places.place_finder import PlaceFinder
from scram_lsp.training.places.recorded_places import Chain, RecordedPlaces
from scram_lsp.training.places.script_text import ScriptText

_FAMILIES = {
    "1": "hyperparameters",
    "2": "data",
    "3": "architecture",
    "4": "output and loss",
    "5": "regularization",
    "6": "training dynamics",
    "7": "evaluation",
    "8": "resources",
}
"""The families of rules by the first digit of their codes."""


class RunRules:
    """Asks those rules that `[tool.scram]` of the script's project chooses; the default ones where it is broken.

    `notes` holds what the user must hear about that, `only_in_source` how many warnings and errors of the script's
    source a run that has ended never spoke of.
    """

    def __init__(self, places: RecordedPlaces) -> None:
        self.notes: list[str] = []
        self.only_in_source = 0
        self._told: set[str] = set()
        self._rules = self._chosen(Path(places.script.filename))
        self._finder = PlaceFinder(places, self._rules)
        self._fixes: dict[tuple[str, str, int | None, SourceRange], Fix | None] = {}

    @property
    def checks(self) -> int:
        """How many of the rules read runs."""
        return sum(1 for rule in self._rules if type(rule).check_run is not Rule.check_run)

    @property
    def families(self) -> dict[str, int]:
        """How many of them are in each family, by its name."""
        codes = (rule.code for rule in self._rules if type(rule).check_run is not Rule.check_run)
        return dict(Counter(_FAMILIES.get(code[3:4], "others") for code in sorted(codes)))

    def read_script(self) -> None:
        """Analyze the script: the end of a run takes that in any case, and the first finding."""
        _ = self._finder.script.analysis

    def check(self, history: RunHistory) -> Iterator[tuple[Finding, Fix | None]]:
        """What the rules find, each with its fix; the script is analyzed when they find something, and at the end, for
        what the run refutes, or what it ended of."""
        is_over = history.moment in (Moment.END, Moment.FAILED)
        if not ask_rules(history, self._rules) and not is_over:
            return
        script = self._finder.script
        find_place = functools.partial(self._finder.find, info=history.info)
        found = analyze_run(history, self._rules, script.analysis.program, script.findings, find_place)
        told = [*found, *refuted(history, script.analysis, found)]
        self._told.update(finding.code for finding in told)
        if is_over:
            self.only_in_source = self._count_untold(script)
        for finding in told:
            if not self._finder.text_of(finding).suppressions.silence(finding):
                yield finding, self._fix(finding)

    def check_question(self, history: RunHistory, asked: Chain) -> Iterator[tuple[Finding, Fix | None]]:
        """What they find in what the trained model is asked by the call at `asked`."""
        if not ask_rules(history, self._rules):
            return
        script = self._finder.script
        find_place = functools.partial(self._finder.find_question, asked)
        for finding in analyze_run(history, self._rules, script.analysis.program, script.findings, find_place):
            if not self._finder.text_of(finding).suppressions.silence(finding):
                yield finding, self._fix(finding)

    def _count_untold(self, script: ScriptText) -> int:
        return sum(
            finding.severity in (Severity.ERROR, Severity.WARNING)
            and finding.code not in self._told
            and not script.suppressions.silence(finding)
            for finding in script.findings
        )

    def _fix(self, finding: Finding) -> Fix | None:
        key = (finding.code, finding.filename, finding.cell, finding.range)
        if key not in self._fixes:
            self._fixes[key] = self._finder.text_of(finding).fix(finding)
        return self._fixes[key]

    def _chosen(self, script: Path) -> RuleSet:
        try:
            return load_settings(script).rule_set(script)
        except ConfigError as error:
            self.notes.append(f"{error}; this run is checked with the default rules")
            return RuleSet.default()

"""Which rules are asked about a script's run: those of its project's settings."""

from __future__ import annotations

from pathlib import Path

from scram_analyzers.rules.registry import RuleSet
from scram_lsp.training.console import RunConsole


def rules_for(script: Path, console: RunConsole) -> RuleSet:
    """The rules that `[tool.scram]` of the script's project chooses; the default ones where it is broken."""
    from scram_lsp.config import ConfigError, load_settings

    try:
        return load_settings(script).rule_set(script)
    except ConfigError as error:
        console.note(f"{error}; this run is checked with the default rules")
        return RuleSet.default()

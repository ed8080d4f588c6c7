"""Which rules exist and which are switched on, with their options."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scram_analyzers import rules
from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Rule
from scram_analyzers.rules.plugins import plugin_rules


@functools.cache
def rule_classes() -> tuple[type[Rule], ...]:
    """Every rule: ours, one a module in the family folders, then those that other packages bring."""
    found = [*_own_rules(), *plugin_rules()]
    by_code: dict[str, type[Rule]] = {}
    for rule in found:
        other = by_code.setdefault(rule.code, rule)
        if other is not rule:
            raise ValueError(f"rules {other.__name__} and {rule.__name__} share the code {rule.code}")
    return tuple(by_code[code] for code in sorted(by_code))


def _own_rules() -> Iterator[type[Rule]]:
    for family in _modules_in(rules.__path__[0]):
        folder = os.path.join(rules.__path__[0], family)
        if os.path.isdir(folder):
            for module in _modules_in(folder):
                name = f"{rules.__name__}.{family}.{module}"
                yield from _rules_in(vars(importlib.import_module(name)), name)


def _modules_in(folder: str) -> list[str]:
    """The names of the modules and packages in a folder; to list them, `pkgutil` takes half as long as they to load."""
    names = {each.partition(".")[0] for each in os.listdir(folder)}
    return sorted(names - {"__init__", "__pycache__"})


def _rules_in(namespace: Mapping[str, object], module: str) -> Iterator[type[Rule]]:
    for value in namespace.values():
        if isinstance(value, type) and value.__module__ == module and issubclass(value, Rule):
            yield value


@dataclass(frozen=True)
class RuleSet:
    """The rules in force, by code."""

    by_code: Mapping[str, Rule] = field(default_factory=dict)

    @classmethod
    def default(cls) -> RuleSet:
        """Every rule that is on by default, with its default options."""
        return cls.build({rule.code for rule in rule_classes() if rule.enabled_by_default})

    @classmethod
    def build(
        cls,
        codes: set[str],
        options: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
        severities: Mapping[str, Severity] = MappingProxyType({}),
    ) -> RuleSet:
        """The rules of `codes`, with `options` and `severities` by code where the user set them."""
        chosen = (rule for rule in rule_classes() if rule.code in codes)
        return cls({rule.code: rule(options.get(rule.code), severities.get(rule.code)) for rule in chosen})

    @property
    def severities(self) -> dict[str, Severity]:
        """By code, the severities that the user chose."""
        return {code: rule.severity_override for code, rule in self.by_code.items() if rule.severity_override}

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.by_code.values())

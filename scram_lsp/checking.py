"""What scram says of one text under the settings in force: rules, comments that silence, levels."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from scram_analyzers.engine import Analysis, analyze_source
from scram_analyzers.notes import NOTES
from scram_analyzers.rules.base import Rule
from scram_analyzers.rules.registry import rule_classes
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import ParseCache
from scram_analyzers.suppression import apply_suppressions, may_silence
from scram_lsp.config import Settings


def check_text(
    text: str, filename: str, settings: Settings, path: Path | None, cache: ParseCache | None = None
) -> Analysis:
    """Analyze one module's text. `path` is the file whose settings hold, None for a text without one."""
    rules = settings.rule_set(path)
    analysis = analyze_source(text, filename, rules, cache)
    if analysis.program is None:
        return analysis
    kept = list(analysis.findings)
    if may_silence(text):
        starts, known = code_starts(analysis.program), rule_classes()
        undecided = _undecided(frozenset(rules.by_code), known)
        heard, notes = apply_suppressions(text, filename, kept, undecided, starts, _known(known))
        kept = [*heard, *notes]
    findings = sorted(settings.admit(kept, path), key=lambda each: each.sort_key)
    return dataclasses.replace(analysis, findings=tuple(findings))


@once
def code_starts(program: Program) -> list[int]:
    """The lines where top-level code begins, for `read_suppressions`.

    None when part of the text could not be read, or holds nothing that this is asked for.
    """
    if not may_silence(program.text) or any(chunk.parsed.module is None for chunk in program.chunks):
        return []
    top_level = (each for each in program.chunks if each.header is None)
    return [each.first_line for each in top_level if each.parsed.module is not None and each.parsed.module.body]


@functools.lru_cache(maxsize=1)
def _known(rules: tuple[type[Rule], ...]) -> frozenset[str]:
    """The codes and names that a comment may silence."""
    named = [(rule.code, rule.name) for rule in rules] + [(note.code, note.name) for note in NOTES]
    return frozenset(text for each in named for text in each)


@functools.lru_cache(maxsize=8)
def _undecided(codes: frozenset[str], rules: tuple[type[Rule], ...]) -> frozenset[str]:
    """Codes and names of rules that the source can't decide: those switched off, or asked of runs."""
    undecided = (rule for rule in rules if rule.code not in codes or rule.check_run is not Rule.check_run)
    return frozenset(text for rule in undecided for text in (rule.code, rule.name))

"""The source and a run as one: what a run confirms or refutes is not said twice, nor for nothing."""

from __future__ import annotations

from collections.abc import Iterable

from scram_analyzers.findings import Finding


def merge(source: Iterable[Finding], run: Iterable[Finding]) -> list[Finding]:
    """One list for a reader: what a run confirms stands for the source's finding, what it refutes takes that away."""
    judged = list(run)
    kept = [each for each in source if not any(_same_cause(each, other) for other in judged)]
    shown = [each for each in judged if not each.refutation]
    return sorted([*kept, *shown], key=lambda each: each.sort_key)


def _same_cause(source: Finding, run: Finding) -> bool:
    return source.code == run.code and source.filename == run.filename and source.range.overlaps(run.range)

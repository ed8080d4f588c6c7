"""The source and a run as one: what a run confirms or refutes is not said twice, nor for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scram_analyzers.findings import Finding


def merge(source: Iterable[Finding], run: Iterable[Finding]) -> list[Finding]:
    """One list for a reader: what a run confirms stands for the source's finding, what it refutes takes that away."""
    said, judged = list(source), list(run)
    kept = [each for each in said if not any(_same_cause(each, other) for other in judged)]
    shown = [_completed(each, said) for each in judged if not each.refutation]
    return sorted([*kept, *shown], key=lambda each: each.sort_key)


def _completed(run: Finding, source: Sequence[Finding]) -> Finding:
    """A run's finding with what only the source knew of it: the code to write, and the other places that matter."""
    known = next((each for each in source if _same_cause(each, run)), None)
    if known is None:
        return run
    return replace(run, recipe=run.recipe or known.recipe, related=run.related or known.related)


def _same_cause(source: Finding, run: Finding) -> bool:
    return source.code == run.code and source.filename == run.filename and source.range.overlaps(run.range)

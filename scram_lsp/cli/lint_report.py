"""What `scram-lint` prints when all files are checked, and the exit code that says the same."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

from scram_analyzers.findings import Severity
from scram_lsp.cli.terminal import CLEAN, FAILED, FINDINGS, say
from scram_lsp.cli.text_checks import CheckedFile, Mode
from scram_lsp.config import Settings
from scram_lsp.fixing import applicable_fix
from scram_lsp.reporters import Reported, load_reporter


@dataclass
class Outcome:
    """What came of all files together."""

    mode: Mode
    reported: list[Reported] = field(default_factory=list)
    texts: dict[tuple[str, int | None], str] = field(default_factory=dict)
    diffs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    fixed: int = 0

    def add(self, filename: str, checked: CheckedFile) -> None:
        """Add what came of one file."""
        self.reported += checked.reported
        self.fixed += checked.fixed
        self.texts |= {(filename, cell): text for cell, text in checked.texts.items()}
        if checked.diff:
            self.diffs.append(checked.diff)
        if checked.error is not None:
            self.errors.append(checked.error)

    def text_of(self, filename: str, cell: int | None) -> str | None:
        """The text that a finding speaks of."""
        return self.texts.get((filename, cell))


def print_outcome(outcome: Outcome, settings: Settings, options: argparse.Namespace, stream: TextIO) -> int:
    """Print findings (or the diff) to `stream`, errors to stderr; returns the exit code."""
    if outcome.mode is Mode.DIFF:
        _print_diff(outcome, settings, stream)
    elif options.statistics:
        _print_statistics(outcome.reported, settings, stream)
    else:
        load_reporter(settings.output_format)(outcome.reported, outcome.text_of, stream)
        if settings.output_format != "json":
            _print_summary(outcome, settings, stream)
    stream.flush()
    for error in outcome.errors:
        say("scram-lint", error)
    return _exit_code(outcome, options)


def _exit_code(outcome: Outcome, options: argparse.Namespace) -> int:
    if outcome.errors:
        return FAILED
    if options.exit_zero:
        return CLEAN
    if outcome.mode is Mode.DIFF:
        return FINDINGS if outcome.diffs else CLEAN
    return FINDINGS if any(each.finding.severity is not Severity.HINT for each in outcome.reported) else CLEAN


def _print_diff(outcome: Outcome, settings: Settings, stream: TextIO) -> None:
    stream.write("".join(outcome.diffs))
    stream.flush()
    would_fix = f"would fix {_problems(outcome.fixed)}" if outcome.fixed else "nothing to fix"
    left = _unsafe_left(outcome.reported, settings)
    say("scram-lint", f"{would_fix} ({left} more with --unsafe-fixes)" if left else would_fix)


def _print_summary(outcome: Outcome, settings: Settings, stream: TextIO) -> None:
    count = len(outcome.reported)
    if outcome.fixed:
        total = _problems(count + outcome.fixed)
        stream.write(f"Found {total} ({outcome.fixed} fixed, {count} remaining).\n")
    elif count:
        stream.write(f"Found {_problems(count)}{_fixable_note(outcome.reported, settings)}.\n")
    elif not outcome.errors:
        stream.write("All checks passed.\n")


def _fixable_note(reported: list[Reported], settings: Settings) -> str:
    fixable = sum(applicable_fix(each, unsafe=settings.unsafe_fixes) is not None for each in reported)
    more = _unsafe_left(reported, settings)
    if fixable and more:
        return f" ({fixable} fixable with --fix, {more} more with --unsafe-fixes)"
    if fixable:
        return f" ({fixable} fixable with --fix)"
    return f" ({more} fixable with --fix --unsafe-fixes)" if more else ""


def _unsafe_left(reported: Iterable[Reported], settings: Settings) -> int:
    """How many have a fix that is not applied as things stand."""
    return sum(
        applicable_fix(each, unsafe=True) is not None and applicable_fix(each, unsafe=settings.unsafe_fixes) is None
        for each in reported
    )


def _print_statistics(reported: list[Reported], settings: Settings, stream: TextIO) -> None:
    counts = Counter((each.finding.code, each.finding.name) for each in reported)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    if settings.output_format == "json":
        table = [{"code": code, "name": name, "count": count} for (code, name), count in rows]
        json.dump(table, stream, indent=2)
        stream.write("\n")
        return
    width = len(str(rows[0][1])) if rows else 0
    for (code, name), count in rows:
        stream.write(f"{count:>{width}}  {code}  {name}\n")
    stream.write(f"Found {_problems(len(reported))}.\n")


def _problems(count: int) -> str:
    return f"{count} problem" if count == 1 else f"{count} problems"

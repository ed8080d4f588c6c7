"""What `scram-lint` prints while files are checked, and the exit code that says the same."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from scram_analyzers.findings import Severity
from scram_lsp.cli.terminal import CLEAN, FAILED, FINDINGS, say
from scram_lsp.cli.text_checks import CheckedFile, Mode
from scram_lsp.config import Settings
from scram_lsp.fixing import applicable_fix
from scram_lsp.reporters import FOR_PEOPLE, Reported, load_reporter


class LintReport:
    """The report on many files. Of each, only counts are kept once its findings (or its diff) are printed.

    Findings go to `stream`, `errors` and those of files to stderr at the end.
    """

    def __init__(
        self,
        mode: Mode,
        settings: Settings,
        options: argparse.Namespace,
        stream: TextIO,
        errors: Sequence[str] = (),
    ) -> None:
        self._mode = mode
        self._settings = settings
        self._options = options
        self._stream = stream
        self._errors = list(errors)
        self._filename = ""
        self._texts: Mapping[int | None, str] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._grave = self._applicable = self._unsafe = self._fixed = self._diffs = 0

    def print(self, files: Iterable[tuple[str, CheckedFile]]) -> int:
        """Print what comes of each file, by name, and a summary; returns the exit code."""
        findings = self._findings(files)
        if self._mode is Mode.DIFF:
            self._print_diff(findings)
        elif self._options.statistics:
            self._print_statistics(findings)
        else:
            load_reporter(self._settings.output_format)(findings, self._text_of, self._stream)
            if self._settings.output_format in FOR_PEOPLE:
                self._print_summary()
        self._stream.flush()
        for error in self._errors:
            say("scram-lint", error)
        return self._exit_code()

    def _findings(self, files: Iterable[tuple[str, CheckedFile]]) -> Iterator[Reported]:
        """The findings of one file after the other, counted on their way."""
        for filename, checked in files:
            self._filename, self._texts = filename, checked.texts
            self._fixed += checked.fixed
            if checked.diff:
                self._diffs += 1
                self._stream.write(checked.diff)
            if checked.error is not None:
                self._errors.append(checked.error)
            for each in checked.reported:
                self._count(each)
                yield each

    def _count(self, reported: Reported) -> None:
        finding = reported.finding
        self._counts[finding.code, finding.name] += 1
        self._grave += finding.severity is not Severity.HINT
        if applicable_fix(reported, unsafe=self._settings.unsafe_fixes) is not None:
            self._applicable += 1
        elif applicable_fix(reported, unsafe=True) is not None:
            self._unsafe += 1

    def _text_of(self, filename: str, cell: int | None) -> str | None:
        """The text that a finding of the file at hand speaks of."""
        return self._texts.get(cell) if filename == self._filename else None

    def _exit_code(self) -> int:
        if self._errors:
            return FAILED
        if self._options.exit_zero:
            return CLEAN
        found = self._diffs if self._mode is Mode.DIFF else self._grave
        return FINDINGS if found else CLEAN

    def _print_diff(self, findings: Iterator[Reported]) -> None:
        for _ in findings:  # the diffs are written on the way
            pass
        self._stream.flush()
        would_fix = f"would fix {_problems(self._fixed)}" if self._fixed else "nothing to fix"
        say("scram-lint", f"{would_fix} ({self._unsafe} more with --unsafe-fixes)" if self._unsafe else would_fix)

    def _print_summary(self) -> None:
        count = self._counts.total()
        if self._fixed:
            total = _problems(count + self._fixed)
            self._stream.write(f"Found {total} ({self._fixed} fixed, {count} remaining).\n")
        elif count:
            self._stream.write(f"Found {_problems(count)}{self._fixable_note()}.\n")
        elif not self._errors:
            self._stream.write("All checks passed.\n")

    def _fixable_note(self) -> str:
        if self._applicable and self._unsafe:
            return f" ({self._applicable} fixable with --fix, {self._unsafe} more with --unsafe-fixes)"
        if self._applicable:
            return f" ({self._applicable} fixable with --fix)"
        return f" ({self._unsafe} fixable with --fix --unsafe-fixes)" if self._unsafe else ""

    def _print_statistics(self, findings: Iterator[Reported]) -> None:
        for _ in findings:  # counted on the way
            pass
        rows = sorted(self._counts.items(), key=lambda row: (-row[1], row[0]))
        if self._settings.output_format == "json":
            table = [{"code": code, "name": name, "count": count} for (code, name), count in rows]
            json.dump(table, self._stream, indent=2)
            self._stream.write("\n")
            return
        width = len(str(rows[0][1])) if rows else 0
        for (code, name), count in rows:
            self._stream.write(f"{count:>{width}}  {code}  {name}\n")
        self._stream.write(f"Found {_problems(self._counts.total())}.\n")


def _problems(count: int) -> str:
    return f"{count} problem" if count == 1 else f"{count} problems"

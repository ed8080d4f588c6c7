"""Findings for people: where, what, the source with the range underlined, why, how and the fix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from scram_analyzers.findings import Applicability, Finding, Fix, RelatedPlace, Severity
from scram_lsp.reporters import Reported, TextOf
from scram_lsp.reporters.excerpt import excerpt
from scram_lsp.reporters.printable import place, visible

SEVERITY_STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "bold cyan",
    Severity.HINT: "bold green",
}
RELATED_STYLE = "bold blue"
MAX_TEXT_WIDTH = 110
"""Wider lines of prose are hard to read."""


def report(findings: Iterable[Reported], text_of: TextOf, stream: TextIO) -> None:
    """Print each finding as a paragraph, coloured on a terminal (and as `NO_COLOR`, `FORCE_COLOR` say)."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for each in findings:
        _print_finding(console, each, text_of)
        console.print()


def _print_finding(console: Console, reported: Reported, text_of: TextOf) -> None:
    finding = reported.finding
    style = SEVERITY_STYLES[finding.severity]
    _print_line(console, _headline(finding, style))
    _print_prose(console, "", finding.message)
    text = text_of(finding.filename, finding.cell)
    if text is not None:
        for row in excerpt(text, finding.range, console.width, style=style):
            _print_line(console, row)
    for related in finding.related:
        _print_related(console, related, text_of)
    _print_prose(console, "why: ", finding.why)
    _print_prose(console, "how: ", finding.how)
    for number, line in enumerate(visible(finding.recipe).splitlines()):
        _print_line(console, Text().append("try: " if number == 0 else "     ", style="bold").append(line))
    if reported.fix is not None:
        _print_prose(console, "fix: ", _fix_note(reported.fix))


def _headline(finding: Finding, style: str) -> Text:
    line = Text().append(f"{place(finding.filename, finding.range.start, finding.cell)}: ", style="bold")
    line.append(finding.severity.value, style=style).append(f" {finding.code} {finding.name}", style="bold")
    if finding.moment is not None:
        moment = finding.moment
        when = [f"{what} {value}" for what, value in (("epoch", moment.epoch), ("step", moment.step)) if value]
        line.append(f" (seen in a run{''.join(f', {each}' for each in when)})")
    return line


def _print_related(console: Console, related: RelatedPlace, text_of: TextOf) -> None:
    _print_prose(console, "note: ", related.message)
    _print_line(console, Text(f" --> {place(related.filename, related.range.start, related.cell)}", style="bold"))
    text = text_of(related.filename, related.cell)
    if text is not None:
        for row in excerpt(text, related.range, console.width, style=RELATED_STYLE, mark="-", context=0):
            _print_line(console, row)


def _fix_note(fix: Fix) -> str:
    if fix.applicability is Applicability.SAFE:
        return f"{fix.message} (with --fix)"
    return f"{fix.message} (changes what the program does; with --fix --unsafe-fixes)"


def _print_prose(console: Console, label: str, prose: str) -> None:
    """Print text wrapped to the width, later lines indented below the first."""
    if not prose:
        return
    text = Text(visible(prose))
    width = max(min(console.width, MAX_TEXT_WIDTH) - len(label), 20)
    for number, line in enumerate(text.wrap(console, width)):
        line.rstrip()
        lead = label if number == 0 else " " * len(label)
        _print_line(console, Text().append(lead, style="bold").append_text(line))


def _print_line(console: Console, line: Text) -> None:
    console.print(line, soft_wrap=True)

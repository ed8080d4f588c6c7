"""Annotations of GitHub Actions, which stand beside the changed lines: `::error file=...,line=3::message`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from scram_analyzers.findings import Finding, Severity
from scram_lsp.files import short_path
from scram_lsp.reporters import Reported, TextOf
from scram_lsp.reporters.printable import place, visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice", Severity.HINT: "notice"}


def report(findings: Iterable[Reported], text_of: TextOf, stream: TextIO) -> None:
    """Print one workflow command for each."""
    for each in findings:
        finding = each.finding
        properties = {
            "title": f"scram ({finding.code})",
            "file": visible(Path(short_path(Path(finding.filename))).as_posix()),
        }
        if finding.cell is None:  # the lines of a notebook's cells are not those of its file
            properties |= _lines(finding)
        where = place(finding.filename, finding.range.start, finding.cell)
        message = _data(visible(f"{where}: {finding.code} {finding.message}\n{finding.how}"))
        written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        stream.write(f"::{_COMMANDS[finding.severity]} {written}::{message}\n")


def _lines(finding: Finding) -> dict[str, str]:
    """GitHub takes columns only within one line."""
    start, end = finding.range.start, finding.range.end
    if start.line != end.line:
        return {"line": str(start.line), "endLine": str(end.line)}
    columns = {"col": str(start.column + 1), "endColumn": str(end.column + 1)}
    return {"line": str(start.line), "endLine": str(end.line), **columns}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

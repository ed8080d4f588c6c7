"""SARIF 2.1.0, which code scanning services read (https://docs.oasis-open.org/sarif/sarif/v2.1.0/)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from scram_analyzers.findings import Finding, Fix, Severity, SourceRange
from scram_lsp import __version__
from scram_lsp.files import short_path
from scram_lsp.reporters import Reported, TextOf

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/scram-lsp/scram-lsp"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note", Severity.HINT: "note"}


def report(findings: Iterable[Reported], text_of: TextOf, stream: TextIO) -> None:
    """Print one log with one run, also when there are no findings."""
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for each in findings:
        rules.setdefault(each.finding.code, _rule(each.finding))
        results.append(_result(each, list(rules).index(each.finding.code)))
    run = {
        "tool": {
            "driver": {
                "name": "scram-lint",
                "version": __version__,
                "informationUri": HOME,
                "rules": [*rules.values()],
            },
        },
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    json.dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, stream, indent=2)
    stream.write("\n")


def _rule(finding: Finding) -> dict[str, Any]:
    """A rule, as the first of its findings speaks of it."""
    return {
        "id": finding.code,
        "name": finding.name,
        "fullDescription": {"text": finding.why},
        "help": {"text": f"{finding.why}\n\n{finding.how}"},
        **({"helpUri": finding.url} if finding.url else {}),
    }


def _result(reported: Reported, position: int) -> dict[str, Any]:
    finding = reported.finding
    result = {
        "ruleId": finding.code,
        "ruleIndex": position,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message} {finding.how}"},
        "locations": [_location(finding.filename, finding.range, finding.cell)],
    }
    if finding.related:
        result["relatedLocations"] = [
            {**_location(each.filename, each.range, each.cell), "message": {"text": each.message}}
            for each in finding.related
        ]
    if reported.fix is not None and finding.cell is None:
        result["fixes"] = [_fix(finding.filename, reported.fix)]
    return result


def _location(filename: str, place: SourceRange, cell: int | None) -> dict[str, Any]:
    """Of a place in a notebook the cell is named: the lines of its cells are not those of its file."""
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(filename)}}
    if cell is not None:
        named = {"name": f"cell {cell}, line {place.start.line}", "kind": "element"}
        return {"physicalLocation": physical, "logicalLocations": [named]}
    return {"physicalLocation": {**physical, "region": _region(place)}}


def _region(place: SourceRange) -> dict[str, int]:
    return {
        "startLine": place.start.line,
        "startColumn": place.start.column + 1,
        "endLine": place.end.line,
        "endColumn": place.end.column + 1,
    }


def _fix(filename: str, fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.range), "insertedContent": {"text": edit.content}} for edit in fix.edits
    ]
    change = {"artifactLocation": {"uri": _uri(filename)}, "replacements": replacements}
    return {"description": {"text": fix.message}, "artifactChanges": [change]}


def _uri(filename: str) -> str:
    path = Path(short_path(Path(filename)))
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())

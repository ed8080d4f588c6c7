"""Findings as diagnostics in JSON, for before the protocol's types are loaded, and what both forms share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from scram_analyzers.findings import Finding, Origin, Severity, SourceRange
from scram_lsp.server.documents.text_lines import TextLines
from scram_lsp.server.opening.capabilities import section

Json: TypeAlias = dict[str, Any]

SEVERITIES: Mapping[Severity, int] = {Severity.ERROR: 1, Severity.WARNING: 2, Severity.INFO: 3, Severity.HINT: 4}

_UNNECESSARY, _DEPRECATED = 1, 2
TAGS: Mapping[str, int] = {
    "unused-suppression": _UNNECESSARY,
    "scaled-copy-unused": _UNNECESSARY,
    "removed-api": _DEPRECATED,
    "renamed-argument": _DEPRECATED,
}
"""How editors draw some findings: faded where the code does nothing, struck out where it is no more."""

SOURCES: Mapping[Origin, str] = {Origin.SOURCE: "scram", Origin.RUN: "scram (run)"}


def finding_key(finding: Finding) -> str:
    """Names a finding within one version of a document; travels with its diagnostic."""
    start, end = finding.range.start, finding.range.end
    return f"{finding.code} {finding.origin.value} {start.line}:{start.column}-{end.line}:{end.column}"


@dataclass(frozen=True, slots=True)
class JsonDiagnostics:
    """Writes findings in one text as diagnostics, as `DiagnosticWriter` does for the same client.

    `encoding` is the one that client and server have agreed on for positions.
    """

    encoding: str
    code_descriptions: bool
    related_information: bool
    data: bool
    tags: frozenset[int]

    @classmethod
    def for_client(cls, capabilities: Json, encoding: str) -> JsonDiagnostics:
        """A writer that keeps to what the client declared."""
        known = [section(capabilities, "textDocument", each) for each in ("publishDiagnostics", "diagnostic")]

        def supports(name: str) -> bool:
            return any(bool(each.get(name)) for each in known)

        tags = [section(each, "tagSupport").get("valueSet", ()) for each in known]
        return cls(
            encoding=encoding,
            code_descriptions=supports("codeDescriptionSupport"),
            related_information=supports("relatedInformation"),
            data=supports("dataSupport"),
            tags=frozenset(tag for each in tags for tag in each),
        )

    def write(self, finding: Finding, uri: str, lines: TextLines) -> Json:
        """The diagnostic of a finding in the text of `uri`."""
        written: Json = {
            "range": self._range(lines, finding.range),
            "severity": SEVERITIES[finding.severity],
            "code": finding.code,
            "source": SOURCES[finding.origin],
            "message": finding.message,
        }
        if self.code_descriptions and finding.url:
            written["codeDescription"] = {"href": finding.url}
        if TAGS.get(finding.name) in self.tags:
            written["tags"] = [TAGS[finding.name]]
        if self.related_information and finding.related:
            written["relatedInformation"] = [
                {"location": {"uri": uri, "range": self._range(lines, each.range)}, "message": each.message}
                for each in finding.related
            ]
        if self.data:
            written["data"] = finding_key(finding)
        return written

    def _range(self, lines: TextLines, place: SourceRange) -> Json:
        ends = {}
        for name, position in (("start", place.start), ("end", place.end)):
            inside = lines.at_offset(lines.offset(position))
            before = lines.line(inside.line)[: inside.column]
            ends[name] = {"line": inside.line - 1, "character": units(before, self.encoding)}
        return ends


def units(text: str, encoding: str) -> int:
    """How many of an encoding's units a text takes: "utf-8", "utf-16" or "utf-32"."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode(errors="surrogatepass"))
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2

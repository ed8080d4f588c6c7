"""The store of findings by origin, and their form as diagnostics."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lsprotocol import types

from scram_analyzers.findings import Confidence, Finding, Origin, RelatedPlace, Severity, SourceRange
from scram_lsp.server.findings.diagnostic_json import finding_key
from scram_lsp.server.findings.diagnostics import DiagnosticsStore, DiagnosticWriter

URI = "file:///home/ada/train.py"
FINDING = Finding(
    code="SCR101",
    name="learning-rate-too-high",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    message="Too high",
    why="",
    how="",
    filename="/home/ada/train.py",
    range=SourceRange.of(2, 4, 2, 8),
    related=(RelatedPlace("set here", "/home/ada/model.py", SourceRange.of(1, 0, 1, 3)),),
    url="https://example.org/SCR101",
)
OTHER = replace(FINDING, code="SCR301", range=SourceRange.of(1, 0, 1, 3))
SEEN = replace(FINDING, origin=Origin.RUN, message="NaN")


def locate(filename: str, place: SourceRange) -> types.Location:
    start, end = place.start, place.end
    return types.Location(
        f"file://{filename}",
        types.Range(types.Position(start.line - 1, start.column), types.Position(end.line - 1, end.column)),
    )


def test_each_origin_is_replaced_on_its_own_and_both_are_shown_merged() -> None:
    store = DiagnosticsStore()
    store.set(Origin.SOURCE, URI, [FINDING, OTHER])
    store.set(Origin.RUN, URI, [SEEN])
    assert store.merged(URI) == [OTHER, SEEN]
    assert store.confirms(URI, SEEN)
    assert not store.confirms(URI, OTHER)
    store.set(Origin.SOURCE, URI, [])
    assert store.merged(URI) == [SEEN]
    assert not store.confirms(URI, SEEN)
    store.set(Origin.RUN, URI, [])
    assert store.merged(URI) == []


def test_syntax_errors_are_left_to_others() -> None:
    store = DiagnosticsStore()
    store.set(Origin.SOURCE, URI, [replace(FINDING, code="SCR900"), replace(FINDING, code="SCR901")])
    assert [each.code for each in store.merged(URI)] == ["SCR901"]


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.ERROR, types.DiagnosticSeverity.Error),
        (Severity.WARNING, types.DiagnosticSeverity.Warning),
        (Severity.INFO, types.DiagnosticSeverity.Information),
        (Severity.HINT, types.DiagnosticSeverity.Hint),
    ],
)
def test_levels(severity: Severity, expected: types.DiagnosticSeverity) -> None:
    writer = DiagnosticWriter(code_descriptions=True, related_information=True, data=True)
    assert writer.write(replace(FINDING, severity=severity), locate).severity is expected


def test_a_finding_in_full() -> None:
    writer = DiagnosticWriter(code_descriptions=True, related_information=True, data=True)
    assert writer.write(SEEN, locate, "run of 14:02") == types.Diagnostic(
        range=types.Range(types.Position(1, 4), types.Position(1, 8)),
        message="NaN (run of 14:02)",
        severity=types.DiagnosticSeverity.Error,
        code="SCR101",
        code_description=types.CodeDescription("https://example.org/SCR101"),
        source="scram (run)",
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location("file:///home/ada/model.py", types.Range(types.Position(0, 0), types.Position(0, 3))),
                "set here",
            )
        ],
        data="SCR101 run 2:4-2:8",
    )


def test_a_client_gets_only_what_it_declared() -> None:
    bare = DiagnosticWriter.for_client(types.ClientCapabilities())
    diagnostic = bare.write(FINDING, locate)
    assert (diagnostic.code_description, diagnostic.related_information, diagnostic.data) == (None, None, None)
    declared = types.PublishDiagnosticsClientCapabilities(
        related_information=True, code_description_support=True, data_support=True
    )
    capabilities = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(publish_diagnostics=declared)
    )
    diagnostic = DiagnosticWriter.for_client(capabilities).write(FINDING, locate)
    assert None not in (diagnostic.code_description, diagnostic.related_information, diagnostic.data)


def test_a_key_tells_findings_apart() -> None:
    keys = {finding_key(each) for each in (FINDING, OTHER, SEEN, replace(FINDING, range=SourceRange.of(2, 4, 2, 9)))}
    assert len(keys) == 4

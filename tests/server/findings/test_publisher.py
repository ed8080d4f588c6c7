"""What is published, and that a keystroke costs no more than what it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.workspace import PositionCodec

from scram_analyzers.findings import Finding, RelatedPlace, SourceRange
from scram_lsp.server.documents.configuration import Configuration
from scram_lsp.server.documents.documents import Document, Documents
from scram_lsp.server.documents.units import ModuleUnit
from scram_lsp.server.findings.diagnostics import DiagnosticWriter
from scram_lsp.server.findings.live_findings import LiveFindings
from scram_lsp.server.findings.publisher import Publisher
from tests.server.findings.test_diagnostics import FINDING

TEXT = "import keras\nrate = 1e10\nprint(rate)\n"


class Told:
    """A client that is told, with one document that says something in two places."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.published: list[types.PublishDiagnosticsParams] = []
        self.written = 0
        documents = Documents()
        item = types.TextDocumentItem(file.as_uri(), "python", 1, TEXT)
        self.document: Document = documents.open(item, PositionCodec())
        self.publisher = Publisher(documents, LiveFindings(documents), Configuration(), self.published.append)
        here = replace(FINDING, filename=str(file), range=SourceRange.of(2, 7, 2, 11), related=())
        also = RelatedPlace("printed here", str(file), SourceRange.of(3, 6, 3, 10))
        self.findings: list[Finding] = [here, replace(here, code="SCR301", related=(also,))]
        write = DiagnosticWriter.write

        def counted(*arguments: object) -> types.Diagnostic:
            self.written += 1
            return write(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(DiagnosticWriter, "write", counted)

    def type(self, place: types.Range, text: str) -> list[types.Range]:
        """What is shown after a keystroke that the findings stay the same with."""
        self.document.change(self.document.version + 1, [types.TextDocumentContentChangePartial(place, text)])
        self.publisher.set_source_findings(ModuleUnit(self.document), self.findings)
        assert self.published[-1].version == self.document.version
        return [each.range for each in self.published[-1].diagnostics]


def at(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


def test_a_diagnostic_is_written_again_only_where_its_lines_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(tmp_path / "train.py", monkeypatch)
    first = told.type(at(0, 12, 12), " ")
    assert first == [at(1, 7, 11), at(1, 7, 11)]
    assert told.written == 2
    assert told.type(at(3, 0, 0), "x") == first
    assert told.written == 2, "another line"
    assert told.type(at(2, 0, 0), " ") == first
    assert told.written == 3, "the line of a place that takes part in the second"
    assert told.type(at(1, 0, 1), "🙂") == [at(1, 8, 12), at(1, 8, 12)], "a character of two units"
    assert told.written == 5
    told.findings = [replace(each, message="Other words") for each in told.findings]
    told.type(at(3, 0, 0), "x")
    assert {each.message for each in told.published[-1].diagnostics} == {"Other words"}


def test_a_place_beyond_the_text_is_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(tmp_path / "train.py", monkeypatch)
    told.findings = [replace(told.findings[0], range=SourceRange.of(9, 0, 9, 5))]
    assert told.type(at(3, 0, 0), "x") == [at(3, 1, 1)]
    assert told.type(at(3, 1, 1), "y") == [at(3, 2, 2)]

"""Publishing: what source and runs say of a document, merged and written for the client.

A client either is told (push) or asks (pull), never both; every document's report is kept up to date for
either. Everything that is sent carries the version it speaks of. A file that is not open is reported too, once
a run has found something in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from scram_analyzers.findings import Finding, Origin, SourceRange
from scram_lsp.files import is_notebook
from scram_lsp.server.documents.configuration import Configuration
from scram_lsp.server.documents.documents import Document, Documents
from scram_lsp.server.documents.edits import Edit
from scram_lsp.server.documents.file_names import file_key, uri_of
from scram_lsp.server.documents.positions import TextPositions
from scram_lsp.server.documents.units import Unit
from scram_lsp.server.findings.diagnostic_json import finding_key
from scram_lsp.server.findings.diagnostics import (
    DiagnosticsStore,
    DiagnosticWriter,
    Locate,
    evidence_of,
    pulls,
    run_label,
)
from scram_lsp.server.findings.live_findings import LiveFindings, follow, read_text


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to show of a document; `result_id` is another one whenever that changes."""

    result_id: str
    diagnostics: tuple[types.Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    """A diagnostic, and all that it was made from; None where some of that is in other texts."""

    made_from: tuple[object, ...] | None
    diagnostic: types.Diagnostic


class Publisher:
    """Knows what the client is shown; only the event loop may call this.

    `send` takes each publication for a client that is told. One that asks must be called to ask again by whoever
    changed something; `publish` says whether it did.
    """

    def __init__(
        self,
        documents: Documents,
        runs: LiveFindings,
        configuration: Configuration,
        send: Callable[[types.PublishDiagnosticsParams], None],
    ) -> None:
        self._documents = documents
        self._runs = runs
        self._configuration = configuration
        self._push = send
        self._store = DiagnosticsStore()
        self._writer = DiagnosticWriter()
        self._codec = PositionCodec()
        self._closed_uris: dict[str, str] = {}
        self._code_starts: dict[str, list[int]] = {}
        self._reports: dict[str, Report] = {}
        self._last_written: dict[str, dict[str, _Written]] = {}
        self._session = secrets.token_hex(4)
        self._result_count = 0
        self.pulls = False

    def begin(self, capabilities: types.ClientCapabilities, codec: PositionCodec) -> None:
        """Write for this client from now on."""
        self._writer = DiagnosticWriter.for_client(capabilities)
        self._codec = codec
        self.pulls = pulls(capabilities)

    def shown(self, document: Document) -> list[Finding]:
        """What the client was told of a document."""
        return self._store.merged(document.uri)

    def evidence(self, uri: str, finding: Finding) -> str | None:
        """Which run showed a finding, as a sentence; None for one of the source."""
        return evidence_of(finding, self._runs.run_of(finding), self._store.confirms(uri, finding))

    def report(self, document: Document) -> Report:
        """What there is to show of an open document now."""
        self._write_open(document)
        return self._reports[document.uri]

    def closed_files(self) -> Set[str]:
        """The `file_key` of each file that is not open and that a run found something in."""
        return self._closed_uris.keys()

    def write(self, findings: Sequence[Finding], path: Path, text: str) -> tuple[types.Diagnostic, ...]:
        """Findings in a file that is not open, as diagnostics, merged with what runs found there."""
        uri = uri_of(path)
        found = self._wanted(self._runs.of(path), path, text)
        self._store.set(Origin.SOURCE, uri, findings)
        self._store.set(Origin.RUN, uri, found)
        written = self._written(uri, self._locator(str(path), uri, TextPositions(text, self._codec)))
        self._store.set(Origin.SOURCE, uri, ())
        return written

    def set_source_findings(self, unit: Unit, findings: Iterable[Finding]) -> bool:
        """Replace what the source says of a unit, and publish; gives whether anything changed."""
        by_uri: dict[str, list[Finding]] = {document.uri: [] for document in unit.documents}
        for each in findings:
            shown = unit.shown(each)
            if shown is not None:
                document, finding = shown
                by_uri[document.uri].append(finding)
        for uri, shown_there in by_uri.items():
            self._store.set(Origin.SOURCE, uri, shown_there)
        changed = [self.publish(document) for document in unit.documents]
        return any(changed)

    def note_code_starts(self, document: Document, starts: list[int]) -> None:
        """Take the lines where top-level code begins in a module, as `read_suppressions` wants them.

        Without them the whole text is cut into tokens for each publication with run findings: 130 ms for 5,000 lines.
        """
        if starts:  # none while what is being typed can't be read: the last ones are better than that
            self._code_starts[document.uri] = starts

    def edited(self, document: Document, edits: Sequence[Edit]) -> None:
        """Move what the source says along with edits, so that it stands right until it is analyzed anew."""
        for edit in edits:
            starts = self._code_starts.get(document.uri)
            if starts is not None and edit.end.line != edit.replaced.end.line:
                self._code_starts[document.uri] = [edit.move_line(each) for each in starts]
        moved = (follow(each, edits) for each in self._store.of(Origin.SOURCE, document.uri))
        self._store.set(Origin.SOURCE, document.uri, [each for each in moved if each is not None])

    def publish(self, document: Document) -> bool:
        """Send what there is to show of an open document, at its present version; gives whether it changed."""
        changed = self._write_open(document)
        self._send(document.uri, document.version)
        return changed

    def publish_closed(self, path: Path) -> None:
        """Send what runs found in a file that is not open, or that it is nothing any more."""
        if is_notebook(path):  # what is open of it are its cells; the file itself nobody reads
            return
        key, findings = file_key(path), self._runs.of(path)
        if not findings and key not in self._closed_uris:
            return
        uri = self._closed_uris.setdefault(key, uri_of(path))
        text = read_text(path) or ""
        self._store.set(Origin.RUN, uri, self._wanted(findings, path, text))
        self._keep(uri, self._written(uri, self._locator(str(path), uri, TextPositions(text, self._codec))))
        self._send(uri, None)
        if not findings:
            del self._closed_uris[key]

    def opened(self, document: Document) -> None:
        """Clear what was shown of the file while it was closed, where the client calls it otherwise."""
        uri = self._closed_uris.pop(file_key(document.path), None) if document.path is not None else None
        if uri is not None and uri != document.uri:
            self._clear(uri)

    def take_over(self, document: Document, findings: Sequence[Finding], result_id: str) -> None:
        """Go on from what the client was shown of a document that was just opened."""
        self._store.set(Origin.SOURCE, document.uri, findings)
        self._reports[document.uri] = Report(result_id, self._written_of(document))

    def closed(self, document: Document) -> None:
        """Clear what the source said of a document; what a run said of its file stays."""
        self._store.forget(document.uri)
        self._code_starts.pop(document.uri, None)
        if document.path is not None and self._runs.of(document.path):
            self._closed_uris[file_key(document.path)] = document.uri
            self.publish_closed(document.path)
        else:
            self._clear(document.uri)

    def _clear(self, uri: str) -> None:
        self._store.set(Origin.RUN, uri, ())
        self._reports[uri] = Report("", ())
        self._send(uri, None)
        del self._reports[uri]
        self._last_written.pop(uri, None)

    def _wanted(self, found: list[Finding], path: Path | None, text: str, starts: Sequence[int] = ()) -> list[Finding]:
        """The run findings that neither a comment in the text nor the configuration silences."""
        if not found:
            return []
        from scram_analyzers.suppression import read_suppressions

        suppressions = read_suppressions(text, starts)
        heard = (each for each in found if not suppressions.silence(each))
        return self._configuration.of(path).admit(heard, path)

    def _write_open(self, document: Document) -> bool:
        found = self._runs.of_document(document)
        starts = self._code_starts.get(document.uri, ())
        self._store.set(Origin.RUN, document.uri, self._wanted(found, document.path, document.text, starts))
        return self._keep(document.uri, self._written_of(document))

    def _written_of(self, document: Document) -> tuple[types.Diagnostic, ...]:
        """An open document's diagnostics: those of before where an edit leaves all that they say as it was."""
        locate = self._locator(document.filename, document.uri, document.positions)
        self._store.settle(document.uri)
        last, written = self._last_written.get(document.uri, {}), list[types.Diagnostic]()
        kept = self._last_written[document.uri] = {}
        for finding in self._store.merged(document.uri):
            key, label = finding_key(finding), run_label(finding, self._runs.run_of(finding))
            made_from = _made_from(finding, label, document)
            known = last.get(key)
            if known is None or made_from is None or known.made_from != made_from:
                known = _Written(made_from, self._writer.write(finding, locate, label))
            if made_from is not None:
                kept[key] = known
            written.append(known.diagnostic)
        return tuple(written)

    def _written(self, uri: str, locate: Locate) -> tuple[types.Diagnostic, ...]:
        findings = self._store.merged(uri)
        return tuple(self._writer.write(each, locate, run_label(each, self._runs.run_of(each))) for each in findings)

    def _keep(self, uri: str, diagnostics: tuple[types.Diagnostic, ...]) -> bool:
        """Remember a document's report; gives whether it is another than before."""
        known = self._reports.get(uri)
        if known is not None and known.diagnostics == diagnostics:
            return False
        self._result_count += 1
        self._reports[uri] = Report(f"{self._session}-{self._result_count}", diagnostics)
        return True

    def _send(self, uri: str, version: int | None) -> None:
        if not self.pulls:
            self._push(types.PublishDiagnosticsParams(uri, self._reports[uri].diagnostics, version))

    def _locator(self, filename: str, uri: str, positions: TextPositions) -> Locate:
        """Finds places in `filename`, whose text is at hand, and in others, open or on disk."""
        known = {filename: (uri, positions)}

        def locate(name: str, place: SourceRange) -> types.Location:
            if name not in known:
                known[name] = self._positions_of(name)
            place_uri, place_positions = known[name]
            return types.Location(place_uri, place_positions.range_to_client(place))

        return locate

    def _positions_of(self, filename: str) -> tuple[str, TextPositions]:
        document = self._documents.named(filename)
        if document is not None:
            return document.uri, document.positions
        path = Path(filename)
        return uri_of(path), TextPositions(read_text(path) or "", self._codec)


def _made_from(finding: Finding, label: str | None, document: Document) -> tuple[object, ...] | None:
    """All that the diagnostic of a finding says; None where some of that is in other texts than the document's."""
    if any(each != document.filename for each in (finding.filename, *(each.filename for each in finding.related))):
        return None
    text, places = document.positions, (finding.range, *(each.range for each in finding.related))
    rows = [min(end.line, text.count) for place in places for end in (place.start, place.end)]
    return finding, label, *rows, *(text.line(each) for each in rows)

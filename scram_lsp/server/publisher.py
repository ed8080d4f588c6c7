"""Publishing: what source and runs say of a document, merged, written for the client and sent.

Everything that is sent carries the version it speaks of. A file that is not open is published too, once a run
has found something in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from scram_analyzers.findings import Finding, Origin, SourceRange
from scram_analyzers.suppression import read_suppressions
from scram_lsp.server.configuration import Configuration
from scram_lsp.server.diagnostics import DiagnosticsStore, DiagnosticWriter, Locate, evidence_of, run_label
from scram_lsp.server.documents import Document, Documents, file_key, uri_of
from scram_lsp.server.live_findings import LiveFindings, read_text
from scram_lsp.server.positions import TextPositions


class Publisher:
    """Knows what the client is shown. `send` takes each publication; only the event loop may call this."""

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
        self._send = send
        self._store = DiagnosticsStore()
        self._writer = DiagnosticWriter(code_descriptions=False, related_information=False, data=False)
        self._codec = PositionCodec()
        self._closed_uris: dict[str, str] = {}

    def begin(self, capabilities: types.ClientCapabilities, codec: PositionCodec) -> None:
        """Write for this client from now on."""
        self._writer = DiagnosticWriter.for_client(capabilities)
        self._codec = codec

    def shown(self, document: Document) -> list[Finding]:
        """What the client was told of a document."""
        return self._store.merged(document.uri)

    def evidence(self, uri: str, finding: Finding) -> str | None:
        """Which run showed a finding, as a sentence; None for one of the source."""
        return evidence_of(finding, self._runs.run_of(finding), self._store.confirms(uri, finding))

    def set_source_findings(self, document: Document, findings: Iterable[Finding]) -> None:
        """Replace what the source says of a document, and publish."""
        self._store.set(Origin.SOURCE, document.uri, findings)
        self.publish(document)

    def publish(self, document: Document) -> None:
        """Send what there is to show of an open document, at its present version."""
        found = self._runs.of(document.path) if document.path is not None else []
        self._store.set(Origin.RUN, document.uri, self._wanted(found, document.path, document.text))
        locate = self._locator(document.filename, document.uri, document.positions)
        self._send_all(document.uri, document.version, locate)

    def publish_closed(self, path: Path) -> None:
        """Send what runs found in a file that is not open, or that it is nothing any more."""
        key, findings = file_key(path), self._runs.of(path)
        if not findings and key not in self._closed_uris:
            return
        uri = self._closed_uris.setdefault(key, uri_of(path))
        text = read_text(path) or ""
        self._store.set(Origin.RUN, uri, self._wanted(findings, path, text))
        self._send_all(uri, None, self._locator(str(path), uri, TextPositions(text, self._codec)))
        if not findings:
            del self._closed_uris[key]

    def opened(self, document: Document) -> None:
        """Clear what was shown of the file while it was closed, where the client calls it otherwise."""
        uri = self._closed_uris.pop(file_key(document.path), None) if document.path is not None else None
        if uri is not None and uri != document.uri:
            self._store.set(Origin.RUN, uri, ())
            self._send(types.PublishDiagnosticsParams(uri, []))

    def closed(self, document: Document) -> None:
        """Clear what the source said of a document; what a run said of its file stays."""
        self._store.set(Origin.SOURCE, document.uri, ())
        self._store.set(Origin.RUN, document.uri, ())
        if document.path is not None and self._runs.of(document.path):
            self._closed_uris[file_key(document.path)] = document.uri
            self.publish_closed(document.path)
        else:
            self._send(types.PublishDiagnosticsParams(document.uri, []))

    def _wanted(self, found: list[Finding], path: Path | None, text: str) -> list[Finding]:
        """The run findings that neither a comment in the text nor the configuration silences."""
        if not found:
            return []
        suppressions = read_suppressions(text)
        heard = (each for each in found if not suppressions.silence(each))
        return self._configuration.of(path).admit(heard, path)

    def _send_all(self, uri: str, version: int | None, locate: Locate) -> None:
        findings = self._store.merged(uri)
        diagnostics = [self._writer.write(each, locate, run_label(each, self._runs.run_of(each))) for each in findings]
        self._send(types.PublishDiagnosticsParams(uri, diagnostics, version))

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

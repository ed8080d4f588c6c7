"""What the editor is shown: one store of findings by origin and document, and their form as diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from lsprotocol import types
from pygls.capabilities import get_capability

from scram_analyzers.findings import Finding, Origin, SourceRange
from scram_analyzers.merging import merge
from scram_analyzers.notes import UNREADABLE
from scram_lsp.live.listener import LiveRun
from scram_lsp.server.findings.diagnostic_json import SEVERITIES, SOURCES, TAGS, finding_key

Locate: TypeAlias = Callable[[str, SourceRange], types.Location]
"""Turns a file's name and a range in it into a location in the client's units."""


class DiagnosticsStore:
    """Findings by origin and URI. Publishing replaces a document's whole list, and here are two producers."""

    def __init__(self) -> None:
        self._findings: dict[tuple[Origin, str], tuple[Finding, ...]] = {}
        self._confirming: dict[str, frozenset[tuple[object, ...]]] = {}

    def set(self, origin: Origin, uri: str, findings: Iterable[Finding]) -> None:
        """Replace what one origin says of a document. Syntax errors are left to the tools for them."""
        kept = tuple(each for each in findings if each.code != UNREADABLE.code)
        if kept:
            self._findings[origin, uri] = kept
        else:
            self._findings.pop((origin, uri), None)

    def of(self, origin: Origin, uri: str) -> tuple[Finding, ...]:
        """What one origin says of a document."""
        return self._findings.get((origin, uri), ())

    def settle(self, uri: str) -> None:
        """Take note of the run findings that the source says too, as long as the document is open.

        They are about what the source sees: when it sees that no more, as it was mended elsewhere, they are not shown.
        """
        known, run = self._confirming.get(uri, frozenset()), self.of(Origin.RUN, uri)
        confirming = frozenset(_told(each) for each in run if _told(each) in known or self.confirms(uri, each))
        if confirming:
            self._confirming[uri] = confirming
        else:
            self._confirming.pop(uri, None)

    def forget(self, uri: str) -> None:
        """Drop all that was said of a document that is closed."""
        for origin in Origin:
            self._findings.pop((origin, uri), None)
        self._confirming.pop(uri, None)

    def merged(self, uri: str) -> list[Finding]:
        """What there is to show of a document: a run finding stands for the source finding it confirms."""
        confirming = self._confirming.get(uri, frozenset())
        run = [each for each in self.of(Origin.RUN, uri) if _told(each) not in confirming or self.confirms(uri, each)]
        return merge(self.of(Origin.SOURCE, uri), run)

    def confirms(self, uri: str, finding: Finding) -> bool:
        """Whether a run finding says what the source said already."""
        return finding.origin is Origin.RUN and any(
            each.code == finding.code and each.range.overlaps(finding.range) for each in self.of(Origin.SOURCE, uri)
        )


def _told(finding: Finding) -> tuple[object, ...]:
    """What a run said, wherever it has moved to since."""
    return finding.code, finding.message, finding.moment


@dataclass(frozen=True, slots=True)
class DiagnosticWriter:
    """Writes findings as diagnostics, with the parts that this client understands."""

    code_descriptions: bool = False
    related_information: bool = False
    data: bool = False
    tags: frozenset[types.DiagnosticTag] = frozenset()

    @classmethod
    def for_client(cls, capabilities: types.ClientCapabilities) -> DiagnosticWriter:
        """A writer that keeps to what the client declared."""

        known = [_section(capabilities, each) for each in ("publish_diagnostics", "diagnostic")]

        def supports(name: str) -> bool:
            return any(getattr(each, name, None) for each in known)

        tags = [each.tag_support.value_set for each in known if getattr(each, "tag_support", None)]
        return cls(
            code_descriptions=supports("code_description_support"),
            related_information=supports("related_information"),
            data=supports("data_support"),
            tags=frozenset(tag for each in tags for tag in each),
        )

    def write(self, finding: Finding, locate: Locate, label: str | None = None) -> types.Diagnostic:
        """The diagnostic of a finding; `label` says which run showed it."""
        return types.Diagnostic(
            range=locate(finding.filename, finding.range).range,
            message=f"{finding.message} ({label})" if label else finding.message,
            severity=types.DiagnosticSeverity(SEVERITIES[finding.severity]),
            code=finding.code,
            code_description=self._code_description(finding),
            source=SOURCES[finding.origin],
            tags=self._tags(finding),
            related_information=self._related(finding, locate),
            data=finding_key(finding) if self.data else None,
        )

    def _code_description(self, finding: Finding) -> types.CodeDescription | None:
        return types.CodeDescription(href=finding.url) if self.code_descriptions and finding.url else None

    def _tags(self, finding: Finding) -> list[types.DiagnosticTag] | None:
        tag = TAGS.get(finding.name)
        return [types.DiagnosticTag(tag)] if tag is not None and tag in self.tags else None

    def _related(self, finding: Finding, locate: Locate) -> list[types.DiagnosticRelatedInformation] | None:
        if not self.related_information or not finding.related:
            return None
        return [
            types.DiagnosticRelatedInformation(locate(each.filename, each.range), each.message)
            for each in finding.related
        ]


def pulls(capabilities: types.ClientCapabilities) -> bool:
    """Whether the client asks for diagnostics. One that can't be called to ask again would miss what runs find."""
    return bool(
        get_capability(capabilities, "text_document.diagnostic")
        and get_capability(capabilities, "workspace.diagnostics.refresh_support", False)
    )


def _section(capabilities: types.ClientCapabilities, name: str) -> Any:
    return getattr(capabilities.text_document, name, None)


def evidence_of(finding: Finding, run: LiveRun | None, confirms: bool) -> str | None:
    """When a run showed a finding, as a sentence, or None for a finding of the source.

    `confirms` says that the source spoke of it before the run did.
    """
    if finding.origin is not Origin.RUN:
        return None
    moment = _moment_of(finding)
    return f"{'Confirmed' if confirms else 'Seen'} in the {_run_name(run)}{f' at {moment}' if moment else ''}."


def run_label(finding: Finding, run: LiveRun | None) -> str | None:
    """The same in short, to stand behind a message: "run of 14:02, step 3"."""
    if finding.origin is not Origin.RUN:
        return None
    return ", ".join(filter(None, [_run_name(run), _moment_of(finding)]))


def _run_name(run: LiveRun | None) -> str:
    clock = clock_of(run.started) if run is not None else None
    return f"run of {clock}" if clock else "run"


def _moment_of(finding: Finding) -> str | None:
    moment = finding.moment
    if moment is None:
        return None
    if moment.step is not None:
        return f"step {moment.step}"
    return f"epoch {moment.epoch}" if moment.epoch is not None else None


def clock_of(started: str) -> str | None:
    """The local time of an ISO 8601 time, with the date unless it is today's; None when it is not one."""
    try:
        moment = datetime.fromisoformat(started).astimezone()
    except ValueError:
        return None
    today = moment.date() == datetime.now().astimezone().date()
    return moment.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")

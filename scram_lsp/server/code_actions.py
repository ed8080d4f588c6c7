"""Quick fixes: the edit that mends a finding, and the comment that silences it. Made when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lsprotocol import types
from pygls.capabilities import get_capability

from scram_analyzers.engine import Analysis
from scram_analyzers.findings import Applicability, Finding, Fix, TextEdit
from scram_lsp.server.diagnostics import finding_key
from scram_lsp.server.documents import Document
from scram_lsp.server.suppression_edit import suppression_edit


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """What the client asks: for a stretch of a document, with the diagnostics it shows there."""

    range: types.Range
    diagnostics: Sequence[types.Diagnostic]
    only: Sequence[types.CodeActionKind | str] | None
    versioned_edits: bool

    @classmethod
    def of(cls, params: types.CodeActionParams, capabilities: types.ClientCapabilities) -> ActionRequest:
        """Read a request in the light of what the client can apply."""
        versioned = get_capability(capabilities, "workspace.workspace_edit.document_changes", False)
        context = params.context
        return cls(params.range, context.diagnostics, context.only, bool(versioned))

    def wants(self, kind: str) -> bool:
        """Whether the client asked for actions of this kind ("quickfix", "source.fixAll")."""
        return self.only is None or any(
            kind == only or kind.startswith(f"{only}.") or not only for only in map(_kind, self.only)
        )


def code_actions(
    request: ActionRequest, document: Document, findings: Iterable[Finding], analysis: Analysis
) -> list[types.CodeAction]:
    """The quick fixes for the findings that the asked range touches: the mends first, then the comments."""
    if not request.wants("quickfix"):
        return []
    asked = document.positions.range_from_client(request.range)
    touched = [each for each in findings if each.range.overlaps(asked)]
    return [
        *_fixes(request, document, touched, analysis),
        *_suppressions(request, document, touched, analysis),
    ]


def _fixes(
    request: ActionRequest, document: Document, findings: Sequence[Finding], analysis: Analysis
) -> Iterator[types.CodeAction]:
    for finding in findings:
        fix = analysis.fix(finding)
        if fix is not None:
            yield _fix_action(request, document, finding, fix)


def _fix_action(request: ActionRequest, document: Document, finding: Finding, fix: Fix) -> types.CodeAction:
    return types.CodeAction(
        title=f"Scram ({finding.code}): {fix.message}",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=_diagnostics_of(request, document, finding),
        is_preferred=True if fix.applicability is Applicability.SAFE else None,
        edit=_workspace_edit(request, document, fix.edits),
    )


def _suppressions(
    request: ActionRequest, document: Document, findings: Sequence[Finding], analysis: Analysis
) -> Iterator[types.CodeAction]:
    if analysis.program is None:
        return
    offered: set[tuple[str, TextEdit]] = set()
    for finding in findings:
        edit = suppression_edit(analysis.program, finding)
        if edit is None or (finding.code, edit) in offered:
            continue
        offered.add((finding.code, edit))
        yield types.CodeAction(
            title=f"Suppress {finding.code} on this statement",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=_diagnostics_of(request, document, finding),
            edit=_workspace_edit(request, document, (edit,)),
        )


def _diagnostics_of(request: ActionRequest, document: Document, finding: Finding) -> list[types.Diagnostic] | None:
    """Those of the client's diagnostics that stand for `finding`."""
    key, place = finding_key(finding), document.positions.range_to_client(finding.range)
    same = [
        each for each in request.diagnostics if each.data == key or (each.code == finding.code and each.range == place)
    ]
    return same or None


def _workspace_edit(request: ActionRequest, document: Document, edits: Sequence[TextEdit]) -> types.WorkspaceEdit:
    """The edits, tied to the version they were made for where the client can check that."""
    client_edits = [types.TextEdit(document.positions.range_to_client(each.range), each.content) for each in edits]
    if not request.versioned_edits:
        return types.WorkspaceEdit(changes={document.uri: client_edits})
    identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, [*client_edits])])


def _kind(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind

"""What the editor offers for findings: to mend them, to silence them, to explain them.

Edits are made when they are asked for: with the offer, or later where the client resolves what was chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lsprotocol import types
from pygls.capabilities import get_capability

from scram_analyzers.findings import Applicability, Finding, Fix
from scram_lsp.server.actions.action_edits import Action, ActionEdits
from scram_lsp.server.documents.documents import Document
from scram_lsp.server.findings.diagnostic_json import finding_key

FIX_ALL = "source.fixAll.scram"
QUICK_FIX = types.CodeActionKind.QuickFix
EXPLAIN_COMMAND = "scram.explain"


@dataclass(frozen=True, slots=True)
class ActionClient:
    """What the client can do with an action."""

    versioned_edits: bool = False
    resolves_edits: bool = False
    shows_why_not: bool = False

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities) -> ActionClient:
        """What the client declared."""
        resolved = get_capability(capabilities, "text_document.code_action.resolve_support.properties", ())
        keeps_data = get_capability(capabilities, "text_document.code_action.data_support", False)
        return cls(
            versioned_edits=bool(get_capability(capabilities, "workspace.workspace_edit.document_changes", False)),
            resolves_edits=bool(keeps_data) and "edit" in (resolved or ()),
            shows_why_not=bool(get_capability(capabilities, "text_document.code_action.disabled_support", False)),
        )


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """What the client asks: for a stretch of a document, with the diagnostics it shows there."""

    range: types.Range
    diagnostics: Sequence[types.Diagnostic]
    only: Sequence[types.CodeActionKind | str] | None
    by_user: bool

    @classmethod
    def of(cls, params: types.CodeActionParams) -> ActionRequest:
        """Read a request. `by_user`: not made by the editor on its own, as when a file is saved."""
        context = params.context
        by_user = context.trigger_kind is types.CodeActionTriggerKind.Invoked
        return cls(params.range, context.diagnostics, context.only, by_user)

    def wants(self, kind: str) -> bool:
        """Whether the client asked for actions of this kind ("quickfix", "source.fixAll.scram")."""
        return self.only is None or any(
            kind == only or kind.startswith(f"{only}.") or not only for only in map(_kind, self.only)
        )

    def names(self, kind: str) -> bool:
        """Whether the client asked for this kind, or one around it, by name."""
        return bool(self.only) and self.wants(kind)


class CodeActions:
    """The offers for one document, as it is now."""

    def __init__(self, request: ActionRequest, client: ActionClient, document: Document, edits: ActionEdits) -> None:
        self._request = request
        self._client = client
        self._document = document
        self._edits = edits

    def offered(self, findings: Iterable[Finding]) -> list[types.CodeAction]:
        """The actions for those of `findings` that the asked range touches: the mends first."""
        findings = list(findings)
        offered: list[types.CodeAction] = []
        if self._request.wants(QUICK_FIX.value):
            asked = self._document.positions.range_from_client(self._request.range)
            touched = [each for each in findings if each.range.overlaps(asked)]
            offered += self._fixes(touched)
            offered += self._fixes_of_rules(touched, findings)
            offered += self._suppressions(touched)
            offered += self._explanations(touched)
        if self._request.names(FIX_ALL):
            offered += self._fix_all()
        return offered

    def _fix_all(self) -> Iterator[types.CodeAction]:
        """To fix everything; whoever asks for it where nothing is safe to fix is told why there is nothing to do."""
        title = "Scram: Fix all that is safe to fix"
        if self._edits.can_fix_all:
            yield self._action(title, FIX_ALL, Action("fix-all"), None)
        elif self._client.shows_why_not and self._request.by_user:
            reason = self._edits.why_not_fix_all()
            if reason is not None:
                yield types.CodeAction(title, kind=FIX_ALL, disabled=types.CodeActionDisabled(reason))

    def _fixes(self, findings: Sequence[Finding]) -> Iterator[types.CodeAction]:
        for finding in findings:
            fix = self._edits.fix(finding)
            if fix is not None:
                title = f"Scram ({finding.code}): {fix.message}"
                action = Action("fix", key=finding_key(finding))
                yield self._action(title, QUICK_FIX, action, [finding], preferred=_is_safe(fix))

    def _fixes_of_rules(self, touched: Sequence[Finding], findings: Sequence[Finding]) -> Iterator[types.CodeAction]:
        for code in _codes(touched):
            of_rule = [each for each in findings if each.code == code]
            if len(of_rule) > 1 and self._edits.may_fix(code):
                title = f"Scram ({code}): Fix all of {of_rule[0].name} in this file"
                here = [each for each in touched if each.code == code]
                yield self._action(title, QUICK_FIX, Action("fix-rule", code=code), here)

    def _suppressions(self, findings: Sequence[Finding]) -> Iterator[types.CodeAction]:
        if not self._edits.can_suppress:
            return
        offered: set[object] = set()
        for finding in findings:
            edit = self._edits.suppression(finding)
            if edit is None or (finding.code, edit) in offered:
                continue
            offered.add((finding.code, edit))
            title = f"Suppress {finding.code} on this statement"
            yield self._action(title, QUICK_FIX, Action("suppress", key=finding_key(finding)), [finding])
        for code in _codes(findings):
            here = [each for each in findings if each.code == code]
            yield self._action(f"Suppress {code} in this file", QUICK_FIX, Action("suppress-file", code=code), here)

    def _explanations(self, findings: Sequence[Finding]) -> Iterator[types.CodeAction]:
        for code in _codes(findings):
            here = [each for each in findings if each.code == code]
            title = f"Explain {code}: {here[0].name}"
            yield types.CodeAction(
                title=title,
                kind=QUICK_FIX,
                diagnostics=self._diagnostics_of(here),
                command=types.Command(title, EXPLAIN_COMMAND, arguments=[code]),
            )

    def _action(
        self,
        title: str,
        kind: types.CodeActionKind | str,
        action: Action,
        findings: Sequence[Finding] | None,
        preferred: bool = False,
    ) -> types.CodeAction:
        lazy = self._client.resolves_edits
        return types.CodeAction(
            title=title,
            kind=kind,
            diagnostics=self._diagnostics_of(findings) if findings else None,
            is_preferred=True if preferred else None,
            edit=None if lazy else workspace_edit(self._client, self._edits, action),
            data=action.to_json(self._document) if lazy else None,
        )

    def _diagnostics_of(self, findings: Sequence[Finding]) -> list[types.Diagnostic] | None:
        """Those of the client's diagnostics that stand for `findings`."""
        keys = {finding_key(each) for each in findings}
        places = [(each.code, self._document.positions.range_to_client(each.range)) for each in findings]
        same = [
            each
            for each in self._request.diagnostics
            if (isinstance(each.data, str) and each.data in keys) or (each.code, each.range) in places
        ]
        return same or None


def workspace_edit(client: ActionClient, edits: ActionEdits, action: Action) -> types.WorkspaceEdit:
    """The edits of an action, tied to the versions they were made for where the client can check that."""
    by_document = {
        each.document: [
            types.TextEdit(each.document.positions.range_to_client(edit.range), edit.content) for edit in each.edits
        ]
        for each in edits.of(action)
    }
    if not client.versioned_edits:
        return types.WorkspaceEdit(changes={document.uri: made for document, made in by_document.items()})
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version), [*made]
            )
            for document, made in by_document.items()
        ]
    )


def read_action(data: object) -> tuple[str, int, Action] | None:
    """The document, its version and the action of what a client sends back to be resolved; None for anything else."""
    if not isinstance(data, Mapping):
        return None
    uri, version = data.get("uri"), data.get("version")
    action = Action.from_json(data)
    return (uri, version, action) if isinstance(uri, str) and isinstance(version, int) and action else None


def _is_safe(fix: Fix) -> bool:
    return fix.applicability is Applicability.SAFE


def _codes(findings: Iterable[Finding]) -> list[str]:
    """The codes of findings, each once, in order."""
    return list(dict.fromkeys(each.code for each in findings))


def _kind(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind

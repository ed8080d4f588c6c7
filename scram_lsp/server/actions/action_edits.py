"""The edits behind each action that the editor offers, made when they are asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from scram_analyzers.findings import Applicability, Finding, Fix, TextEdit
from scram_lsp.server.documents.documents import Document
from scram_lsp.server.documents.units import DocumentEdits, Unit
from scram_lsp.server.findings.diagnostic_json import finding_key

if TYPE_CHECKING:
    from scram_analyzers.engine import Analysis

Deed: TypeAlias = Literal["fix", "fix-rule", "fix-all", "suppress", "suppress-file"]


@dataclass(frozen=True, slots=True)
class Action:
    """What an action does: to the finding of a `key`, to all of a rule's `code`, or to everything."""

    deed: Deed
    key: str | None = None
    code: str | None = None

    def to_json(self, document: Document) -> dict[str, object]:
        """What travels to the client and back."""
        return {
            "deed": self.deed,
            "key": self.key,
            "code": self.code,
            "uri": document.uri,
            "version": document.version,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Action | None:
        """The action that was sent; None for anything else."""
        deed, key, code = data.get("deed"), data.get("key"), data.get("code")
        if deed not in get_args(Deed) or not all(each is None or isinstance(each, str) for each in (key, code)):
            return None
        return cls(deed, key, code)  # type: ignore[arg-type]  # checked in the lines above


class ActionEdits:
    """Makes the edits for one document as it is now.

    `shown` are the findings that the client sees in the document; `unsafe` says whether `fix-all` may change what
    the program does.
    """

    def __init__(
        self, document: Document, unit: Unit, analysis: Analysis, shown: Sequence[Finding], *, unsafe: bool
    ) -> None:
        self._document = document
        self._unit = unit
        self._analysis = analysis
        self._shown = shown
        self._unsafe = unsafe

    @property
    def can_suppress(self) -> bool:
        """Whether the text was read, so that a statement's end is known."""
        return self._analysis.program is not None

    def fix(self, finding: Finding) -> Fix | None:
        """The fix of a shown finding, when it can be made here."""
        fix = self._analysis.fix(self._in_text(finding))
        return fix if fix is not None and self._unit.edits(fix) is not None else None

    def may_fix(self, code: str) -> bool:
        """Whether the rule of a code makes fixes at all."""
        from scram_analyzers.rules.base import Rule

        rule = self._analysis.rules.by_code.get(code)
        return rule is not None and type(rule).fix is not Rule.fix

    @property
    def can_fix_all(self) -> bool:
        """Whether there is anything that `fix-all` would do."""
        return bool(self._chosen(self._everything(), unsafe=self._unsafe))

    def why_not_fix_all(self) -> str | None:
        """What to say where `fix-all` would do nothing; None where there is nothing to fix."""
        if not self._chosen(self._everything(), unsafe=True):
            return None
        return "Every fix here may change what is trained: look at each with Quick Fix, or set `unsafe-fixes`."

    def suppression(self, finding: Finding) -> TextEdit | None:
        """The edit of the text that silences a shown finding."""
        from scram_lsp.server.actions.suppression_edit import suppression_edit

        program = self._analysis.program
        return suppression_edit(program, self._in_text(finding)) if program is not None else None

    def of(self, action: Action) -> list[DocumentEdits]:
        """The edits of an action; none where it no longer applies."""
        from scram_lsp.server.actions.suppression_edit import file_suppression_edit

        fixes: list[Fix] = []
        if action.deed == "fix-all":
            fixes = self._chosen(self._everything(), unsafe=self._unsafe)
        elif action.deed == "fix-rule":
            fixes = self._chosen((each for each in self._everything() if each.code == action.code), unsafe=True)
        elif action.deed == "suppress-file" and action.code is not None:
            fixes = [_as_fix(file_suppression_edit(self._unit.text, action.code))]
        else:
            finding = next((each for each in self._shown if finding_key(each) == action.key), None)
            fixes = self._of_finding(action, finding) if finding is not None else []
        return self._by_document(fixes)

    def _of_finding(self, action: Action, finding: Finding) -> list[Fix]:
        if action.deed == "fix":
            fix = self.fix(finding)
            return [fix] if fix is not None else []
        edit = self.suppression(finding)
        return [_as_fix(edit)] if edit is not None else []

    def _everything(self) -> list[Finding]:
        """The findings of the text, and those that runs showed in this document."""
        keys = {finding_key(each) for each in self._analysis.findings}
        in_text = [self._in_text(each) for each in self._shown]
        return [*self._analysis.findings, *(each for each in in_text if finding_key(each) not in keys)]

    def _chosen(self, findings: Iterable[Finding], *, unsafe: bool) -> list[Fix]:
        """Fixes that can be made together."""
        from scram_lsp.fixing import choose_fixes
        from scram_lsp.reporters import Reported

        reported = [Reported(each, self._analysis.fix(each)) for each in findings]
        return [fix for fix in choose_fixes(reported, unsafe=unsafe) if self._unit.edits(fix) is not None]

    def _by_document(self, fixes: Iterable[Fix]) -> list[DocumentEdits]:
        edits: dict[Document, list[TextEdit]] = {}
        for fix in fixes:
            for each in self._unit.edits(fix) or ():
                edits.setdefault(each.document, []).extend(each.edits)
        return [DocumentEdits(document, tuple(dict.fromkeys(made))) for document, made in edits.items()]

    def _in_text(self, finding: Finding) -> Finding:
        """A shown finding where it is in the analyzed text."""
        place = self._unit.range_in_text(self._document, finding.range)
        return dataclasses.replace(finding, filename=self._unit.filename, range=place)


def _as_fix(edit: TextEdit) -> Fix:
    return Fix("", Applicability.SAFE, (edit,))

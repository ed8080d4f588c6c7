"""What the editor shows when the pointer rests on a finding: what is wrong, why, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from scram_analyzers.findings import Finding, SourcePosition, SourceRange
from scram_lsp.server.documents.documents import Document

if TYPE_CHECKING:
    from scram_analyzers.rules.base import Reference
    from scram_analyzers.rules.registry import RuleSet

_CODE_SPAN = re.compile(r"(`[^`\n]*`)")
_MARKDOWN = re.compile(r"([\\*_<>\[\]#|~])")
_LINE_BREAKS = re.compile(r"[^\S\n]*\n[^\S\n]*")


def hover(
    document: Document,
    position: types.Position,
    findings: Iterable[Finding],
    rules: RuleSet,
    evidence: Callable[[Finding], str | None],
    *,
    beside_diagnostics: bool = False,
) -> types.Hover | None:
    """The explanations of all findings at a position, or None where there are none.

    `evidence` says of a run finding which run showed it. An editor that shows the diagnostics in the same hover
    has their messages there already: `beside_diagnostics` leaves them out.
    """
    at = document.positions.from_client(position)
    here = [each for each in findings if _covers(each, at)]
    if not here:
        return None
    parts = [
        explanation(each, references_of(each, rules), evidence(each), beside_diagnostics=beside_diagnostics)
        for each in here
    ]
    smallest = min(here, key=lambda each: _extent(document, each))
    return types.Hover(
        contents=types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts)),
        range=document.positions.range_to_client(smallest.range),
    )


def joined(
    explained: types.Hover | None, known: tuple[str, SourceRange] | None, document: Document
) -> types.Hover | None:
    """Explanations of findings with what else is known of their place, below them."""
    if known is None:
        return explained
    text, place = known
    if explained is None:
        content = types.MarkupContent(types.MarkupKind.Markdown, text)
        return types.Hover(content, document.positions.range_to_client(place))
    assert isinstance(explained.contents, types.MarkupContent), "as hover() makes it"
    content = types.MarkupContent(types.MarkupKind.Markdown, f"{explained.contents.value}\n\n---\n\n{text}")
    return types.Hover(content, explained.range)


def explanation(
    finding: Finding, references: Sequence[Reference], evidence: str | None, *, beside_diagnostics: bool = False
) -> str:
    """One finding as Markdown; without its message where the diagnostic stands beside it."""
    head = [f"**{finding.name}** · {finding.code} · {finding.severity.value}"]
    if not beside_diagnostics:
        head.append(_escaped(finding.message))
    return "\n\n".join([*head, *_paragraphs(finding, references, evidence)])


def references_of(finding: Finding, rules: RuleSet) -> tuple[Reference, ...]:
    """Where the finding's rule comes from."""
    rule = rules.by_code.get(finding.code)
    return rule.references if rule is not None else ()


def _paragraphs(finding: Finding, references: Sequence[Reference], evidence: str | None) -> Iterator[str]:
    if evidence:
        yield f"*{evidence}*"
    if finding.why:
        yield f"**Why it matters:** {_escaped(finding.why)}"
    if finding.how:
        yield f"**How to mend it:** {_escaped(finding.how)}"
    if finding.recipe:
        fence = "```" if "```" not in finding.recipe else "~~~~"
        yield f"{fence}python\n{finding.recipe.strip()}\n{fence}"
    if references:
        yield "**References:**\n\n" + "\n".join(f"- {_link(each.title, each.url)}" for each in references)
    if finding.url:
        yield _link(f"Rule {finding.code}: {finding.name}", finding.url)


def _link(title: str, url: str) -> str:
    return f"[{_escaped(title)}](<{url}>)" if url else _escaped(title)


def _escaped(text: str) -> str:
    """Plain text as Markdown: what stands between backticks stays code, nothing else is taken for marks."""
    parts = _CODE_SPAN.split(text.strip())
    parts[::2] = [_MARKDOWN.sub(r"\\\1", _LINE_BREAKS.sub("  \n", part)) for part in parts[::2]]
    return "".join(parts)


def _covers(finding: Finding, position: SourcePosition) -> bool:
    return finding.range.start <= position <= finding.range.end


def _extent(document: Document, finding: Finding) -> int:
    """How many characters the finding marks."""
    return document.positions.offset(finding.range.end) - document.positions.offset(finding.range.start)

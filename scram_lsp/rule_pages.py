"""The explanation of a rule as Markdown, for the terminal and the editor, offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from scram_analyzers.notes import NOTES, Note

if TYPE_CHECKING:
    from scram_analyzers.rules.base import Example, Rule
    from scram_lsp.selection import Catalogue

Explained: TypeAlias = "Note | type[Rule]"


def find(catalogue: Catalogue, code: str) -> Explained:
    """The rule or note of a code that the catalogue knows."""
    rule = catalogue.rules.get(code)
    return rule if rule is not None else next(note for note in NOTES if note.code == code)


def rule_page(explained: Explained) -> str:
    """What a rule reports, why it matters and what to do, with an example."""
    return "\n".join(_lines(explained))


def _lines(explained: Explained) -> Iterator[str]:
    yield f"# {explained.name} ({explained.code})"
    yield ""
    yield f"Reports {explained.summary.rstrip('.')}."
    yield from ("", "## Why it matters", "", explained.why, "", "## What to do", "", explained.how, "")
    if not isinstance(explained, Note):
        yield from _rule_lines(explained)
        yield from ("## How to silence it", "", f"`# scram: ignore[{explained.code}]` on the statement", "")


def _rule_lines(rule: type[Rule]) -> Iterator[str]:
    for example in rule.bad[:1]:
        yield from _example_lines(example)
    if rule.false_alarms:
        yield from ("## When it may be wrong", "", rule.false_alarms, "")
    if rule.options:
        yield from (f"## Options (`[tool.scram.rules.{rule.code}]`)", "")
        yield from (f"- `{each.name} = {each.default:g}`: {each.meaning} ({each.source})" for each in rule.options)
        yield ""
    if rule.references:
        yield from ("## References", "")
        yield from (f"- {each.title} {f'<{each.url}>' if each.url else ''}".rstrip() for each in rule.references)
        yield ""


def _example_lines(example: Example) -> Iterator[str]:
    yield from (f"## Example: {example.title}", "", "```python", example.source.strip("\n"), "```", "")
    if example.fixed is not None:
        yield from ("After the fix:", "", "```python", example.fixed.strip("\n"), "```", "")

"""`scram-lint rule` and `scram explain`: what a rule reports, why, and how to mend it, offline."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from scram_analyzers.notes import NOTES, Note
from scram_lsp.cli.terminal import CLEAN, FAILED, say

if TYPE_CHECKING:
    from scram_analyzers.rules.base import Example, Rule
    from scram_lsp.selection import Catalogue

Explained: TypeAlias = "Note | type[Rule]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of both commands."""
    parser.add_argument("rules", nargs="*", metavar="CODE|NAME", help="SCR101 or learning-rate-too-high")
    parser.add_argument("--all", action="store_true", help="explain every rule")
    parser.add_argument("--output-format", choices=("full", "json"), default="full")


def main_rule(arguments: Sequence[str]) -> int:
    """`scram-lint rule`; returns the exit code."""
    parser = argparse.ArgumentParser("scram-lint rule", description="Explain rules.", allow_abbrev=False)
    add_arguments(parser)
    return explain("scram-lint", parser.parse_args(arguments))


def explain(command: str, options: argparse.Namespace) -> int:
    """Print the explanations that are asked for; returns the exit code."""
    from scram_lsp.selection import Catalogue, UnknownNameError

    catalogue = Catalogue.build()
    wanted = list(catalogue.names) if options.all else options.rules
    if not wanted:
        say(command, "name a rule, as in SCR101 or learning-rate-too-high, or ask for --all")
        return FAILED
    try:
        codes = [catalogue.code_of(each) for each in wanted]
    except UnknownNameError as error:
        say(command, str(error))
        return FAILED
    explained = [_find(catalogue, code) for code in codes]
    if options.output_format == "json":
        print(json.dumps([_as_json(each) for each in explained], indent=2))
    else:
        _print_markdown("\n".join("\n".join(_markdown(each)) for each in explained))
    return CLEAN


def _find(catalogue: Catalogue, code: str) -> Explained:
    rule = catalogue.rules.get(code)
    return rule if rule is not None else next(note for note in NOTES if note.code == code)


def _print_markdown(text: str) -> None:
    """Laid out on a terminal, plain where another program reads."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


def _markdown(explained: Explained) -> Iterator[str]:
    yield f"# {explained.name} ({explained.code})"
    yield ""
    yield f"Reports {explained.summary.rstrip('.')}."
    yield from ("", "## Why it matters", "", explained.why, "", "## What to do", "", explained.how, "")
    if not isinstance(explained, Note):
        yield from _rule_markdown(explained)
        yield from ("## How to silence it", "", f"`# scram: ignore[{explained.code}]` on the statement", "")


def _rule_markdown(rule: type[Rule]) -> Iterator[str]:
    for example in rule.bad[:1]:
        yield from _example_markdown(example)
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


def _example_markdown(example: Example) -> Iterator[str]:
    yield from (f"## Example: {example.title}", "", "```python", example.source.strip("\n"), "```", "")
    if example.fixed is not None:
        yield from ("After the fix:", "", "```python", example.fixed.strip("\n"), "```", "")


def _as_json(explained: Explained) -> dict[str, Any]:
    data: dict[str, Any] = {
        "code": explained.code,
        "name": explained.name,
        "severity": explained.severity.value,
        "summary": explained.summary,
        "why": explained.why,
        "how": explained.how,
    }
    if isinstance(explained, Note):
        return data
    return data | {
        "confidence": explained.confidence.value,
        "enabled_by_default": explained.enabled_by_default,
        "false_alarms": explained.false_alarms,
        "options": [
            {"name": each.name, "default": each.default, "meaning": each.meaning, "source": each.source}
            for each in explained.options
        ],
        "references": [{"title": each.title, "url": each.url} for each in explained.references],
    }

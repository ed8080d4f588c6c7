"""`scram-lint rule` and `scram explain`: what a rule reports, why, and how to mend it, offline."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from scram_analyzers.notes import Note
from scram_lsp.cli.terminal import CLEAN, FAILED, say
from scram_lsp.rule_pages import Explained, find, rule_page


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
    explained = [find(catalogue, code) for code in codes]
    if options.output_format == "json":
        print(json.dumps([_as_json(each) for each in explained], indent=2))
    else:
        _print_markdown("\n".join(rule_page(each) for each in explained))
    return CLEAN


def _print_markdown(text: str) -> None:
    """Laid out on a terminal, plain where another program reads."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


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

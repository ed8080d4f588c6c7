"""Findings as a JSON list, in the stable form of `scram_lsp.finding_json`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from typing import TextIO

from scram_lsp.finding_json import finding_to_json
from scram_lsp.reporters import Reported, TextOf

_INDENT = 2


def report(findings: Iterable[Reported], text_of: TextOf, stream: TextIO) -> None:
    """Print the list, also when it is empty; item by item, so that a long one need not be held."""
    opened = False
    for each in findings:
        item = json.dumps(finding_to_json(each.finding, each.fix), indent=_INDENT)
        stream.write(",\n" if opened else "[\n")
        stream.write(textwrap.indent(item, " " * _INDENT))
        opened = True
    stream.write("\n]\n" if opened else "[]\n")

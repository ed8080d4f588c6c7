"""Findings as a JSON list, in the stable form of `scram_lsp.finding_json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TextIO

from scram_lsp.finding_json import finding_to_json
from scram_lsp.reporters import Reported, TextOf


def report(findings: Sequence[Reported], text_of: TextOf, stream: TextIO) -> None:
    """Print the list, also when it is empty."""
    json.dump([finding_to_json(each.finding, each.fix) for each in findings], stream, indent=2)
    stream.write("\n")

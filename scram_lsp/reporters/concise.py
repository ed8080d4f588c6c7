"""One line a finding: `path:line:column: SCR101 [*] message`; the star stands for a safe fix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from scram_analyzers.findings import Applicability
from scram_lsp.reporters import Reported, TextOf
from scram_lsp.reporters.printable import place, visible


def report(findings: Iterable[Reported], text_of: TextOf, stream: TextIO) -> None:
    """Print one line for each."""
    for each in findings:
        finding = each.finding
        safe = each.fix is not None and each.fix.applicability is Applicability.SAFE
        message = visible(" ".join(finding.message.split()))
        where = place(finding.filename, finding.range.start, finding.cell)
        stream.write(f"{where}: {finding.code} {'[*] ' if safe else ''}{message}\n")

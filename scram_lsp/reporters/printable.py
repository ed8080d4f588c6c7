"""Text as a terminal may show it: paths short, control characters visible."""

from __future__ import annotations

from pathlib import Path

from scram_analyzers.findings import SourcePosition
from scram_lsp.files import short_path

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
_CONTROL_PICTURES |= {0x7F: "\u2421"} | dict.fromkeys(range(128, 160), "�")


def visible(text: str) -> str:
    """The text with control characters as signs for them: source code must not steer a terminal."""
    return text.translate(_CONTROL_PICTURES)


def place(filename: str, position: SourcePosition, cell: int | None) -> str:
    """`path:line:column` with columns from 1, as editors and terminals make links of it.

    In a notebook `path:cell 4:line:column`, with the cell's own lines.
    """
    path = visible(short_path(Path(filename)))
    within = f":cell {cell}" if cell is not None else ""
    return f"{path}{within}:{position.line}:{position.column + 1}"

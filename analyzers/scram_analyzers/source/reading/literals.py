"""What literals are worth, those that Python refuses included."""

from __future__ import annotations

import libcst as cst


def string_value(node: cst.SimpleString | cst.ConcatenatedString) -> str | bytes | None:
    """The text or bytes of a string; None for one that can't be told, as of an escape that is still being typed."""
    try:
        return node.evaluated_value
    except (SyntaxError, ValueError):  # libcst takes "\x" for a string, and has Python tell its value
        return None

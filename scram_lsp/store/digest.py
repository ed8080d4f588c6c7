"""How a text is recognized as the one that ran."""

from __future__ import annotations

import hashlib


def text_digest(text: str) -> str:
    """SHA-256 of a text in hex; of the text and not the file's bytes, so that an editor's buffer can be compared."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

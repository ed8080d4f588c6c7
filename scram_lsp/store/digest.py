"""How a text is recognized as the one that ran."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

CELLS = "cells:"
"""What the digest of a notebook begins with; those of its cells follow, in order, with commas between."""

CELL_DIGEST_LENGTH = 12
MAX_DIGEST_LENGTH = 4_000
"""It must fit into a message; a notebook of more than 300 cells is not recognized later."""


def text_digest(text: str) -> str:
    """SHA-256 of a text in hex; of the text and not the file's bytes, so that an editor's buffer can be compared."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def cells_digest(cells: Sequence[str | None]) -> str:
    """What tells the code cells of a notebook, each by its own text; None stands for a cell that is no code."""
    digest = CELLS + ",".join("" if text is None else _cell_digest(text) for text in cells)
    return digest if len(digest) <= MAX_DIGEST_LENGTH else ""


def is_of_cells(digest: str) -> bool:
    """Whether a digest is a notebook's."""
    return digest.startswith(CELLS)


def cell_now(digest: str, number: int, cells: Sequence[str | None]) -> int | None:
    """Which of `cells` is the one that was `number` (from 1) in the notebook of that digest; None when none is."""
    known = digest.removeprefix(CELLS).split(",") if is_of_cells(digest) else []
    wanted = known[number - 1] if 0 < number <= len(known) else ""
    alike = [
        place for place, text in enumerate(cells, 1) if wanted and text is not None and _cell_digest(text) == wanted
    ]
    return number if number in alike else next(iter(alike), None)


def is_digest_of(digest: str, text: str) -> bool:
    """Whether a text is the one of that digest, or one of the cells of a notebook's."""
    if is_of_cells(digest):
        return _cell_digest(text) in digest.removeprefix(CELLS).split(",")
    return digest == text_digest(text)


def _cell_digest(text: str) -> str:
    return text_digest(text.rstrip())[:CELL_DIGEST_LENGTH]  # IPython ends what it runs with a line break

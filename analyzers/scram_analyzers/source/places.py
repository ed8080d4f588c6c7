"""Where in a module something was written."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from scram_analyzers.source.reading.chunks import Section


class Place(NamedTuple):
    """A node of the tree, with the section it belongs to. On which lines that is, `Program.range_of` tells."""

    section: Section
    node: cst.CSTNode

    def __repr__(self) -> str:
        return f"<{self.text!r}>"

    @property
    def key(self) -> tuple[int, int]:
        """What tells this place from any other, without working out its range.

        The node alone would not do: statements that read the same share one tree.
        """
        return id(self.section), id(self.node)

    @property
    def text(self) -> str:
        """The node as it is written."""
        return self.section.parsed.text_of(self.node)

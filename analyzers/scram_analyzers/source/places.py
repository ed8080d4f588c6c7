"""Where in a module something was written."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.reading.chunks import PlacedChunk


class Place(NamedTuple):
    """A node of the tree, with the chunk it belongs to; its range is worked out when first asked for."""

    chunk: PlacedChunk
    node: cst.CSTNode

    def __repr__(self) -> str:
        return f"<{self.text!r} on line {self.line}>"

    @property
    def range(self) -> SourceRange:
        """The node's range in the module."""
        return self.chunk.range_of(self.node)

    @property
    def key(self) -> tuple[int, int]:
        """What tells this place from any other, without working out its range.

        The node alone would not do: statements that read the same share one tree.
        """
        return self.chunk.first_line, id(self.node)

    @property
    def text(self) -> str:
        """The node as it is written."""
        assert self.chunk.parsed.module is not None
        return self.chunk.parsed.module.code_for_node(self.node)

    @property
    def line(self) -> int:
        """The line it starts on, from 1."""
        return self.range.start.line

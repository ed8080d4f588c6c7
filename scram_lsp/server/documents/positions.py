"""Positions in a text: where columns change between code points and the units of a client's protocol types."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec

from scram_analyzers.findings import SourcePosition, SourceRange
from scram_lsp.server.documents.text_lines import TextLines


class TextPositions(TextLines):
    """Translates between source positions and the client's positions within one text, too."""

    def __init__(self, text: str, codec: PositionCodec, starts: Sequence[int] | None = None) -> None:
        super().__init__(text, starts)
        self._codec = codec

    def to_client(self, position: SourcePosition) -> types.Position:
        """A position in the client's units."""
        inside = self.at_offset(self.offset(position))
        prefix = self.line(inside.line)[: inside.column]
        return types.Position(inside.line - 1, self._codec.client_num_units(prefix))

    def from_client(self, position: types.Position) -> SourcePosition:
        """The source position of one in the client's units."""
        if position.line >= self.count:
            return self.at_offset(len(self._text))
        line = self.line(position.line + 1)
        if line.isascii():
            return SourcePosition(position.line + 1, min(position.character, len(line)))
        column = units = 0
        while column < len(line) and units < position.character:
            units += self._codec.client_num_units(line[column])
            column += 1
        return SourcePosition(position.line + 1, column)

    def range_to_client(self, place: SourceRange) -> types.Range:
        """A range in the client's units."""
        return types.Range(self.to_client(place.start), self.to_client(place.end))

    def range_from_client(self, place: types.Range) -> SourceRange:
        """The source range of one in the client's units, its ends put in order."""
        first, second = self.from_client(place.start), self.from_client(place.end)
        return SourceRange(min(first, second), max(first, second))

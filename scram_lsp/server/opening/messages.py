"""What a client writes, cut into messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_LENGTH = re.compile(rb"(?:^|\r\n)Content-Length: (\d+)\r\n")
_HEADER_END = b"\r\n\r\n"


class UnreadableError(ValueError):
    """What came is no message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: as it came, with its header, and what it says."""

    written: bytes
    said: dict[str, Any]

    @property
    def method(self) -> str | None:
        """What is asked or told; None for an answer."""
        method = self.said.get("method")
        return method if isinstance(method, str) else None

    @property
    def params(self) -> dict[str, Any]:
        """What goes with it; empty where that is no object."""
        params = self.said.get("params")
        return params if isinstance(params, dict) else {}

    @property
    def uri(self) -> object:
        """The document it speaks of."""
        document = self.params.get("textDocument")
        return document.get("uri") if isinstance(document, dict) else None


class MessageCutter:
    """Takes bytes as they come and gives whole messages. `rest` is what came after the last of them."""

    def __init__(self) -> None:
        self.rest = b""

    def take(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now. Raises `UnreadableError`; what can't be read is in `rest` then."""
        self.rest += data
        while (end := self.rest.find(_HEADER_END)) >= 0:
            length = _LENGTH.search(self.rest, 0, end + 2)
            if length is None:
                raise UnreadableError("a header without a length")
            size = end + len(_HEADER_END) + int(length[1])
            if len(self.rest) < size:
                return
            message = Message(self.rest[:size], _said(self.rest[end + len(_HEADER_END) : size]))
            self.rest = self.rest[size:]
            yield message


def written(body: dict[str, Any]) -> bytes:
    """A message to the client."""
    text = json.dumps({"jsonrpc": "2.0", **body}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(text) + text


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(said, dict):
        raise UnreadableError("a message that is no object")
    return said

"""The conversation with the client over standard input and output, from where the opening leaves it.

pygls has a loop of its own to read messages, but one that leaves a question unanswered when its parameters can't be
read, logs a traceback of pages for each, and goes on when nobody hears the answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import threading
from collections.abc import Set as AbstractSet
from typing import Any

from cattrs import transform_error
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcInvalidRequest

from scram_lsp.server.client_input import ClientInput
from scram_lsp.server.client_output import ClientOutput
from scram_lsp.server.language_server import ScramLanguageServer
from scram_lsp.server.opening.messages import written
from scram_lsp.server.opening.opening import Opening

log = logging.getLogger(__name__)

NO_LIMIT = 1 << 40
"""A line may have any length: with a limit a client that sends a longer one would end the server."""

LONGEST_LEAVE_SECONDS = 1.0
"""What is still under way when the client leaves is left undone after that long."""

LONGEST_REASON = 300
"""Characters said of why a message can't be read."""

_LENGTH = re.compile(rb"Content-Length: (\d+)\r\n")


def converse(server: ScramLanguageServer, told: ClientInput, said: ClientOutput, opening: Opening) -> None:
    """Serve the client until it leaves or is gone, beginning with what the opening has heard and not answered."""
    server.protocol.set_writer(_AfterOpening(said, opening.answered))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(server, told, said, opening))
    server.shutdown()  # type: ignore[no-untyped-call]  # pygls gives it none


async def _listen(server: ScramLanguageServer, told: ClientInput, said: ClientOutput, opening: Opening) -> None:
    reader, loop = asyncio.StreamReader(NO_LIMIT), asyncio.get_running_loop()
    listening = asyncio.ensure_future(_hear_all(server, said, reader))

    def feed(data: bytes) -> None:
        if data:
            loop.call_soon_threadsafe(reader.feed_data, data)
        else:
            loop.call_soon_threadsafe(reader.feed_eof)

    def leave() -> None:
        loop.call_soon_threadsafe(listening.cancel)

    told.hand_over(opening.unheard, feed)
    said.hand_over(leave)
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    _leave_anyway_after(LONGEST_LEAVE_SECONDS, server.exit_code)


async def _hear_all(server: ScramLanguageServer, said: ClientOutput, reader: asyncio.StreamReader) -> None:
    """Take messages until the last one."""
    with contextlib.suppress(asyncio.IncompleteReadError):  # the input ended within a message
        while body := await _next_body(reader):
            message = _said(body)
            if message.get("method") == "exit":
                return
            try:
                _take(server, message)
            except JsonRpcException as error:
                server.complain(f"a message of the client was not understood: {error.message}")
                if "method" in message and isinstance(message.get("id"), int | str):
                    refusal = {"code": error.code, "message": error.message}
                    said.write(written({"id": message["id"], "error": refusal}))


async def _next_body(reader: asyncio.StreamReader) -> bytes:
    """What the next message says; empty at the end. Lines that belong to no header are passed over."""
    length = 0
    while line := await reader.readline():
        found = _LENGTH.fullmatch(line)
        if found is not None:
            length = int(found[1])
        elif length and not line.strip():
            return await reader.readexactly(length)
    return b""


def _said(body: bytes) -> dict[str, Any]:
    """A message as JSON; an empty one where it is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        log.warning("the client has sent what is no JSON: %s", error)
        return {}
    return said if isinstance(said, dict) else {}


def _take(server: ScramLanguageServer, message: dict[str, Any]) -> None:
    """Let pygls handle a message. Raises `JsonRpcException` where the client has not kept to the protocol."""
    if "jsonrpc" not in message:
        raise JsonRpcInvalidRequest("no message of JSON-RPC")
    if server.shutdown_requested and "method" in message:
        raise JsonRpcInvalidRequest("the server was told to shut down")
    if "method" in message:
        message.setdefault("params", None)  # one that pygls does not know may have none
    try:
        understood = server.protocol.structure_message(message)
    except JsonRpcException as error:
        cause = error.__cause__
        reasons = "; ".join(transform_error(cause)) if cause is not None else str(error)
        raise JsonRpcInvalidParams(f"{message.get('method')}: {reasons[:LONGEST_REASON]}") from error
    server.protocol.handle_message(understood)


def _leave_anyway_after(seconds: float, code: int) -> None:
    """End this process then, if it has not come to its end: a file under analysis, a pool of processes."""
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


class _AfterOpening:
    """Writes what pygls says, but for its answers to what the opening has answered."""

    def __init__(self, said: ClientOutput, answered: AbstractSet[int | str]) -> None:
        self._said = said
        self._answered = set(answered)

    def write(self, data: bytes) -> None:
        """Pass on one message."""
        if self._answered:
            message = json.loads(data.partition(b"\r\n\r\n")[2])
            identity = message.get("id")
            if "method" not in message and identity in self._answered:
                self._answered.discard(identity)
                if "error" in message:
                    log.error("pygls refuses what was answered: %s", message["error"])
                return
        self._said.write(data)

    def close(self) -> None:
        """Nothing is kept open."""

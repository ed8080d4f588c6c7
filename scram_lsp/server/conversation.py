"""The conversation with the client over standard input and output, from where the opening leaves it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from typing import BinaryIO

from pygls.io_ import StdoutWriter, run_async
from pygls.lsp.server import LanguageServer

from scram_lsp.server.client_input import ClientInput
from scram_lsp.server.opening.opening import Opening

log = logging.getLogger(__name__)

NO_LIMIT = 1 << 40
"""A line may have any length: with a limit a client that sends a longer one would end the server."""


def converse(server: LanguageServer, told: ClientInput, said: BinaryIO, opening: Opening) -> None:
    """Serve the client until it leaves, beginning with what the opening has heard and not answered."""
    writer = StdoutWriter(said)
    server.protocol.set_writer(writer if opening.answered is None else _AfterOpening(writer, opening.answered))
    try:
        asyncio.run(_listen(server, told, opening))
    except BrokenPipeError:
        log.error("the client is gone")
    except (KeyboardInterrupt, SystemExit):  # the latter is how pygls takes the word to leave
        pass
    finally:
        server.shutdown()  # type: ignore[no-untyped-call]  # pygls gives it none


async def _listen(server: LanguageServer, told: ClientInput, opening: Opening) -> None:
    reader, loop = asyncio.StreamReader(NO_LIMIT), asyncio.get_running_loop()

    def feed(data: bytes) -> None:
        if data:
            loop.call_soon_threadsafe(reader.feed_data, data)
        else:
            loop.call_soon_threadsafe(reader.feed_eof)

    told.hand_over(opening.unheard, feed)
    with contextlib.suppress(asyncio.IncompleteReadError):  # it ended within a message
        await run_async(threading.Event(), reader, server.protocol, error_handler=server.report_server_error)


class _AfterOpening:
    """Writes what pygls says, but for its answer to the client's introduction, which the opening has given."""

    def __init__(self, writer: StdoutWriter, answered: object) -> None:
        self._writer = writer
        self._answered: object | None = answered

    def write(self, data: bytes) -> None:
        """Pass on one message."""
        if self._answered is not None:
            message = json.loads(data.partition(b"\r\n\r\n")[2])
            if "method" not in message and message.get("id") == self._answered:
                self._answered = None
                if "error" in message:
                    log.error("the client's introduction can't be read: %s", message["error"])
                return
        self._writer.write(data)

    def close(self) -> None:
        """Close what is written to."""
        self._writer.close()  # type: ignore[no-untyped-call]  # pygls gives it none

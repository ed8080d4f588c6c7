"""The conversation with the client over standard input and output.

pygls would read each header and each body by a thread of a pool, and every one of these hand-overs takes its turn
with the analysis. Here one thread reads, and hands over whatever has come, at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from typing import BinaryIO

from pygls.io_ import StdoutWriter, run_async
from pygls.lsp.server import LanguageServer

log = logging.getLogger(__name__)

READ_BYTES = 1 << 16
NO_LIMIT = 1 << 40
"""A line may have any length: with a limit a client that sends a longer one would end the server."""


def converse(server: LanguageServer, told: BinaryIO, said: BinaryIO) -> None:
    """Serve the client that writes `told`, of which nothing was read yet, until it leaves."""
    server.protocol.set_writer(StdoutWriter(said))
    try:
        asyncio.run(_listen(server, told))
    except BrokenPipeError:
        log.error("the client is gone")
    except (KeyboardInterrupt, SystemExit):  # the latter is how pygls takes the word to leave
        pass
    finally:
        server.shutdown()  # type: ignore[no-untyped-call]  # pygls gives it none


async def _listen(server: LanguageServer, told: BinaryIO) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError):  # it ended within a message
        await run_async(threading.Event(), _reader_of(told), server.protocol, error_handler=server.report_server_error)


def _reader_of(stream: BinaryIO) -> asyncio.StreamReader:
    """What comes from a stream. The thread is a daemon: an end does not wait for the client to say one more thing."""
    reader = asyncio.StreamReader(NO_LIMIT)
    arguments = (stream.fileno(), reader, asyncio.get_running_loop())
    threading.Thread(target=_feed, args=arguments, name="scram-input", daemon=True).start()
    return reader


def _feed(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the server has left
        while data := _read(descriptor):
            loop.call_soon_threadsafe(reader.feed_data, data)
        loop.call_soon_threadsafe(reader.feed_eof)


def _read(descriptor: int) -> bytes:
    """What has come, at least one byte; nothing at the end."""
    try:
        return os.read(descriptor, READ_BYTES)
    except OSError as error:
        log.info("the input can't be read any more: %s", error)
        return b""

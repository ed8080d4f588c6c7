"""The server side of the local socket: it listens to any number of runs on the language server's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from scram_analyzers.findings import Finding, Origin
from scram_lsp.live.discovery import HOST
from scram_lsp.live.messages import (
    MAX_LINE_BYTES,
    PROTOCOL,
    Ack,
    End,
    FindingMessage,
    Hello,
    MessageError,
    Progress,
    Refused,
    RunMessage,
    ServerMessage,
    Stop,
    Welcome,
    decode_from_run,
    encode,
)

log = logging.getLogger(__name__)

GREETING_SECONDS = 5.0
"""How long a connection may take to introduce itself, and to read what it is sent."""

MAX_CONNECTIONS = 64
MAX_RUNS_REMEMBERED = 256
BURST_MESSAGES = 2_000
MESSAGES_PER_SECOND = 500
"""What a connection may send: a burst (a replay after a reconnect), then a steady rate."""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run that has introduced itself; `started` is ISO 8601 with the time zone, the rest as in `Hello`."""

    run: str
    script: str
    started: str
    digest: str = ""
    can_stop: bool = False


class Audience(Protocol):
    """Whoever wants to know what the runs say; always called on the loop's own thread."""

    def run_began(self, run: LiveRun) -> None:
        """A run introduced itself, or came back after its connection was lost."""

    def run_refused(self, run: LiveRun, protocol: int) -> None:
        """A run can't be listened to, because it speaks another version of the protocol."""

    def run_found(self, run: LiveRun, sequence: int, finding: Finding) -> None:
        """A run found something; each sequence number of a run comes once."""

    def run_progressed(self, run: LiveRun, progress: Progress) -> None:
        """A run says how far it is."""

    def run_ended(self, run: LiveRun, status: str) -> None:
        """A run is over, "finished" or "failed"."""


class _RefusedError(Exception):
    """Why a connection is ended from this side."""


class LiveListener:
    """Accepts runs on 127.0.0.1, checks what they say and passes it to the audience.

    `read_finding` turns the JSON of a finding into one and raises `ValueError` for anything else. Whatever a
    connection sends, the others and the server go on.
    """

    def __init__(self, audience: Audience, read_finding: Callable[[Mapping[str, Any]], Finding]) -> None:
        self.token = secrets.token_urlsafe(32)
        self._audience = audience
        self._read_finding = read_finding
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._writers: dict[str, asyncio.StreamWriter] = {}

    async def start(self) -> int:
        """Begin to listen; gives the port. Raises `OSError` when the machine has none to give."""
        self._server = await asyncio.start_server(self._accept, HOST, 0, limit=MAX_LINE_BYTES)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
            for writer in self._connections:
                writer.close()
            await self._server.wait_closed()

    def stop(self, run: LiveRun) -> bool:
        """Ask a run to end its training; False when it is not connected or did not say that it can be asked."""
        writer = self._writers.get(run.run)
        if writer is None or not run.can_stop:
            return False
        writer.write(encode(Stop()))
        return True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            if len(self._connections) > MAX_CONNECTIONS:
                raise _RefusedError(f"more than {MAX_CONNECTIONS} connections")
            run = await self._greet(reader, writer)
            self._writers[run.run] = writer
            await self._listen(run, reader, writer)
        except (_RefusedError, MessageError) as refusal:
            log.warning("refused a connection to the live socket: %s", refusal)
            await _say_refused(writer, str(refusal))
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
            log.info("a connection to the live socket was lost: %r", error)
        except Exception:
            log.exception("a connection to the live socket failed")
        finally:
            self._connections.discard(writer)
            self._writers = {run: each for run, each in self._writers.items() if each is not writer}
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> LiveRun:
        try:
            hello = decode_from_run(await asyncio.wait_for(_read_line(reader), GREETING_SECONDS))
        except asyncio.TimeoutError:
            raise _RefusedError(f"no hello within {GREETING_SECONDS:g} seconds") from None
        if not isinstance(hello, Hello):
            raise _RefusedError("the first message must be a hello")
        if not hmac.compare_digest(hello.token.encode("utf-8", "replace"), self.token.encode()):
            raise _RefusedError("wrong token")
        run = LiveRun(hello.run, hello.script, hello.started, hello.digest, hello.can_stop)
        if hello.protocol != PROTOCOL:
            self._audience.run_refused(run, hello.protocol)
            raise _RefusedError(f"protocol version {hello.protocol}; this server speaks {PROTOCOL}")
        log.info("run %s of %s is connected", run.run, run.script)
        self._audience.run_began(run)
        await _say(writer, Welcome(seen=self._seen.get(run.run, 0)))
        return run

    async def _listen(self, run: LiveRun, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        allowance = _Allowance()
        while line := await _read_line(reader):
            if not allowance.take():
                raise _RefusedError(f"run {run.run} floods: over {MESSAGES_PER_SECOND} messages a second")
            answer = self._take(run, decode_from_run(line))
            if answer is not None:
                await _say(writer, answer)
            await asyncio.sleep(0)  # buffered lines never keep the loop from the editor

    def _take(self, run: LiveRun, message: RunMessage) -> ServerMessage | None:
        if isinstance(message, FindingMessage):
            self._take_finding(run, message)
            return Ack(sequence=message.sequence)
        if isinstance(message, Progress):
            self._audience.run_progressed(run, message)
        elif isinstance(message, End):
            self._audience.run_ended(run, message.status)
        else:
            raise _RefusedError("a second hello on one connection")
        return None

    def _take_finding(self, run: LiveRun, message: FindingMessage) -> None:
        """Pass a finding on, once. A bad one is logged and counted as seen: a replay would not mend it."""
        if message.sequence <= self._seen.get(run.run, 0):
            return
        self._remember(run.run, message.sequence)
        try:
            finding = self._read_finding(message.finding)
            if finding.origin is not Origin.RUN:
                raise ValueError("its origin is not 'run'")
        except ValueError as error:
            log.warning("finding %d of run %s is not valid: %s", message.sequence, run.run, error)
            return
        self._audience.run_found(run, message.sequence, finding)

    def _remember(self, run: str, sequence: int) -> None:
        self._seen[run] = sequence
        self._seen.move_to_end(run)
        if len(self._seen) > MAX_RUNS_REMEMBERED:
            self._seen.popitem(last=False)


class _Allowance:
    """How many messages a connection may still send just now."""

    def __init__(self) -> None:
        self._left = float(BURST_MESSAGES)
        self._since = time.monotonic()

    def take(self) -> bool:
        """Use one up; False when there is none."""
        now = time.monotonic()
        self._left = min(BURST_MESSAGES, self._left + (now - self._since) * MESSAGES_PER_SECOND)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    """The next whole line, or nothing at the end of the stream."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise _RefusedError(f"a line of more than {MAX_LINE_BYTES} bytes") from None
    except asyncio.IncompleteReadError:  # whatever was begun can't be finished any more
        return b""


async def _say(writer: asyncio.StreamWriter, message: ServerMessage) -> None:
    writer.write(encode(message))
    await asyncio.wait_for(writer.drain(), GREETING_SECONDS)


async def _say_refused(writer: asyncio.StreamWriter, reason: str) -> None:
    with contextlib.suppress(OSError, asyncio.TimeoutError):  # it may not be listening any more
        await _say(writer, Refused(reason=reason[:500]))

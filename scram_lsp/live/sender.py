"""The training side of the local socket: one daemon thread that tells every fitting language server.

Training never waits for it: `send` and `progress` only leave something to fetch. What was sent is kept for as
long as the run lasts, because a server that starts late or again must hear it from the beginning; a run's
findings are few (one for each rule and place), and the run store holds them besides.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from scram_lsp.live.discovery import HOST, ServerAddress, servers_for
from scram_lsp.live.forks import forks_wait
from scram_lsp.live.messages import (
    MAX_LINE_BYTES,
    PROTOCOL,
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
    decode_from_server,
    encode,
)

log = logging.getLogger(__name__)

MAX_FINDINGS = 10_000
"""More findings of one run are not sent; they are in the store."""

PROGRESS_SECONDS = 0.5
"""How often progress is told, and the longest time until the thread looks around again."""

DISCOVERY_SECONDS = 2.0
"""How often servers are looked for: an editor may start in the middle of a run."""

MAX_ANSWERS = 2 * MAX_FINDINGS
"""What a server may say between two looks; an acknowledgement of each finding is far below it."""

SOCKET_SECONDS = 1.0
"""How long the thread (never training) waits for a server to take or say something."""

FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 60.0
"""A server that can't be reached is tried again after twice the time of the last try, up to this."""


class Sender:
    """Tells the language servers whose folders hold `script` about one run; `digest` is as in `Hello`.

    With `can_stop` a server may ask that the training ends; then `stop_wanted` is set.
    """

    def __init__(
        self, script: Path, run: str, started: str, pid: int, digest: str = "", *, can_stop: bool = False
    ) -> None:
        self.stop_wanted = threading.Event()
        self._script = script
        self._identity = {
            "run": run,
            "script": str(script),
            "started": started,
            "pid": pid,
            "digest": digest,
            "can_stop": can_stop,
        }
        self._findings: list[FindingMessage] = []
        self._reached: tuple[int, int, int | None, float | None] | None = None
        self._status: Literal["finished", "failed"] | None = None
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scram-sender", daemon=True)
        self._is_threaded = True
        self._links: dict[Path, ServerLink] = {}
        self._next_discovery = 0.0

    def start(self) -> None:
        """Begin to look for servers; an interpreter that is ending starts no threads, and then `end` does all."""
        self._wake.set()
        try:
            self._thread.start()
        except RuntimeError as error:
            log.info("no thread: %s", error)
            self._is_threaded = False

    def send(self, sequence: int, finding: Mapping[str, Any]) -> None:
        """Leave a finding, in its JSON form, for every server, now and later. Sequences must rise."""
        if len(self._findings) < MAX_FINDINGS:
            self._findings.append(FindingMessage(sequence=sequence, finding=finding))
            self._wake.set()

    def progress(self, epoch: int, step: int, epochs: int | None, loss: float | None) -> None:
        """Leave how far the run is; only the latest is told."""
        self._reached = (epoch, step, epochs, loss)  # the message is made by the thread that sends it

    def end(self, status: Literal["finished", "failed"], timeout: float) -> None:
        """Tell that the run is over, and wait, at most `timeout` seconds, until every server has all."""
        self._status = status
        self._wake.set()
        if self._is_threaded:
            self._thread.join(timeout)
        else:
            self._run()

    def _run(self) -> None:
        try:
            status = told = progress = None
            while status is None:
                self._wake.wait(PROGRESS_SECONDS)
                self._wake.clear()
                status, reached = self._status, self._reached
                if reached is not None and reached is not told:
                    told, progress = reached, _progress(*reached)
                with forks_wait():
                    self._tell(progress, status)
        except Exception:
            # Findings are in the store; a fault here must not reach training, and is worth a report.
            log.exception("live findings are off for the rest of this run")
        finally:
            for link in self._links.values():
                link.close()

    def _tell(self, progress: Progress | None, status: Literal["finished", "failed"] | None) -> None:
        self._discover()
        for link in self._links.values():
            link.serve(self._findings, progress, status)

    def _discover(self) -> None:
        now = time.monotonic()
        if now < self._next_discovery and self._status is None:
            return
        self._next_discovery = now + DISCOVERY_SECONDS
        known = {server.file: server for server in self._fitting_servers()}
        gone = [file for file, link in self._links.items() if file not in known and not link.is_connected]
        for file in gone:
            del self._links[file]
        for file, server in known.items():
            if file not in self._links:
                self._links[file] = ServerLink(server, self._identity, self.stop_wanted)

    def _fitting_servers(self) -> list[ServerAddress]:
        try:
            return servers_for(self._script)
        except OSError as error:
            log.info("can't look for language servers: %s", error)
            return []


def _progress(epoch: int, step: int, epochs: int | None, loss: float | None) -> Progress:
    return Progress(epoch=epoch, step=step, epochs=epochs, loss=loss)


class ServerLink:
    """The connection to one server, made again when it breaks. `stop_wanted` is set when it asks for that."""

    def __init__(self, server: ServerAddress, identity: Mapping[str, Any], stop_wanted: threading.Event) -> None:
        self._server = server
        self._stop_wanted = stop_wanted
        self._identity = identity
        self._socket: socket.socket | None = None
        self._received = b""
        self._sent = 0
        self._last_progress: Progress | None = None
        self._retry_after = FIRST_RETRY_SECONDS
        self._next_try = 0.0
        self._is_refused_for_good = False

    @property
    def is_connected(self) -> bool:
        """Whether the server has welcomed the run and was not lost since."""
        return self._socket is not None

    def serve(
        self,
        findings: Sequence[FindingMessage],
        progress: Progress | None,
        status: Literal["finished", "failed"] | None,
    ) -> None:
        """Send what the server has not heard. A broken connection is noted and tried again later.

        A server of another protocol is greeted once, so that it can tell its user of the run that it can't show.
        """
        if self._socket is None and (time.monotonic() < self._next_try or self._is_refused_for_good):
            return
        try:
            if self._socket is None:
                self._connect()
            self._take_answers()
            self._send_findings(findings)
            if progress is not None and progress is not self._last_progress:
                self._send(progress)
                self._last_progress = progress
            if status is not None:
                self._finish(status)
        except (OSError, MessageError) as error:
            log.info("lost the language server on port %d: %s", self._server.port, error)
            self._is_refused_for_good = self._server.protocol != PROTOCOL
            self._lose()

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> None:
        connection = socket.create_connection((HOST, self._server.port), timeout=SOCKET_SECONDS)
        self._socket = connection
        self._received = b""
        self._send(Hello(token=self._server.token, **self._identity))
        answer = self._read(SOCKET_SECONDS)
        if isinstance(answer, Refused):
            raise MessageError(f"it refused the run: {answer.reason}")
        if not isinstance(answer, Welcome):
            raise MessageError("it did not answer the greeting")
        if answer.protocol != PROTOCOL:
            raise MessageError(f"it speaks protocol version {answer.protocol}, this run {PROTOCOL}")
        self._sent = answer.seen
        self._retry_after = FIRST_RETRY_SECONDS

    def _lose(self) -> None:
        self.close()
        self._next_try = time.monotonic() + self._retry_after
        self._retry_after = min(2 * self._retry_after, LONGEST_RETRY_SECONDS)

    def _send_findings(self, findings: Sequence[FindingMessage]) -> None:
        for message in findings[:]:
            if message.sequence <= self._sent:
                continue
            try:
                self._send(message)
            except MessageError as error:  # too long for the socket: the server finds it in the store
                log.info("finding %d is not sent: %s", message.sequence, error)
            self._sent = message.sequence

    def _send(self, message: RunMessage) -> None:
        if self._socket is None:
            raise ConnectionError("not connected")
        self._socket.sendall(encode(message))

    def _take_answers(self) -> None:
        """Hear a wish to stop, read acknowledgements away, and notice a server that has left.

        What it has of a run it says in its welcome.
        """
        for _ in range(MAX_ANSWERS):
            answer = self._read(0)
            if answer is None:
                return
            if isinstance(answer, Stop):
                self._stop_wanted.set()
        raise MessageError("it says more than there is to answer")

    def _finish(self, status: Literal["finished", "failed"]) -> None:
        """Say the last word and wait for the server to close: then it has heard everything."""
        self._send(End(status=status))
        if self._socket is not None:
            self._socket.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + SOCKET_SECONDS
        with contextlib.suppress(ConnectionError):
            while self._read(deadline - time.monotonic()) is not None and time.monotonic() < deadline:
                pass
        self.close()

    def _read(self, timeout: float) -> ServerMessage | None:
        """The next message, or None when none comes within `timeout` seconds. Raises when the server left."""
        if self._socket is None:
            raise ConnectionError("not connected")
        deadline = time.monotonic() + timeout
        while b"\n" not in self._received:
            self._socket.settimeout(max(0.0, deadline - time.monotonic()))
            try:
                received = self._socket.recv(64 * 1024)
            except (TimeoutError, BlockingIOError):
                return None
            finally:
                self._socket.settimeout(SOCKET_SECONDS)
            if not received:
                raise ConnectionError("it closed the connection")
            self._received += received
            if len(self._received) > MAX_LINE_BYTES:
                raise MessageError("it sent a line without end")
        line, _, self._received = self._received.partition(b"\n")
        return decode_from_server(line)

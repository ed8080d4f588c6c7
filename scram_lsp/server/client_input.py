"""What the client writes to the server's standard input.

pygls would read each header and each body by a thread of a pool, and every one of these hand-overs takes its turn
with the analysis. Here one thread reads, and hands over whatever has come, at once.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

READ_BYTES = 1 << 16


class ClientInput:
    """Reads a descriptor and gives what comes to whoever listens; empty bytes are the end."""

    def __init__(self, descriptor: int, listener: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._listener = listener
        self._has_ended = False
        self._giving = threading.Lock()

    def start(self) -> None:
        """Begin to read, in a daemon: an end does not wait for the client to say one more thing."""
        threading.Thread(target=self._read, name="scram-input", daemon=True).start()

    def hand_over(self, unheard: Callable[[], bytes], listener: Callable[[bytes], None]) -> None:
        """Give all that comes from now on to another listener, after what the present one leaves to it."""
        with self._giving:
            self._listener = listener
            left = unheard()
            if left:
                listener(left)
            if self._has_ended:
                listener(b"")

    def _read(self) -> None:
        while not self._has_ended:
            data = self._next()
            with self._giving, contextlib.suppress(RuntimeError):  # the event loop is closed: the server has left
                self._has_ended = not data
                self._listener(data)

    def _next(self) -> bytes:
        """What has come, at least one byte; nothing at the end."""
        try:
            return os.read(self._descriptor, READ_BYTES)
        except OSError as error:
            log.info("the input can't be read any more: %s", error)
            return b""

"""What the server writes to the client, on whatever thread, until nobody reads it any more."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class ClientOutput:
    """Writes to a descriptor. A client that has closed its end of it is gone: `gone` is called once, and what is
    written from then on is dropped.

    Nothing is kept back, so nothing is left to be written, and to fail, when the process ends.
    """

    def __init__(self, descriptor: int, gone: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._gone = gone
        self._is_gone = False
        self._writing = threading.RLock()

    def hand_over(self, gone: Callable[[], None]) -> None:
        """Call another one when the client is gone, at once where it is so already."""
        with self._writing:
            self._gone = gone
            if self._is_gone:
                gone()

    def write(self, data: bytes) -> None:
        """Write one message; returns when the client's end has taken all of it."""
        with self._writing:
            if self._is_gone:
                return
            left = memoryview(data)
            try:
                while left:
                    left = left[os.write(self._descriptor, left) :]
            except OSError as error:
                log.info("the client does not listen any more: %s", error)
                self._is_gone = True
                self._gone()

"""What training does not wait for, done on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
"""How long the thread waits for the first step: what it loads would slow down the compiling there. A step that
takes longer is one that takes minutes, and what is known before it should not wait so long."""


class Background:
    """Acts go in with `do`, from any thread, and are done one after the other.

    Nothing is done before `release` or `PATIENCE_SECONDS`. An act that raises is the last: its exception is `fault`,
    and of the others only those are done that are given in later.
    """

    def __init__(self, name: str) -> None:
        self._acts: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._is_released = False
        self._is_closing = False
        self._thread: threading.Thread | None = threading.Thread(target=self._work, name=name, daemon=True)
        self.fault: Exception | None = None

    def start(self) -> None:
        """Start the thread; an interpreter that is ending starts none, and then `finish` does everything."""
        try:
            if self._thread is not None:
                self._thread.start()
        except RuntimeError as error:
            log.debug("no thread", exc_info=error)
            self._thread = None

    def do(self, act: Callable[[], None]) -> None:
        """Have something done after everything that waits."""
        with self._changed:
            self._acts.append(act)
            self._changed.notify_all()

    def drop(self) -> None:
        """Forget what waits."""
        with self._changed:
            self._acts.clear()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits; the last act may still be under way."""
        return not self._acts

    def release(self) -> None:
        """The first step is over."""
        if not self._is_released:
            with self._changed:
                self._is_released = True
                self._changed.notify_all()

    def finish(self, timeout: float) -> bool:
        """Have everything done that waits, and end; whether that took no longer than `timeout` seconds.

        The thread itself may call this (Python collects garbage wherever it is): it ends when it is back.
        """
        with self._changed:
            self._is_released = self._is_closing = True
            self._changed.notify_all()
        if self._thread is None:
            self._work()
        elif self._thread is not threading.current_thread():
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    def _work(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_released, PATIENCE_SECONDS)
        while (act := self._next()) is not None:
            self._attempt(act)

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # whoever looks at `fault` says so
            log.debug("an act in the background failed", exc_info=error)
            self.fault = self.fault or error
            self.drop()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._acts or self._is_closing)
            return self._acts.popleft() if self._acts else None

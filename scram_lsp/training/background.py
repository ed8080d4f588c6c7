"""What training does not wait for, done on a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable

from scram_lsp.live.forks import forks_wait

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
"""How long the thread waits for the first step: what it loads would slow down the compiling there. A step that
takes longer is one that takes minutes, and what is known before it should not wait so long."""

Act = Callable[[], None]


class _SureAct:
    """An act that is not dropped."""

    def __init__(self, act: Act) -> None:
        self._act = act

    def __call__(self) -> None:
        self._act()


class Background:
    """Acts go in with `do` and are done one after the other.

    Nothing is done before `release` or `PATIENCE_SECONDS`. An act that raises is the last: its exception is `fault`,
    and of the others only those are done that are given in later, or with `do_surely`. Both wait for nothing and may
    be called from any thread at any moment, also where Python collects garbage: the queue is made for that, locks and
    conditions are not. No process is forked in the middle of an act.
    """

    def __init__(self, name: str) -> None:
        self._acts: queue.SimpleQueue[Act | None] = queue.SimpleQueue()  # None only wakes up
        self._gate: queue.SimpleQueue[None] = queue.SimpleQueue()
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

    def do(self, act: Act) -> None:
        """Have something done after everything that waits."""
        self._acts.put(act)

    def do_surely(self, act: Act) -> None:
        """The same for what closes something: neither a fault nor `drop` keeps it from being done."""
        self._acts.put(_SureAct(act))

    def drop(self) -> None:
        """Forget what waits, but for what is to be done surely."""
        kept: list[_SureAct] = []
        with contextlib.suppress(queue.Empty):
            while True:
                act = self._acts.get_nowait()
                if isinstance(act, _SureAct):
                    kept.append(act)
        for act in kept:
            self._acts.put(act)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits; the last act may still be under way."""
        return self._acts.empty()

    def release(self) -> None:
        """The first step is over."""
        if not self._is_released:
            self._is_released = True
            self._gate.put(None)

    def finish(self, timeout: float) -> bool:
        """Have everything done that waits, and end; whether that took no longer than `timeout` seconds.

        The thread itself may call this, in the middle of an act: it does the others there, and ends when it is back.
        """
        self._is_closing = True
        self._gate.put(None)
        self._acts.put(None)
        if self._thread is None:
            self._work()
        elif self._thread is threading.current_thread():
            while (act := self._next()) is not None:
                self._attempt(act)
        else:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    def _work(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._gate.get(timeout=PATIENCE_SECONDS)
        while (act := self._next()) is not None:
            with forks_wait():
                self._attempt(act)

    def _attempt(self, act: Act) -> None:
        try:
            act()
        except Exception as error:  # whoever looks at `fault` says so
            log.debug("an act in the background failed", exc_info=error)
            self.fault = self.fault or error
            self.drop()

    def _next(self) -> Act | None:
        """The next act; None when all are done and no more are to come."""
        with contextlib.suppress(queue.Empty):
            while True:
                # Closing is told before it wakes the thread up, and what wakes it may have been dropped since.
                act = self._acts.get_nowait() if self._is_closing else self._acts.get()
                if act is not None:
                    return act
        return None

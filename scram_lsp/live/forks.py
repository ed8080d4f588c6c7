"""Keeps this process from being forked while a thread of ours is at work.

A forked process has the thread that forked it and no other. What the others were in the middle of stays as it was for
ever: a module that was half imported, a lock that was held. Whoever imports that module there, or wants that lock,
never goes on, and a training whose data comes from such a process neither.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Iterator

FORK_PATIENCE_SECONDS = 5.0
"""So long a fork waits at most, and later ones not at all for the same; we take a second where it is long."""


@contextlib.contextmanager
def forks_wait() -> Iterator[None]:
    """Within, another thread does not fork this process, or only after `FORK_PATIENCE_SECONDS`."""
    works = _works()
    work = threading.RLock()  # reentrant: the thread may fork itself
    with work:
        works.begin(work)
        try:
            yield
        finally:
            works.end(work)


class _Works:
    """What is under way in this process, each by a lock that is held meanwhile; none begins during a fork."""

    def __init__(self) -> None:
        self._under_way: dict[int, threading.RLock] = {}
        self._may_begin = threading.Lock()
        self._forking: set[int] = set()

    def begin(self, work: threading.RLock) -> None:
        """Note that it is under way."""
        with self._may_begin:
            self._under_way[id(work)] = work

    def end(self, work: threading.RLock) -> None:
        """It is done; in a process that was forked by it, nothing is known of it."""
        self._under_way.pop(id(work), None)

    def before_fork(self) -> None:
        """Wait for what is under way, once and for a bounded time."""
        deadline = time.monotonic() + FORK_PATIENCE_SECONDS
        if not self._may_begin.acquire(timeout=FORK_PATIENCE_SECONDS):
            return
        self._forking.add(threading.get_ident())
        for work in list(self._under_way.values()):
            if work.acquire(timeout=max(0.0, deadline - time.monotonic())):
                work.release()
            else:  # it may never end; who forks workers for each epoch has waited long enough
                self.end(work)

    def after_fork(self) -> None:
        """The process goes on as before."""
        if threading.get_ident() in self._forking:
            self._forking.remove(threading.get_ident())
            self._may_begin.release()

    def begin_process(self) -> None:
        """This is the forked process: none of the threads is there that were at work."""
        self._under_way = {}
        self._may_begin = threading.Lock()
        self._forking = set()


@functools.cache
def _works() -> _Works:
    """Those of this process; forks wait for them from the first call on."""
    works = _Works()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=works.before_fork, after_in_parent=works.after_fork, after_in_child=works.begin_process
        )
    return works

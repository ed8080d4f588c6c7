"""Hears of the end of a `fit` that raised: Keras tells its callbacks nothing then."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any


class FitEnd:
    """Calls `ended` once when the `fit` that holds `anchor`, an object in its local variables only, is gone.

    Where an exception is caught, that is before the next line of the user's code: Keras drops its own frames from
    tracebacks. A traceback that someone keeps keeps the anchor too; so do notebooks for an interrupted cell, where
    the end of the cell is the end of the `fit`.
    """

    def __init__(self, anchor: Any, ended: Callable[[], None]) -> None:
        self._ended = ended
        self._process = os.getpid()
        self._thread = threading.get_ident()
        can_be_followed = type(anchor).__weakrefoffset__ != 0  # not so a plain list or None
        self._finalizer = weakref.finalize(anchor, self._end) if can_be_followed else None
        if self._finalizer is not None:
            self._finalizer.atexit = False
        self._events = _notebook_events()
        if self._events is not None:
            self._events.register("post_run_cell", self._cell_ended)

    def forget(self) -> None:
        """The `fit` has ended by itself."""
        if self._finalizer is not None:
            self._finalizer.detach()
        events, self._events = self._events, None
        if events is not None:
            events.unregister("post_run_cell", self._cell_ended)

    def _cell_ended(self, *_: object) -> None:
        if threading.get_ident() == self._thread:
            self._end()

    def _end(self) -> None:
        if os.getpid() == self._process:  # in a forked process another fit's variables die with it
            self.forget()
            self._ended()


def _notebook_events() -> Any:
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return getattr(shell, "events", None)

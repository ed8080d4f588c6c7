"""Hears of the end of a `fit` that raised: Keras tells its callbacks nothing then."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any


class FitEnd:
    """Calls `ended` or `ended_elsewhere` once when the `fit` that holds `anchor`, an object in its local variables
    only, is gone, or the interpreter ends. `ended` is given what was raised, where that can be told.

    Where an exception is caught, that is before the next line of the user's code: Keras drops its own frames from
    tracebacks. A traceback that someone keeps keeps the anchor too; so do notebooks for an interrupted cell, where
    the end of the cell is the end of the `fit`.

    `ended_elsewhere` is called where the anchor is part of garbage that is collected, which may be in any thread and
    in the middle of anything (while a graph is made, a module imported, a line written): whoever waits there for
    anything may wait for the very thread that it stands in. It must do next to nothing and wait for nothing, and
    is given what is to be called once the end is dealt with.
    """

    def __init__(
        self,
        anchor: Any,
        ended: Callable[[BaseException | None], None],
        ended_elsewhere: Callable[[Callable[[], None]], None],
    ) -> None:
        self._ended, self._ended_elsewhere = ended, ended_elsewhere
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._is_collecting = False
        can_be_followed = type(anchor).__weakrefoffset__ != 0  # not so a plain list or None
        self._finalizer = weakref.finalize(anchor, self._anchor_gone) if can_be_followed else None
        if self._finalizer is not None:
            self._finalizer.atexit = False
            gc.callbacks.append(self._note_collection)
        self._events = _notebook_events()
        if self._events is not None:
            self._events.register("post_run_cell", self._cell_ended)
        atexit.register(self._process_ends)

    def forget(self) -> None:
        """The `fit` has ended."""
        if self._finalizer is not None:
            self._finalizer.detach()
        self._ignore_collections()
        events, self._events = self._events, None
        if events is not None:
            events.unregister("post_run_cell", self._cell_ended)
        atexit.unregister(self._process_ends)

    def _cell_ended(self, result: object = None) -> None:
        if threading.get_ident() == self._thread:
            self._end(getattr(result, "error_in_exec", None))

    def _process_ends(self) -> None:
        self._end(getattr(sys, "last_value", None))

    def _end(self, error: BaseException | None) -> None:
        if os.getpid() == self._process:  # in a forked process another fit's variables die with it
            self.forget()
            self._ended(error)

    def _anchor_gone(self) -> None:
        if threading.get_ident() == self._thread and not self._is_collecting:
            self._end(sys.exc_info()[1])  # Keras catches it to shorten its traceback
        elif os.getpid() == self._process:
            self._ignore_collections()
            self._ended_elsewhere(self.forget)

    def _note_collection(self, phase: str, _: Mapping[str, int]) -> None:
        self._is_collecting = phase == "start"

    def _ignore_collections(self) -> None:
        if self._note_collection in gc.callbacks:
            gc.callbacks.remove(self._note_collection)


def _notebook_events() -> Any:
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return getattr(shell, "events", None)

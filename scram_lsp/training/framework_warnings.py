"""What Keras and its backends warn of while a run is watched, heard without keeping it from anyone."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_FRAMEWORKS = frozenset({"keras", "tf_keras", "tensorflow", "jax", "jaxlib", "torch", "absl"})
_LOGGERS = ("tensorflow", "absl")

_MAX_CHARACTERS = 2000

Hear = Callable[[str, str], None]
"""Called with the message and the category of a warning."""


class WarningEar:
    """Between `open` and `close` every warning of a framework's own code is also given to `hear`.

    Filters apply as ever, and whatever showed warnings before still shows them. `hear` must not raise.
    """

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._show: _Show | None = None
        self._handlers: list[tuple[logging.Logger, logging.Handler]] = []

    def open(self) -> None:
        """Begin to listen."""
        warnings.showwarning = self._show = _Show(self._hear, warnings.showwarning)
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            if logger.handlers:  # with a first handler of ours Python would no longer print what it gets
                handler = _Listener(self._hear)
                logger.addHandler(handler)
                self._handlers.append((logger, handler))

    def close(self) -> None:
        """Stop listening; what somebody else has put in our place meanwhile stays."""
        if self._show is not None:
            self._show.leave()
        self._show = None
        for logger, handler in self._handlers:
            logger.removeHandler(handler)
        self._handlers.clear()


class _Show:
    """Stands in `warnings.showwarning`, and has `below`, which stood there before, show what it hears.

    Once it has left it hears nothing, and whoever has kept it keeps no run with it. Runs that overlap leave in any
    order: who leaves last also takes away those below that could not go before.
    """

    def __init__(self, hear: Hear, below: Callable[..., None]) -> None:
        self._hear: Hear | None = hear
        self._below = below

    def __call__(self, message: Any, category: Any, *rest: Any, **named: Any) -> None:
        hear = self._hear
        if hear is not None and _is_from_framework(sys._getframe(1)):
            hear(str(message)[:_MAX_CHARACTERS], category.__name__)
        self._below(message, category, *rest, **named)

    def leave(self) -> None:
        self._hear = None
        while isinstance(top := warnings.showwarning, _Show) and top._hear is None:
            warnings.showwarning = top._below


class _Listener(logging.Handler):
    def __init__(self, hear: Hear) -> None:
        super().__init__(logging.WARNING)
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # its arguments don't fit; who shows it says so
            return
        self._hear(message[:_MAX_CHARACTERS], "LogWarning")


def _is_from_framework(frame: FrameType) -> bool:
    """Whether the code that called `warnings.warn` is a framework's."""
    for each in _outward(frame):
        root = str(each.f_globals.get("__name__", "")).partition(".")[0]
        if root not in ("warnings", "_py_warnings"):
            return root in _FRAMEWORKS
    return False


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back

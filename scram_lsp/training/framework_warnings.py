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
        self._shown_by: Callable[..., None] | None = None
        self._hearing: list[Hear] = []
        self._handlers: list[tuple[logging.Logger, logging.Handler]] = []

    def open(self) -> None:
        """Begin to listen."""
        shown_by, hearing = warnings.showwarning, [self._hear]

        def show(message: Any, category: Any, *rest: Any, **named: Any) -> None:
            if hearing and _is_from_framework(sys._getframe(1)):
                hearing[0](str(message)[:_MAX_CHARACTERS], category.__name__)
            shown_by(message, category, *rest, **named)

        self._shown_by, self._show, self._hearing = shown_by, show, hearing
        warnings.showwarning = show
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            if logger.handlers:  # with a first handler of ours Python would no longer print what it gets
                handler = _Listener(self._hear)
                logger.addHandler(handler)
                self._handlers.append((logger, handler))

    def close(self) -> None:
        """Stop listening; what somebody else has put in our place meanwhile stays."""
        if self._shown_by is not None and warnings.showwarning is self._show:
            warnings.showwarning = self._shown_by
        self._shown_by = None
        self._hearing.clear()  # whoever has kept what we put there keeps no run with it
        for logger, handler in self._handlers:
            logger.removeHandler(handler)
        self._handlers.clear()


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

"""Whether Keras's progress bar stands on the terminal's last line, told from the hooks around its drawing."""

from __future__ import annotations

import time
from collections.abc import Callable

from scram_lsp.training.console import RunConsole

INTERVAL_SECONDS = 0.045
"""Keras draws a bar every 0.05 s at most. In doubt it counts as drawn: an empty line is better than a broken one."""


class ProgressBar:
    """Tells `console` when a line of its own must first end the bar's. `is_drawn`: Keras was asked for a bar."""

    def __init__(self, console: RunConsole, is_drawn: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._is_drawn = is_drawn
        self._clock = clock
        self._last = float("-inf")
        self._is_coming = False

    def begin_epoch(self) -> None:
        """The bar of the last epoch is complete, its line ended; the next is drawn after the first step."""
        self._last = float("-inf")
        self._is_coming = self._console.is_bar_open = False

    def before_drawing(self) -> None:
        """A step is done; Keras draws as soon as the other callbacks have heard of it."""
        now = self._clock()
        if self._is_drawn and now - self._last >= INTERVAL_SECONDS:
            self._last = now
            self._is_coming = self._console.is_bar_open = True

    def after_drawing(self) -> None:
        """What was coming is drawn, whatever was written in between."""
        if self._is_coming:
            self._is_coming, self._console.is_bar_open = False, True

    def end_run(self, is_complete: bool) -> None:
        """No more is drawn; a bar that is not complete is still open."""
        self._is_coming = False
        self._console.is_bar_open = self._is_drawn and not is_complete and self._last > float("-inf")

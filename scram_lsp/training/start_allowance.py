"""What a run may take besides its share of the time: all of it once, and again as time goes by.

Programs call `fit` in a loop, for a batch or an epoch at a time. If each of these runs looked into the model as the
first one does, which traces and compiles, then small models would train several times as slowly.
"""

from __future__ import annotations

import functools
import time
import weakref
from collections.abc import Callable
from typing import Any

from scram_lsp.training.budget import START_ALLOWANCE


class StartAllowances:
    """Grants seconds to runs, by what is trained: at most `START_ALLOWANCE`, earned anew by a share of the time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._granted: dict[int, tuple[weakref.ref[Any], float]] = {}

    def take(self, trained: Any, share: float) -> float:
        """The seconds for a run that begins now; `trained` stays the same as long as training goes on as before."""
        now = self._clock()
        for key, (known, _) in list(self._granted.items()):
            if known() is None:
                self._granted.pop(key, None)
        if type(trained).__weakrefoffset__ == 0:
            return START_ALLOWANCE
        _, before = self._granted.get(id(trained), (None, None))
        self._granted[id(trained)] = weakref.ref(trained), now
        return START_ALLOWANCE if before is None else min(START_ALLOWANCE, share * (now - before))


@functools.cache
def start_allowances() -> StartAllowances:
    """Those of this process."""
    return StartAllowances()

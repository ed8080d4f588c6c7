"""The analysis of what is open: on worker threads, and only ever of the latest text."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from scram_lsp.server.analysis.text_analysis import is_large
from scram_lsp.server.documents.units import Unit, Units

if TYPE_CHECKING:
    from scram_analyzers.engine import Analysis

Result = TypeVar("Result")

LONGEST_REST_SECONDS = 0.03
"""Between two analyses of a unit lies as much time as the first took, up to this.

So the first keystroke is looked at as it comes, what is typed in a burst goes into one analysis, and a file whose
analysis is slow leaves time for typing.
"""

ANALYSES_KEPT = 16
"""What was used longest ago is analyzed again when it is asked for: 100 open files would fill the memory."""


class Analyses:
    """Runs the analysis of each open unit when it is due, and keeps the latest.

    `analyze` is called on one of two worker threads, by the size of the text, with a unit's file name and text.
    `finished` is called on the loop, for the latest request only: what a newer one overtook is thrown away
    unseen. When `analyze` raises, `failed` is called first, and `finished` with None.
    """

    def __init__(
        self,
        units: Units,
        analyze: Callable[[str, str], Analysis],
        finished: Callable[[Unit, Analysis | None], None],
        failed: Callable[[Unit, Exception], None],
    ) -> None:
        self._units = units
        self._analyze = analyze
        self._finished = finished
        self._failed = failed
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scram-analysis")
        self._worker_for_large = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scram-large")
        self._requests: dict[Unit, int] = {}
        self._due: dict[Unit, asyncio.Event] = {}
        self._tasks: dict[Unit, asyncio.Task[None]] = {}
        self._latest: OrderedDict[Unit, Analysis | None] = OrderedDict()
        self._rested_at: dict[Unit, float] = {}

    def request(self, unit: Unit, *, at_once: bool = False) -> None:
        """See to it that the unit's present text is analyzed, when the last analysis has rested or at once."""
        self._requests[unit] = self._requests.get(unit, 0) + 1
        if unit not in self._tasks:
            self._due[unit] = asyncio.Event()
            self._tasks[unit] = asyncio.get_running_loop().create_task(self._run(unit))
        if at_once:
            self._due[unit].set()

    async def current(self, unit: Unit) -> Analysis | None:
        """The analysis of the unit's present text; waits for it where it is on its way or no longer kept."""
        if unit not in self._latest and unit not in self._tasks and self._units.is_open(unit):
            self.request(unit, at_once=True)
        while (task := self._tasks.get(unit)) is not None:
            self._due[unit].set()
            await asyncio.shield(task)
        if unit in self._latest:
            self._latest.move_to_end(unit)
        return self._latest.get(unit)

    async def run(self, unit: Unit, work: Callable[[], Result]) -> Result:
        """Work on the analysis of a unit where it was made: trees work some things out when first asked."""
        return await asyncio.get_running_loop().run_in_executor(self._worker_for(unit.text), work)

    def drop(self, unit: Unit) -> None:
        """Forget a unit that was closed."""
        self._latest.pop(unit, None)
        self._requests.pop(unit, None)
        self._rested_at.pop(unit, None)

    def close(self) -> None:
        """Begin no further analysis."""
        for worker in (self._worker, self._worker_for_large):
            worker.shutdown(wait=False, cancel_futures=True)

    async def _run(self, unit: Unit) -> None:
        try:
            await self._rest(unit)
            while self._is_open(unit):
                request = self._requests[unit]
                analysis = await self._analyze_now(unit)
                if self._requests.get(unit) == request:
                    break
        finally:
            del self._due[unit], self._tasks[unit]
        if self._is_open(unit):
            self._latest[unit] = analysis
            self._latest.move_to_end(unit)
            while len(self._latest) > ANALYSES_KEPT:
                self._latest.popitem(last=False)
            self._finished(unit, analysis)

    async def _rest(self, unit: Unit) -> None:
        left = self._rested_at.get(unit, 0.0) - asyncio.get_running_loop().time()
        if left > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._due[unit].wait(), left)

    async def _analyze_now(self, unit: Unit) -> Analysis | None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            text = unit.text
            return await loop.run_in_executor(self._worker_for(text), self._analyze, unit.filename, text)
        except Exception as error:
            self._failed(unit, error)
            return None
        finally:
            if self._is_open(unit):
                ended = loop.time()
                self._rested_at[unit] = ended + min(ended - began, LONGEST_REST_SECONDS)

    def _worker_for(self, text: str) -> ThreadPoolExecutor:
        return self._worker_for_large if is_large(text) else self._worker

    def _is_open(self, unit: Unit) -> bool:
        return self._units.is_open(unit)

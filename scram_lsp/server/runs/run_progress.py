"""A bar in the editor for each live run, with epoch, step and loss; to cancel it is to ask for the end of the run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.progress import Progress as WorkDoneProgress

from scram_analyzers.run.wording import rounded
from scram_lsp.live.listener import LiveRun
from scram_lsp.live.messages import Progress

log = logging.getLogger(__name__)

SILENCE_SECONDS = 120.0
"""A run that says nothing for so long has lost its connection, or died; its next word brings the bar back."""


@dataclass(slots=True)
class _Bar:
    token: str
    silence: asyncio.TimerHandle


class RunProgress:
    """The bars of one client. One that is cancelled goes away for good, and `cancelled` hears of it."""

    def __init__(self, work_done: WorkDoneProgress, cancelled: Callable[[LiveRun], None]) -> None:
        self._work_done = work_done
        self._cancelled = cancelled
        self._bars: dict[str, _Bar] = {}
        self._hidden: set[str] = set()
        self._creating: set[asyncio.Task[None]] = set()
        self._count = 0
        self.is_supported = False

    def report(self, run: LiveRun, progress: Progress) -> None:
        """Show how far a run is."""
        if not self.is_supported or run.run in self._hidden:
            return
        bar = self._bars.get(run.run)
        if bar is None:
            self._begin(run, progress)
        else:
            bar.silence.cancel()
            bar.silence = self._end_after_silence(run)
            self._work_done.report(
                bar.token, types.WorkDoneProgressReport(message=words(progress), percentage=share(progress))
            )

    def end(self, run: LiveRun, status: str) -> None:
        """Take the bar of a run away."""
        bar = self._forget(run.run)
        if bar is not None:
            self._work_done.end(bar.token, types.WorkDoneProgressEnd(message=status))

    def _begin(self, run: LiveRun, progress: Progress) -> None:
        self._count += 1
        token = f"scram-run-{self._count}"
        self._bars[run.run] = _Bar(token, self._end_after_silence(run))
        task = asyncio.get_running_loop().create_task(self._create(run, token, progress))
        self._creating.add(task)
        task.add_done_callback(self._creating.discard)

    async def _create(self, run: LiveRun, token: str, progress: Progress) -> None:
        try:
            await self._work_done.create_async(token)
        except JsonRpcException as error:
            log.info("the client shows no progress: %s", error)
            self._hidden.add(run.run)
            self._forget(run.run)
            return
        begin = types.WorkDoneProgressBegin(
            f"Training {Path(run.script).name}", cancellable=True, message=words(progress), percentage=share(progress)
        )
        self._work_done.tokens[token].add_done_callback(lambda _: self._cancel(run))  # pygls ends it in no other way
        self._work_done.begin(token, begin)
        if run.run not in self._bars:  # it ended meanwhile
            self._work_done.end(token, types.WorkDoneProgressEnd())
            self._work_done.tokens.pop(token, None)

    def _end_after_silence(self, run: LiveRun) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(SILENCE_SECONDS, self.end, run, "no word of it")

    def _cancel(self, run: LiveRun) -> None:
        if run.run in self._bars:
            self._hidden.add(run.run)
            self.end(run, "hidden")
            self._cancelled(run)

    def _forget(self, run: str) -> _Bar | None:
        bar = self._bars.pop(run, None)
        if bar is not None:
            bar.silence.cancel()
            self._work_done.tokens.pop(bar.token, None)
        return bar


def words(progress: Progress) -> str:
    """How far a run is: "epoch 2/10, step 340, loss 0.512"."""
    of = f"/{progress.epochs}" if progress.epochs else ""
    loss = f", loss {rounded(progress.loss, 4)}" if progress.loss is not None else ""
    return f"epoch {progress.epoch}{of}, step {progress.step}{loss}"


def share(progress: Progress) -> int | None:
    """The share of finished epochs in percent, where their number is known."""
    if not progress.epochs:
        return None
    return max(0, min(100, 100 * (progress.epoch - 1) // progress.epochs))

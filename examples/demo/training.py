"""Run an example as a user would, and hear what it prints while it trains."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RUNNER = Path(__file__).resolve().parent.parent / "run_with_samples.py"
OPTIONS = ("--offline",)
TIME_LIMIT = 120.0
CONTROL = re.compile(r"\x1b\[[0-9;]*m")
PROGRESS = re.compile(r"\d+/\d+\s.*━")
EPOCH = re.compile(r"Epoch \d+/\d+$")
TENSORFLOW_LOG = re.compile(r"WARNING: All log messages before absl|[IWE]0000 ")


@dataclass(frozen=True)
class Line:
    """One line of the training's terminal, and when it came (`time.monotonic`, seconds)."""

    text: str
    printed: float


async def train(script: Path, on_line: Callable[[Line], None]) -> int:
    """Train `script` on the offline samples; gives its exit code.

    Left out of what `on_line` hears: progress bars, epochs in which nothing else was said, TensorFlow's log.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", RUNNER, *OPTIONS, script.name,
        cwd=script.parent, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        return await asyncio.wait_for(_listen(process, on_line), TIME_LIMIT)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _listen(process: asyncio.subprocess.Process, on_line: Callable[[Line], None]) -> int:
    assert process.stdout is not None
    epoch: str | None = None
    async for raw in process.stdout:
        printed = time.monotonic()
        for text in re.split(r"[\r\b]+", CONTROL.sub("", raw.decode(errors="replace")).rstrip()):
            if EPOCH.match(text):
                epoch = text
            elif text.strip() and not PROGRESS.search(text) and not TENSORFLOW_LOG.match(text):
                if epoch is not None:
                    on_line(Line(epoch, printed))
                epoch = None
                on_line(Line(text.rstrip(), printed))
    return await process.wait()

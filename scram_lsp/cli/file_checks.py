"""Many files checked, each on its own: a file that can't be read, or that scram fails on, stops no other."""

from __future__ import annotations

import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from scram_lsp.cli.terminal import keep_log_quiet
from scram_lsp.cli.text_checks import CheckedFile, Mode, check_source
from scram_lsp.config import Settings
from scram_lsp.files import FileError, SourceText, read_source, short_path, write_source
from scram_lsp.fixing import FixError
from scram_lsp.garbage import collect_seldom
from scram_lsp.quick_nodes import make_nodes_quickly

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

log = logging.getLogger(__name__)

FILES_FOR_ONE_PROCESS = 16
"""Up to this many files, starting other processes costs more than it saves."""

AHEAD = 64
"""How many files are given to the processes before the result of the first is taken: what waits is bounded."""


@dataclass(frozen=True, slots=True)
class FileTask:
    """A file to check. `settings` are those of its folder."""

    path: Path
    settings: Settings
    mode: Mode


def check_files(tasks: Sequence[FileTask]) -> Iterator[tuple[FileTask, CheckedFile]]:
    """Check every file, in order, each result as soon as it is its turn; many files on all cores."""
    if len(tasks) <= FILES_FOR_ONE_PROCESS or _cores() == 1:
        yield from ((task, check_file(task)) for task in tasks)
        return
    from concurrent.futures import ProcessPoolExecutor  # not at the top: one file has no need of it

    pool = ProcessPoolExecutor(_cores(), initializer=_begin_worker)
    try:
        submitted = ((task, _submit(pool, task)) for task in tasks)
        waiting = deque(islice(submitted, AHEAD))
        while waiting:
            task, future = waiting.popleft()
            result = _result(future)
            waiting.extend(islice(submitted, 1))
            yield task, result if result is not None else _check_alone(task)
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, task: FileTask) -> Future[CheckedFile] | None:
    from concurrent.futures import BrokenExecutor

    try:
        return pool.submit(check_file, task)
    except BrokenExecutor:
        return None


def _result(future: Future[CheckedFile] | None) -> CheckedFile | None:
    """What came of a file; None when a worker died, which takes the files of all workers with it."""
    from concurrent.futures import BrokenExecutor

    try:
        return future.result() if future is not None else None
    except BrokenExecutor:
        return None


def _check_alone(task: FileTask) -> CheckedFile:
    """Check a file in a process of its own: it may be the one that ends the process."""
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(1, initializer=_begin_worker) as pool:
        result = _result(_submit(pool, task))
    error = f"{short_path(task.path)}: checking it ended the process; please report it"
    return result if result is not None else CheckedFile(error=error)


def check_file(task: FileTask) -> CheckedFile:
    """Check one file and deal with its fixes as the mode says. Never raises for a fault of the file or of ours."""
    try:
        return _check_file(task)
    except FileError as error:
        return CheckedFile(error=str(error))
    except FixError as error:
        return CheckedFile(error=f"{short_path(task.path)}: {error}")
    except Exception as error:  # one file's fault must not stop the others
        log.exception("checking %s failed", task.path)
        return CheckedFile(
            error=f"{short_path(task.path)}: scram failed on this file ({type(error).__name__}: {error}); "
            "please report it"
        )


def _check_file(task: FileTask) -> CheckedFile:
    source = read_source(task.path)
    checked, text = check_source(source.text, str(task.path), task.path, task.settings, task.mode)
    if task.mode is Mode.FIX and text != source.text:
        write_source(task.path, SourceText(text, source.encoding))
    return checked


def _begin_worker() -> None:
    keep_log_quiet()
    collect_seldom()
    make_nodes_quickly()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers; they need not complain


def _cores() -> int:
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1

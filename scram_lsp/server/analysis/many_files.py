"""The analysis of many files that are not open, on every core, without keeping anything of them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scram_analyzers.findings import Finding
from scram_analyzers.notes import UNREADABLE
from scram_analyzers.source.reading.text import mentions_keras
from scram_lsp.files import FileError, read_source
from scram_lsp.garbage import collect_seldom
from scram_lsp.quick_nodes import make_nodes_quickly

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from scram_lsp.config import Settings

PROCESSES_FROM = 50
"""With fewer files than this, starting processes takes longer than the analysis."""

MAX_PROCESSES = 4
"""Each takes about 70 MB while it works."""


@dataclass(frozen=True, slots=True)
class FileToCheck:
    """A file with the settings that hold for it."""

    path: Path
    settings: Settings


@dataclass(frozen=True, slots=True)
class FileFindings:
    """What the source of a file says, and its text; a file that can't be read says nothing."""

    path: Path
    text: str = ""
    findings: tuple[Finding, ...] = ()


async def check_files(files: Sequence[FileToCheck]) -> AsyncIterator[FileFindings]:
    """Check files in order, each result as soon as it is there. The processes are gone when it ends, or is left."""
    loop = asyncio.get_running_loop()
    with_keras = await loop.run_in_executor(None, _those_with_keras, files)
    executor = _executor(len(with_keras))
    under_way = [loop.run_in_executor(executor, _check_file, each) for each in with_keras]
    try:
        for work in under_way:
            yield await work
    finally:
        processes = _processes_of(executor)
        is_left = not all(each.done() for each in under_way)
        for each in under_way:
            each.cancel()
        executor.shutdown(wait=False, cancel_futures=True)
        if is_left:  # the end of this process would wait for the files that they are at
            for process in processes:
                process.terminate()


def _executor(count: int) -> Executor:
    cores = os.cpu_count() or 1
    if count < PROCESSES_FROM or cores == 1:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="scram-files")
    return ProcessPoolExecutor(
        max_workers=min(cores, MAX_PROCESSES),
        mp_context=multiprocessing.get_context("spawn"),  # a fork would copy locks that the loop's threads hold
        initializer=_begin_process,
    )


def _processes_of(executor: Executor) -> list[SpawnProcess]:
    """Those that it has started. A pool has no name for them before Python 3.14, and none to end them."""
    return list((getattr(executor, "_processes", None) or {}).values())


def _those_with_keras(files: Sequence[FileToCheck]) -> list[FileToCheck]:
    return [each for each in files if mentions_keras(_text_of(each.path))]


def _text_of(path: Path) -> str:
    try:
        return read_source(path).text
    except FileError:  # binary, or gone meanwhile: an editor shows nothing on it
        return ""


def _check_file(file: FileToCheck) -> FileFindings:
    from scram_lsp.checking import check_text

    text = _text_of(file.path)
    analysis = check_text(text, str(file.path), file.settings, file.path)
    findings = tuple(each for each in analysis.findings if each.code != UNREADABLE.code)
    return FileFindings(file.path, text if findings else "", findings)


def _begin_process() -> None:
    """Have this process end with the one that started it, however that ended, and claim less of the machine."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)
    collect_seldom()
    make_nodes_quickly()


def _end_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)  # the pool's own end would wait for work that nobody hears of

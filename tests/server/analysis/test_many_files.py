"""Many files at once: checked by processes of their own, which leave with the server."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from pathlib import Path

import pytest

from scram_lsp.config import load_settings
from scram_lsp.server.analysis import many_files
from scram_lsp.server.analysis.many_files import FileToCheck, check_files
from tests.server.editor import TRAIN


@pytest.mark.parametrize("processes_from", [1, 100])
async def test_what_files_say_is_the_same_from_processes_and_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes_from: int
) -> None:
    monkeypatch.setattr(many_files, "PROCESSES_FROM", processes_from)
    (tmp_path / "bad.py").write_text(TRAIN)
    (tmp_path / "binary.py").write_bytes(b"keras\0")
    (tmp_path / "plain.py").write_text("x = 1\n")
    settings = load_settings(tmp_path)
    files = [FileToCheck(tmp_path / f"{name}.py", settings) for name in ("bad", "binary", "plain", "gone")]
    found = [each async for each in check_files(files)]
    assert [(each.path.name, [finding.code for finding in each.findings]) for each in found] == [("bad.py", ["SCR101"])]
    assert found[0].text == TRAIN
    for _ in range(10):  # nobody who is asked for nothing more keeps the loop
        await asyncio.sleep(0)


async def test_processes_end_with_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_files, "PROCESSES_FROM", 1)
    paths = [tmp_path / f"train_{number}.py" for number in range(20)]
    for each in paths:
        each.write_text(TRAIN)
    settings = load_settings(tmp_path)
    answers = check_files([FileToCheck(each, settings) for each in paths])
    assert (await anext(answers)).path == paths[0]
    processes = multiprocessing.active_children()
    assert processes
    await answers.aclose()  # type: ignore[attr-defined]
    for each in processes:
        await asyncio.to_thread(each.join)
    assert -signal.SIGTERM in [each.exitcode for each in processes], "they don't go on to the end of their work"

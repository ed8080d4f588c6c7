"""The first look: by another process, with the same result, and never something to wait for in vain."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_lsp import client_capabilities

from scram_lsp.checking import check_text, code_starts
from scram_lsp.config import SettingsLoader
from scram_lsp.server.analysis.first_look import FirstLook, Question, look
from scram_lsp.server.analysis.head_start import HeadStart, is_core_free
from tests.server.editor import RATE, TRAIN, Editor


def question(folder: Path, **settings: object) -> Question:
    return Question(str(folder / "train.py"), TRAIN, (folder,), {None: settings} if settings else {})


def test_the_first_look_says_what_the_analysis_says(tmp_path: Path) -> None:
    settings = SettingsLoader().for_path(tmp_path)
    analysis = check_text(TRAIN, str(tmp_path / "train.py"), settings, tmp_path / "train.py")
    assert [each.code for each in analysis.findings] == ["SCR101"]
    assert analysis.program is not None
    assert look(question(tmp_path)) == FirstLook(analysis.findings, code_starts(analysis.program))


def test_the_first_look_keeps_to_the_settings_of_files_and_editor(tmp_path: Path) -> None:
    ignoring = look(question(tmp_path, ignore=["SCR101"]))
    assert ignoring is not None
    assert ignoring.findings == ()
    (tmp_path / "scram.toml").write_text('exclude = ["train.py"]')
    assert look(question(tmp_path)) == FirstLook((), [])


async def test_another_process_takes_the_first_look(tmp_path: Path) -> None:
    head_start = HeadStart()
    asked = question(tmp_path)
    assert await head_start.look(asked) == look(asked)
    assert not head_start.is_ready, "it is gone then"
    assert await head_start.look(asked) is None


async def test_there_is_no_first_look_by_a_process_that_died(tmp_path: Path) -> None:
    head_start = HeadStart()
    assert head_start._process is not None
    head_start._process.kill()
    assert await head_start.look(question(tmp_path)) is None
    assert not head_start.is_ready


WITH_HEAD_START = """
import sys
from scram_lsp.server.analysis.head_start import HeadStart, is_core_free
head_start = HeadStart()
from scram_lsp.server.main import run
sys.exit(run(head_start))
"""


@pytest.mark.parametrize("client", ["neovim", "visual-studio-code"])
async def test_a_client_is_told_after_the_first_look_and_after_each_edit(
    editor: Editor, project: Path, client: str
) -> None:
    await editor.start(project, client_capabilities(client), (sys.executable, "-c", WITH_HEAD_START))
    uri = editor.open(project / "train.py", TRAIN)
    assert [each.code for each in await editor.shown(uri)] == ["SCR101"]
    assert [each.title for each in await editor.fixes(uri, RATE)] != []
    version = editor.replace(uri, RATE, "1e-3")
    assert await editor.shown(uri, version) == ()


def test_no_process_is_started_where_all_cores_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "getloadavg", lambda: (3.5, 0.0, 0.0), raising=False)
    assert not is_core_free()
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 9.0, 9.0), raising=False)
    assert is_core_free()


def test_the_server_is_there_before_the_analysis_is_loaded() -> None:
    program = "import sys, scram_lsp.server.main; print(*{'libcst', 'scram_analyzers.engine'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""

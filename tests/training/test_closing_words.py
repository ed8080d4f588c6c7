from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scram_analyzers.run.records import RunInfo
from scram_lsp.training.closing_words import _shown_by


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunInfo:
    (tmp_path / "my project" / "src").mkdir(parents=True)
    (tmp_path / "my project" / "scram.toml").touch()
    script = tmp_path / "my project" / "train.py"
    script.touch()
    monkeypatch.chdir(script.parent)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    return RunInfo("r", str(script), "2026-11-21T14:02:33+00:00")


@pytest.mark.parametrize(("folder", "hint"), [("..", " --project 'my project'"), (".", ""), ("src", "")])
def test_where_a_run_is_kept_is_named_where_it_would_not_be_found(
    info: RunInfo, monkeypatch: pytest.MonkeyPatch, folder: str, hint: str
) -> None:
    monkeypatch.chdir(folder)
    assert _shown_by(info) == f"scram runs show r{hint}"


def test_only_what_can_be_called_is_named(info: RunInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert _shown_by(info) == f"{sys.executable} -m scram_lsp runs show r"
    monkeypatch.setenv("SCRAM_PACKAGES", "3.11:/packages")
    assert _shown_by(info) == "see the Runs view"

from __future__ import annotations

from pathlib import Path

import pytest

from scram_analyzers.run.records import RunInfo
from scram_lsp.training.closing_words import _project


@pytest.mark.parametrize(
    ("folder", "hint"), [(".", " --project 'my project'"), ("my project", ""), ("my project/src", "")]
)
def test_where_a_run_is_kept_is_named_where_it_would_not_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, hint: str
) -> None:
    (tmp_path / "my project" / "src").mkdir(parents=True)
    (tmp_path / "my project" / "scram.toml").touch()
    script = tmp_path / "my project" / "train.py"
    script.touch()
    monkeypatch.chdir(tmp_path / folder)
    assert _project(RunInfo("r", str(script), "2026-11-21T14:02:33+00:00")) == hint

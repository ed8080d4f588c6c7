"""How the VS Code extension starts the server, where Python may write no compiled modules beside the sources."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
from pathlib import Path

import pytest

SERVE = Path(__file__).parents[2] / "vscode-extension" / "python" / "serve.py"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """An installation of a package of the same name, whose server loads a module and leaves."""
    folder = tmp_path / "site"
    (folder / "scram_lsp" / "cli").mkdir(parents=True)
    (folder / "scram_lsp" / "__init__.py").write_text('__version__ = "1"\n')
    (folder / "scram_lsp" / "cli" / "__init__.py").touch()
    (folder / "scram_lsp" / "cli" / "serve.py").write_text(
        "def main(given):\n    from scram_lsp import more\n    return 7\n"
    )
    (folder / "scram_lsp" / "more.py").touch()
    return folder


def start(sources: Path, own_folder: Path, **environment: str) -> None:
    own_folder.mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    surroundings = {**kept, "PYTHONPATH": str(sources), **environment}
    ended = subprocess.run(
        [sys.executable, str(SERVE), "3.10"], cwd=own_folder, env=surroundings, stderr=subprocess.PIPE
    )
    assert ended.returncode == 7, ended.stderr.decode()


def compiled(folder: Path) -> set[str]:
    return {each.name.partition(".")[0] for each in folder.rglob("*.pyc")}


def test_they_are_left_in_the_folder_of_the_extension(sources: Path, tmp_path: Path) -> None:
    start(sources, tmp_path / "own", PYTHONDONTWRITEBYTECODE="1")
    assert compiled(sources) == set()
    assert compiled(tmp_path / "own") >= {"more", "serve"}


def test_where_they_are_there_already_those_are_used(sources: Path, tmp_path: Path) -> None:
    compileall.compile_dir(str(sources), quiet=1)
    start(sources, tmp_path / "own", PYTHONDONTWRITEBYTECODE="1")
    assert compiled(tmp_path / "own") == set()


def test_where_they_may_be_written_they_lie_beside_the_sources(sources: Path, tmp_path: Path) -> None:
    start(sources, tmp_path / "own")
    assert compiled(tmp_path / "own") == set()
    assert "more" in compiled(sources)

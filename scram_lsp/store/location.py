"""Where a project's run store lies."""

from __future__ import annotations

from pathlib import Path

from scram_lsp.files import absolute_path, current_folder

STORE_FOLDER = ".scram"
STORE_FILE = "runs.sqlite"

_PROJECT_MARKS = ("pyproject.toml", "scram.toml", ".git")
"""A store is no mark: one that a lone script left in a shared folder must not gather the runs of all below it."""


def project_folder(script: Path) -> Path:
    """The closest ancestor of `script` with a mark of a project, else the script's own folder.

    The marks are `pyproject.toml`, `scram.toml` and `.git`. A folder stands for itself;
    a script that is no file (a notebook's cell) is taken to lie in the current folder.
    """
    absolute = Path(absolute_path(str(script)))
    if absolute.is_dir():
        start = absolute
    elif absolute.exists():
        start = absolute.parent
    else:
        start = current_folder() or absolute.parent
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return start


def store_file(folder: Path) -> Path:
    """The database of the project in `folder`; it need not exist."""
    return folder / STORE_FOLDER / STORE_FILE

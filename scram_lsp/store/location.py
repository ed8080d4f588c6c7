"""Where a project's run store lies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from scram_lsp.files import DEFAULT_EXCLUDE, absolute_path, current_folder

STORE_FOLDER = ".scram"
STORE_FILE = "runs.sqlite"

_PROJECT_MARKS = ("pyproject.toml", "scram.toml", ".git")
"""A store is no mark: one that a lone script left in a shared folder must not gather the runs of all below it."""

_LEVELS_SEARCHED = 3
_FOLDERS_SEARCHED = 200
"""A workspace may be anything, a home folder too."""


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


def projects_below(top: Path) -> Iterator[Path]:
    """The folders below `top` that have a store of their own: projects, and places of scripts that are in none."""
    level, left = [str(top)], _FOLDERS_SEARCHED
    for _ in range(_LEVELS_SEARCHED):
        level = list(islice((path for folder in level for path in _folders_in(folder)), left))
        left -= len(level)
        yield from (path for path in map(Path, level) if os.path.isfile(store_file(path)))


def _folders_in(folder: str) -> Iterator[str]:
    """What may hold scripts of the user's own; no folder is reached through a link."""
    with suppress(OSError), os.scandir(folder) as entries:
        for each in sorted(entries, key=lambda entry: entry.name):
            is_hidden = each.name.startswith(".") or each.name in DEFAULT_EXCLUDE
            if not is_hidden and each.is_dir(follow_symlinks=False):
                yield each.path

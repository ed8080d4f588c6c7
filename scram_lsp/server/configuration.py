"""The settings in force for each document, read again when a file or the editor changes them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from scram_lsp.config import KEYS, NOTHING_SET, ConfigError, Settings, SettingsLoader, read_layer

FILE_NAMES = ("scram.toml", "pyproject.toml")


class Configuration:
    """Settings by folder. `complain` hears, in one line, what is wrong with a configuration.

    A configuration that can't be used leaves the last good one of the folder in force, or the defaults.
    """

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._editor = NOTHING_SET
        self._by_folder: dict[Path, tuple[object, Settings]] = {}

    def take_editor_settings(self, section: object) -> None:
        """Take what the editor sets, over the files.

        Keys that `[tool.scram]` does not have are left out: clients keep their own in the same section.
        """
        table = {key: value for key, value in section.items() if key in KEYS} if isinstance(section, Mapping) else {}
        try:
            self._editor = read_layer(table, "the editor's settings")
        except ConfigError as error:
            self._complain(str(error))
        self._by_folder.clear()

    def of(self, path: Path | None) -> Settings:
        """The settings for one document, by its file; None for one without."""
        return self._of_folder(path.parent if path is not None else Path.cwd())

    def _of_folder(self, folder: Path) -> Settings:
        state = _state_of_files(folder)
        known = self._by_folder.get(folder)
        if known is not None and known[0] == state:
            return known[1]
        try:
            settings = SettingsLoader(self._editor).for_path(folder)
        except ConfigError as error:
            self._complain(str(error))
            settings = known[1] if known is not None else SettingsLoader(isolated=True).for_path(folder)
        self._by_folder[folder] = (state, settings)
        return settings


def is_excluded(path: Path, settings: Settings, folders: Iterable[Path]) -> bool:
    """Whether a file, or a folder that it is in, is left out of the project.

    The project is the folder of the configuration file, or else the one of `folders` that holds the file.
    """
    roots = [settings.file.parent] if settings.file is not None else folders
    root = max((each for each in roots if each in path.parents), key=lambda each: len(each.parts), default=None)
    if root is None:
        return False
    inside = (each for each in path.parents if root in each.parents)
    return settings.excludes(path, False) or any(settings.excludes(each, True) for each in inside)


def _state_of_files(folder: Path) -> object:
    """Changes whenever a configuration file that may hold for `folder` comes, changes or goes."""
    return tuple(
        (file, status.st_mtime_ns, status.st_size)
        for parent in (folder, *folder.parents)
        for file in (parent / name for name in FILE_NAMES)
        if (status := _status(file)) is not None
    )


def _status(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:  # it is not there, or can't be read: then it says nothing
        return None

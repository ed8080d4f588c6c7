"""The settings in force for each document, read again when a file or the editor changes them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scram_lsp.config import KEYS, NOTHING_SET, ConfigError, ConfigLayer, Settings, SettingsLoader, read_layer

FILE_NAMES = ("scram.toml", "pyproject.toml")

_OPTION_KEYS: Mapping[str, str] = {
    "inlay-hints": "inlay_hints",
    "inlayHints": "inlay_hints",
    "code-lenses": "code_lenses",
    "codeLenses": "code_lenses",
}


@dataclass(frozen=True, slots=True)
class EditorOptions:
    """What is shown beside findings; only the editor's own settings decide it."""

    inlay_hints: bool = True
    code_lenses: bool = True

    @classmethod
    def of(cls, section: Mapping[str, object]) -> EditorOptions:
        """The switches among the editor's settings; whatever is no switch is passed over."""
        found = {_OPTION_KEYS[key]: value for key, value in section.items() if key in _OPTION_KEYS}
        return cls(**{name: value for name, value in found.items() if isinstance(value, bool)})


class Configuration:
    """Settings by folder.

    A configuration that can't be used leaves the last good one of the folder in force, or the defaults; what is wrong
    with it is said to `complain_to`, in one line.
    """

    def __init__(self) -> None:
        self.options = EditorOptions()
        self._complaints: list[str] = []
        self._complain = self._complaints.append
        self._folders: tuple[Path, ...] = ()
        self._editor: dict[Path | None, ConfigLayer] = {}
        self._unread: Mapping[str, object] = {}
        self._said: dict[Path | None, str] = {}
        self._by_folder: dict[Path, tuple[object, Settings]] = {}
        self._files: dict[Path, list[str]] = {}
        self._faults: dict[tuple[str, Path | None], str] = {}
        self._generation = 0

    def complain_to(self, complain: Callable[[str], None]) -> None:
        """Say what is wrong with a configuration to `complain`, what was wrong so far with it."""
        self._complain = complain
        while self._complaints:
            complain(self._complaints.pop(0))

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong now with the settings that were read last, each once."""
        return tuple(dict.fromkeys(self._faults.copy().values()))

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the workspace."""
        return self._folders

    def take_folders(self, folders: Iterable[Path]) -> None:
        """Take the folders of the workspace; those that are gone take their settings with them."""
        self._folders = tuple(folders)
        self._editor = {folder: layer for folder, layer in self._editor.items() if folder in (None, *self._folders)}
        self._said = {folder: said for folder, said in self._said.items() if folder in (None, *self._folders)}
        self._generation += 1

    def expect_editor_settings(self, section: object) -> None:
        """Take what the editor sets for everything at its start; what is wrong with it is said when it is needed."""
        given = section if isinstance(section, Mapping) else {}
        self.options = EditorOptions.of(given)
        self._unread = given
        self._said = {None: _written(given)}

    def take_editor_settings(self, section: object, folder: Path | None = None) -> bool:
        """Take what the editor sets for everything, or for one folder, over the files; gives whether it changed.

        Keys that `[tool.scram]` does not have are left out: clients keep their own in the same section.
        """
        self._read_unread()
        if folder is not None and folder not in self._folders:  # it went while the client was asked
            return False
        given = section if isinstance(section, Mapping) else {}
        options = EditorOptions.of(given) if folder is None else self.options
        try:
            layer = _read(given)
        except ConfigError as error:
            self._faults["editor", folder] = str(error)
            self._complain(str(error))
            return False
        self._faults.pop(("editor", folder), None)
        self._said[folder] = _written(given)
        if options == self.options and layer == self._editor.get(folder, NOTHING_SET):
            return False
        self.options = options
        self._editor[folder] = layer
        self._generation += 1
        return True

    def of(self, path: Path | None) -> Settings:
        """The settings for one document, by its file; None for one without, which the first folder speaks for."""
        self._read_unread()
        return self._of_folder(self._folder_of(path))

    def basis(self, path: Path | None) -> str:
        """What the settings of a document rest on, told without reading them: no rules need to be loaded."""
        folder = self._folder_of(path)
        said = self._said.get(_deepest(self._said, folder), "")
        return repr(([str(each) for each in self._folders], said, self._state_of_files(folder)))

    def is_as_read(self) -> bool:
        """Whether the settings that were asked for would be the same now."""
        known = dict(self._by_folder)
        return all(state == (self._generation, self._state_of_files(folder)) for folder, (state, _) in known.items())

    def _folder_of(self, path: Path | None) -> Path:
        if path is not None:
            return path.parent
        return self._folders[0] if self._folders else Path.cwd()

    def _of_folder(self, folder: Path) -> Settings:
        # The generation is asked before the settings, and no cache is cleared: another thread may be between the two.
        state = self._generation, self._state_of_files(folder)
        known = self._by_folder.get(folder)
        if known is not None and known[0] == state:
            return known[1]
        layer = self._editor_layer(folder)
        try:
            settings = SettingsLoader(layer).for_path(folder)
            self._faults.pop(("files", folder), None)
        except ConfigError as error:
            self._faults["files", folder] = str(error)
            self._complain(str(error))
            settings = known[1] if known is not None else SettingsLoader(layer, isolated=True).for_path(folder)
        if known is not None and known[1] == settings:
            settings = known[1]  # the same object: with its rules goes all that they have said of texts
        self._by_folder[folder] = (state, settings)
        return settings

    def _state_of_files(self, folder: Path) -> object:
        """Changes whenever a configuration file that may hold for `folder` comes, changes or goes."""
        files = self._files.get(folder)
        if files is None:
            around = (folder, *folder.parents)
            files = self._files[folder] = [str(parent / name) for parent in around for name in FILE_NAMES]
        found = [(file, _status(file)) for file in files]
        return tuple((file, status.st_mtime_ns, status.st_size) for file, status in found if status is not None)

    def _read_unread(self) -> None:
        unread, self._unread = self._unread, {}
        if unread:
            self.take_editor_settings(unread)

    def _editor_layer(self, folder: Path) -> ConfigLayer:
        """What the editor sets for the deepest of its folders around `folder`, else for everything."""
        return self._editor.get(_deepest(self._editor, folder), NOTHING_SET)


def _deepest(folders: Iterable[Path | None], folder: Path) -> Path | None:
    """The deepest of some folders around one; None where none is."""
    around = [each for each in folders if each is not None and (each == folder or each in folder.parents)]
    return max(around, key=lambda each: len(each.parts), default=None)


def _written(section: Mapping[str, object]) -> str:
    return repr(sorted(_ours(section).items()))


def is_any_ours(section: object) -> bool:
    """Whether an editor's settings hold any that `[tool.scram]` has too: to read those, the rules are loaded."""
    return isinstance(section, Mapping) and bool(_ours(section))


def _ours(section: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in section.items() if key in KEYS}


def _read(section: Mapping[str, object]) -> ConfigLayer:
    ours = _ours(section)
    return read_layer(ours, "the editor's settings") if ours else NOTHING_SET


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


def _status(file: str) -> os.stat_result | None:
    try:
        return os.stat(file)
    except OSError:  # it is not there, or can't be read: then it says nothing
        return None

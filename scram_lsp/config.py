"""The configuration: `[tool.scram]` in a file, the command line or an editor over it, merged into `Settings`.

The closest `pyproject.toml` with `[tool.scram]`, or `scram.toml`, holds for a file; others have no say.
"""

from __future__ import annotations

import dataclasses
import math
import reprlib
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from scram_analyzers.findings import Finding, Severity
from scram_lsp.files import DEFAULT_EXCLUDE, PathPatterns, absolute_path
from scram_lsp.reporters import FORMATS
from scram_lsp.selection import Catalogue, UnknownNameError, unknown_name

if TYPE_CHECKING:
    from scram_analyzers.rules.registry import RuleSet

Value = TypeVar("Value")

KEYS = (
    *("select", "ignore", "extend-select", "per-file-ignores", "exclude", "extend-exclude"),
    *("unsafe-fixes", "output-format", "severity", "rules"),
)
"""What `[tool.scram]` may hold."""


class ConfigError(Exception):
    """The configuration can't be used; the text is one line with the file, the key and the mend."""


@dataclass(frozen=True, slots=True)
class ConfigLayer:
    """What one source (a file, the command line, an editor) sets; None where it sets nothing.

    Selectors are codes, names, prefixes of codes and "ALL"; all have been checked. `severity` and `rules` are
    by code.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    unsafe_fixes: bool | None = None
    output_format: str | None = None
    severity: Mapping[str, Severity] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


NOTHING_SET = ConfigLayer()


@dataclass(frozen=True)
class Settings:
    """The configuration in force for the files of a folder. `file` is where it was read, if anywhere."""

    file: Path | None
    codes: frozenset[str]
    per_file_ignores: tuple[tuple[PathPatterns, frozenset[str]], ...]
    exclude: PathPatterns
    unsafe_fixes: bool
    output_format: str
    severity: Mapping[str, Severity]
    options: Mapping[str, Mapping[str, float]]
    _rule_sets: dict[frozenset[str], RuleSet] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getstate__(self) -> dict[str, object]:
        """All but the rules, which other processes have too."""
        return {**self.__dict__, "_rule_sets": {}}

    def rule_set(self, path: Path | None = None) -> RuleSet:
        """The rules in force; for `path` when it is given, since files may ignore rules of their own.

        The same object for the same rules: an editor asks at every keystroke.
        """
        from scram_analyzers.rules.registry import RuleSet

        codes = self.codes_for(path)
        known = self._rule_sets.get(codes)
        if known is None:
            known = self._rule_sets[codes] = RuleSet.build(set(codes), self.options, self.severity)
        return known

    def codes_for(self, path: Path | None) -> frozenset[str]:
        """The codes of the rules and notes in force for a file."""
        if path is None:
            return self.codes
        ignored = (codes for patterns, codes in self.per_file_ignores if patterns.decide(path))
        return self.codes.difference(*ignored)

    def excludes(self, path: Path, is_folder: bool) -> bool:
        """Whether a file or folder below a checked folder is left out."""
        return bool(self.exclude.decide(path, is_folder))

    def admit(self, findings: Iterable[Finding], path: Path | None) -> list[Finding]:
        """The findings whose codes are in force for `path`, at the severity that the user gave them."""
        codes = self.codes_for(path)
        return [
            dataclasses.replace(each, severity=self.severity.get(each.code, each.severity))
            for each in findings
            if each.code in codes
        ]


class SettingsLoader:
    """Finds and merges the settings of many files, reading each configuration file once.

    `isolated` leaves all files out. What it has read holds until a new loader is made.
    """

    def __init__(self, overrides: ConfigLayer = NOTHING_SET, *, isolated: bool = False) -> None:
        self._overrides = overrides
        self._isolated = isolated
        self._by_folder: dict[Path, Settings] = {}

    def for_path(self, path: Path) -> Settings:
        """The settings for a file or folder. Raises `ConfigError`."""
        absolute = Path(absolute_path(str(path)))
        return self._for_folder(absolute if absolute.is_dir() else absolute.parent)

    def _for_folder(self, folder: Path) -> Settings:
        known = self._by_folder.get(folder)
        if known is None:
            known = self._by_folder[folder] = self._load(folder)
        return known

    def _load(self, folder: Path) -> Settings:
        found = None if self._isolated else _read_folder(folder)
        if found is not None:
            file, layer = found
            return _merge(file, layer, self._overrides)
        if folder.parent != folder and not self._isolated:
            return self._for_folder(folder.parent)
        return _merge(None, NOTHING_SET, self._overrides)


def load_settings(for_path: Path, overrides: ConfigLayer = NOTHING_SET) -> Settings:
    """The settings for one file or folder, read anew. Raises `ConfigError`."""
    return SettingsLoader(overrides).for_path(for_path)


def read_layer(table: Mapping[str, object], where: str) -> ConfigLayer:
    """Check what a source sets; `where` names the source in errors. Raises `ConfigError`."""
    try:
        return _read_layer(_Table(table), Catalogue.build())
    except (UnknownNameError, _WrongValueError) as error:
        raise ConfigError(f"{where}: {error}") from error


def _read_layer(table: _Table, catalogue: Catalogue) -> ConfigLayer:
    table.check_keys(KEYS)
    layer = ConfigLayer(
        select=table.texts("select"),
        ignore=table.texts("ignore") or (),
        extend_select=table.texts("extend-select") or (),
        per_file_ignores=tuple(
            (glob, ignores.texts(glob) or ()) for ignores in [table.table("per-file-ignores")] for glob in ignores
        ),
        exclude=table.texts("exclude"),
        extend_exclude=table.texts("extend-exclude") or (),
        unsafe_fixes=table.switch("unsafe-fixes"),
        output_format=table.choice("output-format", FORMATS),
        severity=_read_severities(table.table("severity"), catalogue),
        rules=_read_options(table.table("rules"), catalogue),
    )
    for selectors in (
        layer.select or (),
        layer.ignore,
        layer.extend_select,
        *dict(layer.per_file_ignores).values(),
    ):
        catalogue.all_of(selectors)
    return layer


def _read_severities(table: _Table, catalogue: Catalogue) -> dict[str, Severity]:
    levels = [each.value for each in Severity]
    return {catalogue.code_of(rule): Severity(table.choice(rule, levels)) for rule in table}


def _read_options(table: _Table, catalogue: Catalogue) -> dict[str, dict[str, float]]:
    options: dict[str, dict[str, float]] = {}
    for rule in table:
        code = catalogue.code_of(rule)
        values = table.table(rule)
        known = [option.name for option in catalogue.rules[code].options] if code in catalogue.rules else []
        values.check_keys(known)
        options[code] = {name: values.number(name) for name in values}
    return options


class _WrongValueError(ValueError):
    """A value of the wrong kind; the text names the key and what it takes."""


class _Table:
    """A table whose values are checked as they are read; `name` is its key in the outer tables."""

    def __init__(self, values: Mapping[str, object], name: str = "") -> None:
        self._values = values
        self._name = name

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def check_keys(self, known: Collection[str]) -> None:
        """Raises `UnknownNameError` for a key that is not known."""
        for key in self._values:
            if key not in known:
                raise unknown_name("key", key, known, f" in '{self._name}'" if self._name else "")

    def table(self, key: str) -> _Table:
        """The table at `key`; an empty one where there is none."""
        value = self._values.get(key, {})
        if not isinstance(value, Mapping):
            raise self._wrong(key, "a table")
        return _Table(value, self._path(key))

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise self._wrong(key, 'a list of texts, as in ["SCR101"]')
        return tuple(value)

    def switch(self, key: str) -> bool | None:
        """True or false."""
        value = self._values.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(key, "true or false")

    def choice(self, key: str, allowed: Collection[str]) -> str | None:
        """One of the allowed texts."""
        value = self._values.get(key)
        if value is None or (isinstance(value, str) and value in allowed):
            return value
        raise self._wrong(key, "one of " + ", ".join(allowed))

    def number(self, key: str) -> float:
        """A finite number."""
        value = self._values.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        raise self._wrong(key, "a number")

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _wrong(self, key: str, wanted: str) -> _WrongValueError:
        return _WrongValueError(f"'{self._path(key)}' must be {wanted}, not {reprlib.repr(self._values[key])}")


def _read_folder(folder: Path) -> tuple[Path, ConfigLayer] | None:
    own = folder / "scram.toml"
    if own.is_file():
        return own, read_layer(_read_toml(own), str(own))
    shared = folder / "pyproject.toml"
    # A file that never says "scram" is not ours, whatever state it is in.
    if shared.is_file() and b"scram" in _read_bytes(shared):
        tool = _read_toml(shared).get("tool")
        table = tool.get("scram") if isinstance(tool, Mapping) else None
        if isinstance(table, Mapping):
            return shared, read_layer(table, f"{shared} [tool.scram]")
    return None


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"can't read {file}: {reason}; check that you may read it") from error


def _read_toml(file: Path) -> Mapping[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table: Mapping[str, object] = tomllib.loads(_read_bytes(file).decode("utf-8"))
    except ValueError as error:  # not UTF-8, or not TOML
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    return table


def _merge(file: Path | None, from_file: ConfigLayer, overrides: ConfigLayer) -> Settings:
    catalogue = Catalogue.build()
    codes = _choose(catalogue, overrides, _choose(catalogue, from_file, catalogue.on_by_default))
    root = file.parent if file is not None else None
    exclude = _first_set(overrides.exclude, from_file.exclude, DEFAULT_EXCLUDE)
    return Settings(
        file=file,
        codes=codes,
        per_file_ignores=tuple(
            (PathPatterns(root, (glob,)), catalogue.all_of(selectors))
            for glob, selectors in (*from_file.per_file_ignores, *overrides.per_file_ignores)
        ),
        exclude=PathPatterns(root, (*exclude, *from_file.extend_exclude, *overrides.extend_exclude)),
        unsafe_fixes=_first_set(overrides.unsafe_fixes, from_file.unsafe_fixes, False),
        output_format=_first_set(overrides.output_format, from_file.output_format, FORMATS[0]),
        severity={**from_file.severity, **overrides.severity},
        options={
            code: {**from_file.rules.get(code, {}), **overrides.rules.get(code, {})}
            for code in {**from_file.rules, **overrides.rules}
        },
    )


def _choose(catalogue: Catalogue, layer: ConfigLayer, current: frozenset[str]) -> frozenset[str]:
    """What is in force after `layer`: its `select` starts from nothing, the rest from `current`."""
    base = current if layer.select is None else frozenset[str]()
    return catalogue.choose(base, (*(layer.select or ()), *layer.extend_select), layer.ignore)


def _first_set(preferred: Value | None, other: Value | None, default: Value) -> Value:
    if preferred is not None:
        return preferred
    return other if other is not None else default

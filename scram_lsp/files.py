"""Which files a path stands for, and how their text is read and written back.

Everything that can be wrong with a file is a `FileError` of one line that names the file and the mend.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NOTEBOOK_SUFFIX = ".ipynb"
SOURCE_SUFFIXES = (".py", NOTEBOOK_SUFFIX)
"""Files of these kinds are found in folders; a file that is named is taken whatever its suffix."""

DEFAULT_EXCLUDE = (
    *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", ".eggs", "__pypackages__", "site-packages"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", "__pycache__", ".scram"),
    *(".vscode", ".idea", "node_modules", "build", "_build", "dist"),
)
"""What holds no source of the user's own."""

_NO_NAME = re.compile(r"[^\w.-]|^$")
"""What makes a pattern more than the name of a file or folder: signs such as `*`, `/`, `!`, `#`, or blanks."""

_FOREIGN_BYTE_ORDER_MARKS = (
    *((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32")),
    *((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16")),
)


class FileError(Exception):
    """A file or folder that can't be used; the text is one line with its name and the mend."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file's text with its own line ends, and the encoding to write it back in."""

    text: str
    encoding: str


@dataclass(frozen=True)
class PathPatterns:
    """Patterns as in a `.gitignore` that lies in `root`; without a root, only for the last part of a path."""

    root: Path | None
    patterns: tuple[str, ...]

    def decide(self, path: Path, is_folder: bool = False) -> bool | None:
        """Whether the last pattern that fits `path` takes it (or, with `!`, leaves it); None: none fits."""
        root = self.root or path.parent
        if not self.patterns or not path.is_relative_to(root):
            return None
        relative = path.relative_to(root).as_posix()
        if self._names is not None:
            return True if self._names.intersection(relative.split("/")) else None
        return self._spec.check_file(f"{relative}/" if is_folder else relative).include

    @cached_property
    def _names(self) -> frozenset[str] | None:
        """The patterns, where each is a mere name, as those that hold everywhere are; the rest takes a library."""
        return None if any(map(_NO_NAME.search, self.patterns)) else frozenset(self.patterns)

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        try:
            return GitIgnoreSpec.from_lines(self.patterns)
        except ValueError:  # one line is no pattern: git passes over it, and so do we
            return GitIgnoreSpec.from_lines(each for each in self.patterns if _is_pattern(each))


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


Excluded = Callable[[Path, bool], bool]
"""Whether the configuration leaves out a path; the second argument says whether it is a folder."""


@dataclass
class FoundFiles:
    """The files to read, absolute and sorted, and the paths that could not be used."""

    files: list[Path] = field(default_factory=list)
    errors: list[FileError] = field(default_factory=list)


def find_files(paths: Iterable[Path], excluded: Excluded) -> FoundFiles:
    """The files that `paths` stand for: a file for itself, a folder for the Python files and notebooks below it.

    Below a folder, what `.gitignore` files or `excluded` leave out is passed over; what leaves out the folder
    itself has no say, since the folder was named.
    """
    found = FoundFiles()
    files: set[Path] = set()
    for path in paths:
        absolute = Path(os.path.abspath(path))
        try:
            if absolute.is_dir():
                files.update(_walk(absolute, excluded, found.errors))
            elif absolute.exists():
                files.add(absolute)
            else:
                found.errors.append(FileError(f"no such file or folder: {path}"))
        except OSError as error:
            found.errors.append(_cannot_read(path, error))
    found.files = sorted(files)
    return found


def _walk(top: Path, excluded: Excluded, errors: list[FileError]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        errors.append(_cannot_read(Path(error.filename), error))

    top_is_excluded = excluded(top, True)
    ignores = {top: tuple(each for each in _ignores_above(top) if not each.decide(top, True))}
    for name, folders, files in os.walk(top, onerror=note):
        folder = Path(name)
        inherited = ignores.pop(folder)
        here = (*inherited, *_ignore_file(folder))

        def keep(path: Path, is_folder: bool, here: tuple[PathPatterns, ...] = here) -> bool:
            if _is_ignored(path, is_folder, here):
                return False
            return top_is_excluded or not excluded(path, is_folder)

        folders[:] = [each for each in folders if keep(folder / each, True)]
        ignores.update({folder / each: here for each in folders})
        for each in files:
            path = folder / each
            if each.endswith(SOURCE_SUFFIXES) and keep(path, False) and path.is_file():
                yield path


def _is_ignored(path: Path, is_folder: bool, ignores: tuple[PathPatterns, ...]) -> bool:
    decisions = (each.decide(path, is_folder) for each in reversed(ignores))
    return next((decision for decision in decisions if decision is not None), False)


def _ignores_above(folder: Path) -> Iterator[PathPatterns]:
    """The `.gitignore` files above `folder`, outermost first, when it lies in a git repository."""
    if (folder / ".git").exists():
        return
    above: list[Path] = []
    for parent in folder.parents:
        above.append(parent)
        if (parent / ".git").exists():
            for each in reversed(above):
                yield from _ignore_file(each)
            return


def _ignore_file(folder: Path) -> Iterator[PathPatterns]:
    with contextlib.suppress(OSError):  # most folders have none
        text = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace")
        yield PathPatterns(folder, tuple(text.splitlines()))


def short_path(path: Path) -> str:
    """The path from the current folder when it lies below that, else the whole path."""
    folder = current_folder()
    return str(path.relative_to(folder)) if folder is not None and path.is_relative_to(folder) else str(path)


def current_folder() -> Path | None:
    """None where it has been removed: programs go on in folders that others clean up."""
    try:
        return Path.cwd()
    except OSError:
        return None


def absolute_path(name: str) -> str:
    """The path from the root; as it is where the current folder has been removed."""
    try:
        return os.path.abspath(name)
    except OSError:
        return name


def is_notebook(path: Path) -> bool:
    """Whether a file of this name holds a notebook."""
    return path.suffix == NOTEBOOK_SUFFIX


def read_source(path: Path) -> SourceText:
    """The text of a file, of a notebook its JSON. Raises `FileError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _cannot_read(path, error) from error
    return decode_source(data, short_path(path))


def decode_source(data: bytes, name: str) -> SourceText:
    """The text of a module's bytes, by its byte order mark or coding line. Raises `FileError`."""
    for mark, encoding in _FOREIGN_BYTE_ORDER_MARKS:
        if data.startswith(mark):
            raise FileError(f"{name} is {encoding} text, which Python can't run; save it as UTF-8")
    if b"\0" in data:
        raise FileError(f"{name} is not a text file (it holds zero bytes); name Python files only")
    encoding = _encoding(data, name)
    try:
        return SourceText(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        raise _not_decodable(name, encoding, data, error) from error
    except LookupError as error:  # "hex" and its like turn bytes into bytes
        raise FileError(f"{name}: its coding line names {encoding}, which is no text encoding") from error


def _encoding(data: bytes, name: str) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as undecodable:
            raise _not_decodable(name, "utf-8", data, undecodable) from error
        raise FileError(f"{name}: {error.msg}; name a known encoding in its coding line, or save as UTF-8") from error


def _not_decodable(name: str, encoding: str, data: bytes, error: UnicodeDecodeError) -> FileError:
    line = data.count(b"\n", 0, error.start) + 1
    if is_notebook(Path(name)):
        return FileError(f"{name}: line {line} is not {encoding.upper()}; save the notebook as UTF-8")
    return FileError(
        f"{name}: line {line} is not {encoding.upper()}; save the file as UTF-8, or name its encoding "
        "in its first line, as in: # -*- coding: latin-1 -*-"
    )


def write_source(path: Path, source: SourceText) -> None:
    """Write the text in its encoding, in one step: the file is the old one or the new, never half of it.

    Line ends are written as they are, and links are followed. Raises `FileError`.
    """
    target = path.resolve()
    try:
        data = source.text.encode(source.encoding)
    except UnicodeEncodeError as error:
        raise FileError(
            f"{short_path(path)}: the new text holds characters that {source.encoding} lacks; save it as UTF-8"
        ) from error
    try:
        _replace(target, data)
    except OSError as error:
        raise FileError(f"can't write {short_path(path)}: {_reason(error)}; check who may write to it") from error


def _replace(target: Path, data: bytes) -> None:
    import tempfile  # only what writes needs it, and an editor waits for the rest

    if not os.access(target, os.W_OK):  # renaming would pass over the file's own protection
        raise PermissionError("it is write-protected")
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as temporary:
            temporary.write(data)
        os.chmod(name, target.stat().st_mode)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _cannot_read(path: Path, error: OSError) -> FileError:
    return FileError(f"can't read {short_path(path)}: {_reason(error)}; check that it exists and that you may read it")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()

"""Where in the user's own code a call stands, from the frames on the stack, to the column."""

from __future__ import annotations

import functools
import itertools
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from scram_lsp.files import absolute_path

if TYPE_CHECKING:
    from scram_analyzers.findings import SourceRange

_FRAMEWORKS = frozenset({"keras", "tf_keras", "tensorflow", "scram_lsp"})
_PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})

CALLERS_KEPT = 4
"""So many calls of the user's code are kept for each thing made: where it was made, and what led there."""


@dataclass(frozen=True, slots=True)
class CallPoint:
    """One call in the user's code: the code that made it, and at which of its instructions. Making one is cheap."""

    code: CodeType
    instruction: int
    line: int

    @classmethod
    def of(cls, frame: FrameType) -> CallPoint:
        """The call that a frame is in."""
        return cls(frame.f_code, frame.f_lasti, frame.f_lineno)

    @property
    def filename(self) -> str:
        """The absolute path of the file, or a notebook cell's own name."""
        name = self.code.co_filename
        return name if name.startswith("<") else absolute_path(name)

    @property
    def is_exact(self) -> bool:
        """Whether the columns are known, too."""
        return _positions(self.code, self.instruction) is not None

    @property
    def range(self) -> SourceRange:
        """The call's text, from its first character to its last; on Python 3.10 its whole line."""
        from scram_analyzers.findings import SourceRange  # not at the top: every process that is watched loads this

        positions = _positions(self.code, self.instruction)
        if positions is None:
            return whole_line(self.line)
        line, end_line, column, end_column = positions
        start = _in_code_points(self.code.co_filename, line, column)
        end = _in_code_points(self.code.co_filename, end_line, end_column)
        return whole_line(self.line) if start is None or end is None else SourceRange.of(line, start, end_line, end)


def whole_line(line: int) -> SourceRange:
    """The stretch that is one line."""
    from scram_analyzers.findings import SourceRange

    return SourceRange.of(line, 0, line + 1, 0)


def call_chain(frame: FrameType | None, made: object = None) -> tuple[CallPoint, ...]:
    """The calls of the user's code that led to `frame`, the innermost first, at most `CALLERS_KEPT`.

    The frames in which `made` initializes itself are left out: an object is made where its class is called. An
    installed package is the user's code when there is no other and it is what was asked to run (`-m package`).
    """
    own = (each for each in _stack(frame) if not is_library(each))
    frames = itertools.dropwhile(lambda each: _initializes(each, made), own)
    chain = tuple(map(CallPoint.of, itertools.islice(frames, CALLERS_KEPT)))
    return chain or tuple(CallPoint.of(each) for each in _stack(frame) if _is_main(each))[:CALLERS_KEPT]


def is_library(frame: FrameType) -> bool:
    """Whether a frame belongs to Python, to an installed package or to us, and not to the user's program."""
    name = str(frame.f_globals.get("__name__", ""))
    return name.partition(".")[0] in _FRAMEWORKS or is_library_file(frame.f_code.co_filename)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_main(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == "__main__" and not frame.f_code.co_filename.startswith("<frozen")


@functools.lru_cache(maxsize=4096)
def is_library_file(filename: str) -> bool:
    """Whether a file is Python's own or an installed package's."""
    if filename.startswith("<frozen"):
        return True
    path = absolute_path(filename)
    return path.startswith(_standard_library()) or not _PACKAGE_FOLDERS.isdisjoint(Path(path).parts)


@functools.cache
def _standard_library() -> tuple[str, ...]:
    return tuple(sysconfig.get_paths()[name] + os.sep for name in ("stdlib", "platstdlib"))


def _initializes(frame: FrameType, made: object) -> bool:
    code = frame.f_code
    if made is None or code.co_name != "__init__" or not code.co_argcount:
        return False
    return _first_argument(frame) is made


def _first_argument(frame: FrameType) -> Any:
    return frame.f_locals.get(frame.f_code.co_varnames[0])


def _positions(code: CodeType, instruction: int) -> tuple[int, int, int, int] | None:
    """Line, last line and columns in UTF-8 bytes of an instruction; None where Python does not keep them."""
    if sys.version_info < (3, 11) or instruction < 0:
        return None
    line, end_line, column, end_column = next(itertools.islice(code.co_positions(), instruction // 2, None))
    if line is None or end_line is None or column is None or end_column is None:
        return None
    return line, end_line, column, end_column


def _in_code_points(filename: str, line: int, column: int) -> int | None:
    """A column in UTF-8 bytes counted in code points; None when the line is not what it was."""
    text = linecache.getline(filename, line)
    if not text or text.isascii():
        return column
    begin = text.encode()[:column]
    return None if len(begin) < column else len(begin.decode(errors="ignore"))

"""The line of the user's program that called `fit`, and what `fit` was given."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

_FRAMEWORKS = frozenset({"keras", "tf_keras", "tensorflow", "scram_lsp"})
_PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True)
class CallSite:
    """Where `fit` was called. `script` is an absolute path, or a notebook cell's own name.

    `arguments` are the local variables of Keras's `fit` at this moment; read them and let them go.
    """

    script: Path
    line: int | None
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)


def find_call_site() -> CallSite:
    """The innermost frame of the user's own code below `fit`; the main script when there is none."""
    arguments: Mapping[str, Any] = {}
    for frame in _callers():
        if frame.f_code.co_name == "fit" and "epoch_iterator" in frame.f_code.co_varnames:
            arguments = frame.f_locals
        elif not _is_library(frame):
            return CallSite(_absolute(frame.f_code.co_filename), frame.f_lineno, arguments)
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return CallSite(_absolute(main or "<unknown>"), None, arguments)


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _absolute(filename: str) -> Path:
    if filename.startswith("<"):
        return Path(filename)
    return Path(os.path.abspath(filename))


@functools.cache
def _standard_library() -> tuple[str, ...]:
    return tuple(sysconfig.get_paths()[name] + os.sep for name in ("stdlib", "platstdlib"))


def _is_library(frame: FrameType) -> bool:
    """Whether a frame belongs to Python, to an installed package or to us, and not to the user's program."""
    if str(frame.f_globals.get("__name__", "")).partition(".")[0] in _FRAMEWORKS:
        return True
    filename = frame.f_code.co_filename
    if filename.startswith("<frozen"):
        return True
    path = os.path.abspath(filename)
    return path.startswith(_standard_library()) or not _PACKAGE_FOLDERS.isdisjoint(Path(path).parts)

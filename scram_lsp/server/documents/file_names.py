"""Files as the protocol names them, by URI, and as they are compared."""

from __future__ import annotations

import os
from pathlib import Path

from pygls.uris import from_fs_path, to_fs_path


def path_of(uri: str) -> Path | None:
    """The file of a URI, or None when it has none ("untitled:", a notebook's cell), or no file can have its name."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path and _can_be(path) else None


def _can_be(path: str) -> bool:
    """Whether the system can be asked for a file of this name at all."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half a character
        return False


def uri_of(path: Path) -> str:
    """The URI of a file that the client has not named itself."""
    uri: str | None = from_fs_path(str(path))
    assert uri is not None, "from_fs_path gives None for an empty path only"
    return uri


def file_key(path: Path) -> str:
    """Equal for two names of one file: links resolved, case folded where the system does."""
    return os.path.normcase(os.path.realpath(path))

"""How a run finds the language servers whose folders hold its script: one small file for each server.

The files lie in the user's runtime folder, which only this user can read: they hold the token that lets a run
speak. `SCRAM_RUNTIME_DIR` names another folder, for tests and for machines without a usable one.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import secrets
import stat
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from scram_lsp.live.messages import PROTOCOL
from scram_lsp.live.processes import is_alive

log = logging.getLogger(__name__)

RUNTIME_DIR_VARIABLE = "SCRAM_RUNTIME_DIR"
HOST = "127.0.0.1"
"""Where servers listen: not "localhost", which may mean ::1."""

MAX_FILE_BYTES = 64 * 1024


class DiscoveryError(OSError):
    """The runtime folder can't be used; the text says why and names it."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where one server listens, and for which folders. `file` is the server file that says so.

    `protocol` is the version that it speaks; its file and a run's hello have the same form in all of them.
    """

    port: int
    token: str
    pid: int
    folders: tuple[Path, ...]
    file: Path
    protocol: int = PROTOCOL

    def depth_for(self, script: Path) -> int | None:
        """How many parts the deepest folder above `script` has, or None when it lies in none of them."""
        path = _comparable(script)
        return max((len(each.parts) for each in map(_comparable, self.folders) if each in path.parents), default=None)


class Announcement:
    """A server's own file, written when it starts to listen and removed when it leaves."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._name = f"{os.getpid()}-{secrets.token_hex(8)}.json"
        self._file: Path | None = None

    def publish(self, folders: Iterable[Path]) -> Path:
        """Write the file, or write it again with other folders; readers never see half of it.

        Raises `DiscoveryError` when the runtime folder is not safe to use, another `OSError` when the file
        can't be written.
        """
        folder = _make_private(server_folder())
        content = {
            "protocol": PROTOCOL,
            "port": self._port,
            "token": self._token,
            "pid": os.getpid(),
            "folders": [str(each.absolute()) for each in folders],
        }
        draft = folder / f"{self._name}.new"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        self._file = folder / self._name
        os.replace(draft, self._file)
        return self._file

    def withdraw(self) -> None:
        """Remove the file; there is nothing to do when it was never written or is gone."""
        if self._file is not None:
            _remove(self._file)
            self._file = None


def server_folder() -> Path:
    """The folder of the server files; it need not exist."""
    chosen = os.environ.get(RUNTIME_DIR_VARIABLE)
    return (Path(chosen) if chosen else _usual_folder(os.environ.get("XDG_RUNTIME_DIR"))) / "servers"


_filtering = threading.Lock()


@functools.lru_cache(maxsize=8)
def _usual_folder(_: str | None) -> Path:
    """The same for the same XDG_RUNTIME_DIR.

    Asked for once, not at every look for servers, and by one run at a time: the filters of warnings are the whole
    program's, and of two that put them back the second brings back those of the first.
    """
    # platformdirs warns where it falls back on /tmp; whether a folder is private is checked here, whichever it is.
    with _filtering, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return platformdirs.user_runtime_path("scram-lsp", appauthor=False)


def servers_for(script: Path) -> list[ServerAddress]:
    """The servers whose folders hold `script`, the one with the deepest folder first.

    Files of servers that no longer run are removed on the way. A file that can't be read or understood is
    passed over with a log line; a runtime folder that others could write to yields nothing.
    """
    found = [(depth, server) for server in _live_servers() if (depth := server.depth_for(script)) is not None]
    found.sort(key=lambda each: (-each[0], each[1].file.name))
    return [server for _, server in found]


def _live_servers() -> Iterator[ServerAddress]:
    folder = server_folder()
    if not folder.is_dir():
        return
    if not _is_private(folder):
        log.warning("%s belongs to or is open to other users: live findings are off", folder)
        return
    for file in sorted(folder.glob("*.json")):
        try:
            server = _read(file)
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("passing over the server file %s: %s", file, error)
            continue
        if is_alive(server.pid):
            yield server
        else:
            _remove(file)


def _read(file: Path) -> ServerAddress:
    """The address in `file`."""
    with open(file, "rb") as stream:
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"it is larger than {MAX_FILE_BYTES} bytes")
    data = json.loads(content)
    protocol, port, pid, token, folders = (data[key] for key in ("protocol", "port", "pid", "token", "folders"))
    if type(protocol) is not int or type(port) is not int or type(pid) is not int:
        raise ValueError("its protocol, port or pid is not a number")
    if not 0 < port < 65536 or pid <= 0:
        raise ValueError("its port or pid is not in range")
    if not isinstance(token, str) or not isinstance(folders, list):
        raise ValueError("its token or folders are missing")
    return ServerAddress(port, token, pid, tuple(Path(str(each)) for each in folders), file, protocol)


def _remove(file: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # another process may have removed it first
        try:
            file.unlink()
        except PermissionError as error:  # Windows, while someone reads it
            log.info("could not remove %s: %s", file, error)


def _make_private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32" and folder.lstat().st_uid == os.getuid():
        folder.chmod(0o700)
    if not _is_private(folder):
        raise DiscoveryError(f"{folder} belongs to or is open to other users; remove it or set {RUNTIME_DIR_VARIABLE}")
    return folder


def _is_private(folder: Path) -> bool:
    """Whether only this user can look into and write to `folder`. On Windows its profile sees to that."""
    if sys.platform == "win32":
        return True
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def _comparable(path: Path) -> Path:
    """A form in which two names of one place are equal: links resolved, case folded where the system does."""
    try:
        return Path(os.path.normcase(os.path.realpath(path)))
    except OSError:  # what is no file lies in the current folder, which may have been removed
        return Path(os.path.normcase(path))

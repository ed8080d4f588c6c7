"""Finding the servers of a script: private files, deepest folder first, dead servers passed over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from scram_lsp.live import discovery
from scram_lsp.live.discovery import Announcement, DiscoveryError, servers_for

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX file modes")


@pytest.fixture(autouse=True)
def runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runtime"
    monkeypatch.setenv(discovery.RUNTIME_DIR_VARIABLE, str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "models"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text("import keras\n")
    return folder.parent


def test_a_run_finds_the_server_whose_folder_holds_its_script(project: Path) -> None:
    file = Announcement(4711, "secret").publish([project])
    (server,) = servers_for(project / "models" / "train.py")
    assert (server.port, server.token, server.pid, server.file) == (4711, "secret", os.getpid(), file)
    assert servers_for(project.parent / "elsewhere" / "train.py") == []
    assert servers_for(project.parent / "project-2" / "train.py") == [], "a name that begins alike is not inside"


def test_the_deepest_folder_comes_first(project: Path) -> None:
    Announcement(1, "outer").publish([project])
    Announcement(2, "inner").publish([project.parent, project / "models"])
    Announcement(3, "outermost").publish([project.parent])
    assert [server.port for server in servers_for(project / "models" / "train.py")] == [2, 1, 3]


def test_a_linked_folder_is_the_same_place(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(project, target_is_directory=True)
    Announcement(1, "t").publish([link])
    assert [server.port for server in servers_for(project / "models" / "train.py")] == [1]


def test_folders_can_change_and_a_server_can_leave(project: Path) -> None:
    announcement = Announcement(1, "t")
    first = announcement.publish([])
    assert servers_for(project / "models" / "train.py") == []
    assert announcement.publish([project]) == first
    assert len(servers_for(project / "models" / "train.py")) == 1
    announcement.withdraw()
    announcement.withdraw()
    assert list(first.parent.iterdir()) == []


@on_posix
def test_only_this_user_can_read_the_token(project: Path) -> None:
    file = Announcement(1, "t").publish([project])
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@on_posix
def test_a_folder_that_others_can_write_to_is_not_trusted(project: Path) -> None:
    file = Announcement(1, "t").publish([project])
    file.parent.chmod(0o777)
    assert servers_for(project / "models" / "train.py") == []


@on_posix
def test_a_folder_that_is_a_link_is_not_written_to(project: Path, runtime_folder: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    runtime_folder.mkdir()
    (runtime_folder / "servers").symlink_to(trap, target_is_directory=True)
    with pytest.raises(DiscoveryError, match="servers"):
        Announcement(1, "t").publish([project])
    assert list(trap.iterdir()) == []


def test_the_file_of_a_dead_server_is_removed(project: Path) -> None:
    file = Announcement(1, "t").publish([project])
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    file.write_text(json.dumps({**json.loads(file.read_text()), "pid": ended.pid}))
    assert servers_for(project / "models" / "train.py") == []
    assert not file.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b"{}",
        b'{"protocol": 1, "port": 0, "pid": 1, "token": "t", "folders": []}',
        b'{"protocol": 1, "port": "1", "pid": 1, "token": "t", "folders": []}',
        b'{"protocol": 1, "port": 1, "pid": 1, "token": "t", "folders": "/"}',
        b" " * (discovery.MAX_FILE_BYTES + 1),
    ],
)
def test_a_broken_server_file_is_passed_over(project: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    file = Announcement(1, "t").publish([project])
    (file.parent / "0-broken.json").write_bytes(content)
    assert [server.port for server in servers_for(project / "models" / "train.py")] == [1]
    assert "0-broken.json" in caplog.text


def test_a_server_of_another_protocol_is_found_with_its_version(project: Path) -> None:
    file = Announcement(1, "t").publish([project])
    file.write_text(json.dumps({**json.loads(file.read_text()), "protocol": 2}))
    (server,) = servers_for(project / "models" / "train.py")
    assert server.protocol == 2, "a run greets it, so that it can tell its user"


def test_no_runtime_folder_means_no_servers(project: Path) -> None:
    assert servers_for(project / "models" / "train.py") == []


@on_posix
def test_a_user_without_a_runtime_folder_hears_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(discovery.RUNTIME_DIR_VARIABLE)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert discovery.server_folder().name == "servers"


@on_posix
def test_the_filters_of_warnings_are_touched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(discovery.RUNTIME_DIR_VARIABLE)
    first = discovery.server_folder()
    monkeypatch.setattr(warnings, "catch_warnings", lambda: pytest.fail("touched again"))
    assert discovery.server_folder() == first

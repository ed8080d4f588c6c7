"""A client at the bare pipes: however it leaves the server is gone soon, and what it says wrong is said in a line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from scram_lsp.server.opening.messages import MessageCutter, written
from tests.server.editor import DEADLINE_SECONDS, SERVER, TRAIN

WATCHES = {"workspace": {"configuration": True, "didChangeWatchedFiles": {"dynamicRegistration": True}}}
"""A client of that kind is asked things as soon as it is ready; this one never answers."""


class Client:
    """The bare ends of a server's pipes."""

    def __init__(self, folder: Path) -> None:
        pipe = subprocess.PIPE
        self.server = subprocess.Popen(SERVER, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder)
        self.uri = (folder / "train.py").as_uri()
        self._cutter = MessageCutter()
        self.tell("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": WATCHES}, 1)
        self.tell("initialized", {})

    @property
    def said(self) -> IO[bytes]:
        assert self.server.stdout is not None
        return self.server.stdout

    @property
    def told(self) -> IO[bytes]:
        assert self.server.stdin is not None
        return self.server.stdin

    def tell(self, method: str, params: object, identity: int | None = None) -> None:
        message = {"method": method, "params": params}
        self.told.write(written(message if identity is None else {"id": identity, **message}))
        self.told.flush()

    def wait_for(self, met: Callable[[dict[str, Any]], bool]) -> None:
        """Read until the server says that."""
        while data := self.said.read1(1 << 16):  # type: ignore[attr-defined]  # a pipe is a BufferedReader
            if any(met(each.said) for each in self._cutter.take(data)):
                return
        pytest.fail("the server has left")

    def left(self) -> tuple[int, str]:
        """The exit code and what was logged, once the server is gone."""
        assert self.server.stderr is not None
        return self.server.wait(DEADLINE_SECONDS), self.server.stderr.read().decode()


@pytest.fixture
def client(project: Path) -> Iterator[Client]:
    """A client that has said hello, and whose server is over its opening."""
    client = Client(project)
    client.wait_for(lambda said: said.get("method") == "client/registerCapability")
    yield client
    client.server.kill()
    client.server.wait()
    for pipe in (client.server.stdin, client.server.stdout, client.server.stderr):
        assert pipe is not None
        pipe.close()


@pytest.mark.parametrize("way", ["end", "exit", "shutdown and exit", "deaf"])
def test_a_server_leaves_with_its_client(client: Client, runtime_folder: Path, way: str) -> None:
    announcement = f"{client.server.pid}-*.json"
    assert list(runtime_folder.rglob(announcement))
    if way == "deaf":
        client.said.close()
        item = {"uri": client.uri, "languageId": "python", "version": 1, "text": TRAIN}
        client.tell("textDocument/didOpen", {"textDocument": item})
    elif way == "end":
        client.told.close()
    else:
        if way == "shutdown and exit":
            client.tell("shutdown", None, 2)
        client.tell("exit", None)
    code, log = client.left()
    assert code == (0 if way == "shutdown and exit" else 1)
    assert "Traceback" not in log
    assert list(runtime_folder.rglob(announcement)) == []


def test_a_question_that_can_not_be_understood_is_refused(client: Client) -> None:
    def refused(said: dict[str, Any]) -> bool:
        return said.get("id") == 5 and said["error"]["code"] == -32602 and "hover: " in said["error"]["message"]

    client.tell("textDocument/hover", {"textDocument": {"uri": 7}}, 5)
    client.wait_for(refused)


def test_messages_that_can_not_be_read_take_a_line_each_in_the_log(client: Client) -> None:
    unread = [b"{", b"[]", written({"method": "textDocument/didOpen", "params": 7})]
    for each in unread:
        framed = each if each.startswith(b"Content") else b"Content-Length: %d\r\n\r\n%b" % (len(each), each)
        client.told.write(framed)
    client.tell("exit", None)
    _, log = client.left()
    assert "Traceback" not in log
    assert "didOpen" in log

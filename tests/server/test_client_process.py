"""The end of another process, as the system tells it or as it is looked for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from scram_lsp.server import client_process
from scram_lsp.server.client_process import wait_for_end, when_ended

DEADLINE_SECONDS = 60.0


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that goes on until it is ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("is_told", [True, False])
def test_the_end_of_a_process_is_heard(
    other: subprocess.Popen[bytes], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_told:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
        monkeypatch.setattr(client_process, "CHECK_SECONDS", 0.01)
    ended = threading.Event()
    when_ended(other.pid, ended.set)
    assert not ended.wait(0.1)
    other.kill()
    other.wait()
    assert ended.wait(DEADLINE_SECONDS)


def test_one_that_has_ended_is_not_waited_for(other: subprocess.Popen[bytes]) -> None:
    other.kill()
    other.wait()
    wait_for_end(other.pid)
    wait_for_end(2**40)

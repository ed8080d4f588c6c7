"""What a forked process needs is whole: nothing of ours is under way while a process is forked."""

import os
import threading

import pytest

from scram_lsp.live import forks
from scram_lsp.live.forks import forks_wait

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

LONG = 60.0


class Work:
    """Holds a lock for as long as it is under way."""

    def __init__(self):
        self.lock = threading.Lock()
        self.is_going, self.may_end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        with forks_wait(), self.lock:
            self.is_going.set()
            self.may_end.wait(LONG)

    def __enter__(self):
        self._thread.start()
        assert self.is_going.wait(LONG)
        return self

    def __exit__(self, *_):
        self.may_end.set()
        self._thread.join(LONG)


def forked(act):
    """What `act` gives in a forked process, as a number."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = int(act())
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_fork_waits_for_what_is_under_way():
    with Work() as work:
        threading.Timer(0.2, work.may_end.set).start()
        assert forked(lambda: work.lock.acquire(timeout=0))


def test_a_fork_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(forks, "FORK_PATIENCE_SECONDS", 0.0)
    with Work() as work:
        assert not forked(lambda: work.lock.acquire(timeout=0))


def test_only_one_fork_waits_for_what_never_ends(monkeypatch):
    monkeypatch.setattr(forks, "FORK_PATIENCE_SECONDS", 0.0)
    with Work() as work:
        forked(lambda: True)
        monkeypatch.setattr(forks, "FORK_PATIENCE_SECONDS", LONG)
        assert not forked(lambda: work.lock.acquire(timeout=0))


def test_both_processes_go_on():
    def is_free():
        with forks_wait():
            return forked(lambda: True) == 1

    assert is_free()
    assert forked(is_free)
    with Work():
        pass
    assert is_free()


def test_none_begins_during_a_fork():
    works, began = forks._works(), threading.Event()

    def begin():
        with forks_wait():
            began.set()

    works.before_fork()
    other = threading.Thread(target=begin, daemon=True)
    other.start()
    assert not began.wait(0.05)
    works.after_fork()
    assert began.wait(LONG)


def test_an_act_in_the_background_is_not_forked_in():
    from scram_lsp.training.background import Background

    lock, is_going, may_end = threading.Lock(), threading.Event(), threading.Event()

    def act():
        with lock:
            is_going.set()
            may_end.wait(LONG)

    background = Background("test")
    background.start()
    background.do(act)
    background.release()
    assert is_going.wait(LONG)
    threading.Timer(0.2, may_end.set).start()
    assert forked(lambda: lock.acquire(timeout=0))
    assert background.finish(LONG)

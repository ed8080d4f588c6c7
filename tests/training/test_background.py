import threading

import pytest

from scram_lsp.training import background as background_module
from scram_lsp.training.background import Background

LONG = 60.0


@pytest.fixture
def background(monkeypatch):
    monkeypatch.setattr(background_module, "PATIENCE_SECONDS", LONG)
    made = Background("test")
    made.start()
    yield made
    made.drop()
    made.finish(LONG)


def test_acts_are_done_in_order_after_the_first_step(background):
    done = []
    for number in range(5):
        background.do(lambda number=number: done.append((number, threading.current_thread().name)))
    assert done == []
    background.release()
    assert background.finish(LONG)
    assert done == [(number, "test") for number in range(5)]


def test_a_first_step_that_takes_long_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(background_module, "PATIENCE_SECONDS", 0.0)
    background, done = Background("test"), threading.Event()
    background.start()
    background.do(done.set)
    assert done.wait(LONG)
    background.finish(LONG)


def test_training_is_not_held_by_an_act_that_takes_forever(background):
    is_going, may_end = threading.Event(), threading.Event()
    background.do(is_going.set)
    background.do(lambda: may_end.wait(LONG) and None)
    background.release()
    assert is_going.wait(LONG)
    background.do(lambda: None)
    assert not background.finish(0.0)
    may_end.set()
    assert background.finish(LONG)


def test_a_fault_is_kept_and_ends_what_waits_but_not_what_comes(background):
    done = []

    def fail():
        raise RuntimeError("a fault")

    background.do(fail)
    background.do(lambda: done.append("waiting"))
    background.do(fail)
    background.release()
    while not background.is_idle or background.fault is None:
        threading.Event().wait(0.001)
    assert str(background.fault) == "a fault"
    background.do(lambda: done.append("closing"))
    background.finish(LONG)
    assert done == ["closing"]


def test_what_closes_something_is_done_whatever_comes_before(background):
    done = []

    def fail():
        raise RuntimeError("a fault")

    background.do(fail)
    background.do(lambda: done.append("waiting"))
    background.do_surely(lambda: done.append("closed"))
    background.drop()
    background.do(fail)
    background.do(lambda: done.append("waiting"))
    background.do_surely(lambda: done.append("closed, too"))
    assert background.finish(LONG)
    assert done == ["closed", "closed, too"]
    assert str(background.fault) == "a fault"


def test_an_interpreter_that_is_ending_does_everything_in_finish(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    background, done = Background("test"), []
    background.start()
    background.do(lambda: done.append(threading.current_thread()))
    assert background.finish(0.0)
    assert done == [threading.current_thread()]


def test_the_thread_itself_may_finish(background):
    done = []
    background.do(lambda: done.append(background.finish(LONG)))
    background.do(lambda: done.append("after"))
    background.release()
    background.finish(LONG)
    assert done == ["after", True]


def test_an_act_may_be_given_in_anywhere_in_the_middle_of_anything(monkeypatch):
    """As from garbage collection: in the thread itself too, between any two of its lines and of those it calls."""
    monkeypatch.setattr(background_module, "PATIENCE_SECONDS", LONG)
    background, given, done = Background("test"), [], []
    watched = {background_module.__file__, threading.__file__}

    def give(frame, event, argument):
        if event == "line" and len(given) < 2_000 and frame.f_code.co_filename in watched:
            given.append(len(given))
            background.do(lambda number=given[-1]: done.append(number))
        return give

    threading.settrace(give)
    try:
        background.start()
    finally:
        threading.settrace(None)
    background.release()
    assert background.finish(LONG)
    assert done == given
    assert done

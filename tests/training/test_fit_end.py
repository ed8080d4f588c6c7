import contextlib
import gc
import os
import sys
import threading
import types

import pytest

from scram_lsp.training.fit_end import FitEnd


class Iterator:
    """Stands for what only the local variables of `fit` hold."""


def fit(ended, *, raises=False):
    iterator = Iterator()
    end = FitEnd(iterator, lambda _: ended.append("ended"), lambda then: ended.append("elsewhere"))
    if raises:
        raise ValueError
    end.forget()


def test_the_end_is_told_as_soon_as_the_exception_is_caught():
    ended = []
    with contextlib.suppress(ValueError):
        fit(ended, raises=True)
    assert ended == ["ended"]


def test_a_fit_that_ends_by_itself_is_not_told():
    ended = []
    fit(ended)
    assert ended == []
    assert not ours_in(gc.callbacks)


def test_garbage_that_is_collected_is_no_place_to_end_a_fit():
    ended = []

    def elsewhere(then):
        ended.append("elsewhere")
        then()

    def leave():
        iterator = Iterator()
        iterator.itself = iterator
        FitEnd(iterator, lambda _: ended.append("ended"), elsewhere)

    leave()
    gc.collect()
    assert ended == ["elsewhere"]
    assert not ours_in(gc.callbacks)


def test_another_thread_is_no_place_to_end_a_fit():
    ended, held = [], [Iterator()]
    FitEnd(held[0], lambda _: ended.append("ended"), lambda then: ended.append("elsewhere"))
    other = threading.Thread(target=held.clear)
    other.start()
    other.join()
    assert ended == ["elsewhere"]


def ours_in(callbacks):
    return [each for each in callbacks if isinstance(getattr(each, "__self__", None), FitEnd)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_tells_nothing():
    ended = []
    iterator = Iterator()
    FitEnd(iterator, lambda _: ended.append("ended"), lambda then: ended.append("elsewhere"))
    child = os.fork()
    if child == 0:
        del iterator
        os._exit(len(ended))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_end_of_a_notebooks_cell_ends_a_fit_that_was_interrupted(monkeypatch):
    callbacks = []
    events = types.SimpleNamespace(
        register=lambda _, callback: callbacks.append(callback),
        unregister=lambda _, callback: callbacks.remove(callback),
    )
    shell = types.SimpleNamespace(events=events)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    ended = []
    iterator = Iterator()
    FitEnd(iterator, lambda _: ended.append("ended"), lambda then: ended.append("elsewhere"))
    for callback in callbacks:
        callback(None)
    assert ended == ["ended"]
    assert callbacks == []

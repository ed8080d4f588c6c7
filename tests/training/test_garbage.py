"""A fit that raised may be garbage that is collected anywhere: nothing there may wait for us, or we for it."""

import gc
import threading
import time

import numpy as np
import pytest

from scram_lsp import ScramCallback
from scram_lsp.training.batches.batch_tap import BatchTap

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

LONG = 60.0


class Raise(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise ValueError("enough")


class Stream:
    """Standard error as a program may have it: who writes holds a lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.text = ""
        self.has_report = threading.Event()

    def write(self, text):
        with self.lock:
            self.text += text
            if "fit did not finish" in self.text:
                self.has_report.set()

    def flush(self):
        pass


def failed_fit(project):
    """The model of a fit whose end nobody has heard of yet: its error is kept in a cycle."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(optimizer="sgd", loss="mse")
    try:
        project.fit(model, np.ones((8, 4)), np.ones((8, 2)), verbose=0, callbacks=[ScramCallback(), Raise()])
    except ValueError as error:
        kept = {"error": error}
        kept["itself"] = kept
    return model


@pytest.fixture
def uncollected():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def in_time(act):
    """Do it on another thread, so that what hangs is a failure."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(LONG)
    assert not thread.is_alive()


@pytest.mark.parametrize("is_own_thread", [True, False])
def test_who_collects_it_may_hold_what_we_need(project, monkeypatch, uncollected, is_own_thread):
    stream = Stream()
    monkeypatch.setattr("sys.stderr", stream)
    models = []

    def collect():
        with stream.lock:
            gc.collect()

    def train():
        models.append(failed_fit(project))
        if is_own_thread:
            collect()

    in_time(train)
    assert "fit did not finish" not in stream.text
    if not is_own_thread:
        in_time(collect)
    assert stream.has_report.wait(LONG)
    deadline = time.monotonic() + LONG
    while [status for status, _ in project.runs] != ["failed"]:  # that is written after the report
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_graph_that_is_made_meanwhile_gets_nothing_of_ours(project, monkeypatch, uncollected):
    stream = Stream()
    monkeypatch.setattr("sys.stderr", stream)
    models = []

    def train():
        models.append(failed_fit(project))
        graph = tf.Graph()
        with graph.as_default():
            gc.collect()
        assert graph.get_operations() == []

    in_time(train)
    assert stream.has_report.wait(LONG)
    # Another thread has ended the run: the model may be in use, and keeps the wrap, which does nothing now.
    (model,) = models
    assert isinstance(model.train_function, BatchTap)
    project.fit(model, np.ones((8, 4)), np.ones((8, 2)), verbose=0)
    project.fit(model, np.ones((8, 4)), np.ones((8, 2)), verbose=0, callbacks=[ScramCallback(quiet=True)])
    assert not isinstance(model.train_function, BatchTap)

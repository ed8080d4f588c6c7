"""A run of any length takes bounded memory: steps are fed to the recorder without a model or a framework."""

import gc
import math
import threading
from datetime import timedelta

import pytest

from scram_lsp.training.callback import ScramCallback
from scram_lsp.training.run_recorder import OwnLoop


class NoModel:
    """As much of a model as the recorder asks for where nothing can be looked into."""

    layers = weights = metrics = ()
    built = False
    loss = optimizer = train_function = None

    def train_step(self, batch):
        raise NotImplementedError


@pytest.fixture
def recorder(project):
    project.script.write_text("loop()\n")
    callback = ScramCallback(quiet=True)
    project.run("begin(model, loop)\n", begin=callback.begin_loop, model=NoModel(), loop=OwnLoop())
    assert callback._recorder is not None
    yield callback._recorder
    callback.on_train_end()


def feed(recorder, steps):
    for step in range(steps):
        recorder.take_step(2.0 + math.sin(step / 7), None)


def settle(recorder):
    """Wait until the rules have answered, so that what their questions hold is not counted."""
    deadline = threading.Event()
    for _ in range(int(timedelta(seconds=60) / timedelta(milliseconds=50))):
        if recorder._background.is_idle:
            break
        deadline.wait(0.05)
    gc.collect()


def test_what_is_held_stops_growing(recorder):
    feed(recorder, 6000)
    settle(recorder)
    before = len(gc.get_objects())
    feed(recorder, 6000)
    settle(recorder)
    assert len(gc.get_objects()) - before < 8000
    assert recorder._history.last_step == 12000
    assert len(recorder._history.steps) == 2000

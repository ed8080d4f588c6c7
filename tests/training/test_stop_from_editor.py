"""The user ends a training from the editor: cleanly, after a step, and only that one."""

import asyncio
import threading

import numpy
import pytest

from scram_lsp.finding_json import finding_from_json
from scram_lsp.live.discovery import Announcement
from scram_lsp.live.listener import LiveListener
from scram_lsp.training.callback import ScramCallback
from scram_lsp.training.distributed import is_only_process

keras = pytest.importorskip("keras")

EPOCHS = 1_000_000
"""More than any test would wait for."""


class StoppingEditor:
    """A language server, as a run sees it, whose user wants every run to end."""

    def __init__(self, folder):
        self.could_stop = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._listener = LiveListener(self, lambda data: finding_from_json(data)[0])
        port = self._on_loop(self._listener.start())
        self._announcement = Announcement(port, self._listener.token)
        self._announcement.publish([folder])

    def close(self):
        self._announcement.withdraw()
        self._on_loop(self._listener.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _on_loop(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def run_began(self, run):
        self.could_stop.append(run.can_stop)

    def run_progressed(self, run, progress):
        self._listener.stop(run)

    def run_found(self, run, sequence, finding):
        pass

    def run_ended(self, run, status):
        pass


@pytest.fixture
def editor(project):
    editor = StoppingEditor(project.folder)
    yield editor
    editor.close()


def test_a_stopped_run_ends_like_one_that_stopped_early(project, editor, capsys):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
    history = project.fit(model, x, y, epochs=EPOCHS, verbose=0, callbacks=[ScramCallback()])
    assert 0 < len(history.epoch) < EPOCHS
    assert "training is stopped as you asked in the editor" in capsys.readouterr().err
    assert editor.could_stop[0]
    assert [status for status, _ in project.runs] == ["finished"]
    again = project.fit(model, x, y, epochs=2, verbose=0)
    assert again.epoch == [0, 1], "nothing is left behind that would stop the next one"


def test_a_run_that_others_train_with_is_not_stopped_alone():
    assert is_only_process({})
    assert is_only_process({"WORLD_SIZE": "1"})
    assert not is_only_process({"WORLD_SIZE": "4", "RANK": "0"})

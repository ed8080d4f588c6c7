"""A real `fit` while something around it fails: the language server, the run store, the disk, a rule."""

import contextlib
import functools
import shutil
import signal
import socket
import sqlite3
import threading

import numpy as np
import pytest

from scram_lsp import ScramCallback
from scram_lsp.live.discovery import HOST, Announcement
from scram_lsp.training.run_rules import RuleSet

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
resource = pytest.importorskip("resource")

WELCOME = b'{"type":"welcome","protocol":1,"seen":0}\n'
OUR_THREADS = {"scram-watch", "scram-sender"}


class At(keras.callbacks.Callback):
    """Does something once, in the middle of training."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.act()


def train(fit, *callbacks):
    keras.utils.set_random_seed(3)
    x = np.random.default_rng(7).normal(size=(96, 6)).astype("float32")
    layers = [keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.3), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(10.0), "mse")
    fit(model, x, x.sum(axis=1), epochs=3, batch_size=8, verbose=0, callbacks=[*callbacks])
    return [weights.tobytes() for weights in model.get_weights()]


@functools.cache
def weights_without_us():
    return train(keras.Model.fit)


def watched_fit(project, act=lambda: None):
    """The weights are what they are without us, and nothing of ours goes on."""
    before = set(threading.enumerate())
    weights = train(project.fit, ScramCallback(), At(act))
    assert {thread.name for thread in threading.enumerate() if thread not in before} & OUR_THREADS == set()
    return weights


def says_nothing(connection):
    threading.Event().wait(60)


def floods(connection):
    connection.sendall(WELCOME)
    while True:
        connection.sendall(b'{"type":"ack","sequence":1}\n' * 10_000)


def says_nonsense(connection):
    connection.sendall(WELCOME + b"[" * 60_000 + b"\n")


def hangs_up(connection):
    connection.sendall(WELCOME)


@pytest.mark.parametrize("behave", [says_nothing, floods, says_nonsense, hangs_up])
def test_a_server_that_misbehaves(project, capsys, behave):
    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        with contextlib.suppress(OSError), connection:
            behave(connection)

    with socket.create_server((HOST, 0)) as server:
        announcement = Announcement(server.getsockname()[1], "token")
        announcement.publish([project.folder])
        threading.Thread(target=serve, daemon=True).start()
        weights = watched_fit(project)
        announcement.withdraw()
    assert weights == weights_without_us()
    assert "learning-rate-too-high" in capsys.readouterr().err
    ((status, found),) = project.runs
    assert status == "finished"
    assert "learning-rate-too-high" in [finding.name for finding in found]


def overwrite(folder):
    for file in folder.glob("runs.sqlite*"):
        file.write_bytes(b"not a database" * 500)


@pytest.mark.parametrize("harm", [overwrite, shutil.rmtree])
def test_a_store_that_comes_to_harm_has_everything_at_the_end(project, harm):
    weights = watched_fit(project, lambda: harm(project.folder / ".scram"))
    assert weights == weights_without_us()
    ((status, found),) = project.runs
    assert status == "finished"
    assert "learning-rate-too-high" in [finding.name for finding in found]


def test_a_store_that_someone_keeps_locked(project, capsys):
    held = sqlite3.connect(project.folder / "held", isolation_level=None)

    def lock():
        held.execute("ATTACH ? AS store", [str(project.folder / ".scram" / "runs.sqlite")])
        held.execute("BEGIN EXCLUSIVE")

    with contextlib.closing(held):
        assert watched_fit(project, lock) == weights_without_us()
    assert "database is locked; findings are shown here" in capsys.readouterr().err


def test_a_full_disk(project, capsys):
    """A limit on the size of files stands for it."""

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        weights = watched_fit(project, fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert weights == weights_without_us()
    assert "findings are shown here" in capsys.readouterr().err


def test_a_rule_that_raises_leaves_the_others(project, monkeypatch):
    rule = next(rule for rule in RuleSet.default() if rule.name == "learning-rate-too-low")
    monkeypatch.setattr(type(rule), "check_run", lambda self, history: 1 / 0)
    assert watched_fit(project) == weights_without_us()
    ((_, found),) = project.runs
    assert {"learning-rate-too-high", "rule-failed"} <= {finding.name for finding in found}

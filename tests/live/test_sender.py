import asyncio
import contextlib
import os
import socket
import threading
import time

import pytest

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange
from scram_lsp.finding_json import finding_from_json, finding_to_json
from scram_lsp.live.discovery import HOST, RUNTIME_DIR_VARIABLE, Announcement
from scram_lsp.live.listener import LiveListener
from scram_lsp.live.sender import Sender

RUN = "20261121-140233-3f2a"
PATIENCE = 90.0
"""How long to wait for what must come."""

AT_ONCE = PATIENCE / 3
"""What waits for nobody is done long before this, whatever else the machine does."""


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setenv(RUNTIME_DIR_VARIABLE, str(tmp_path / "runtime"))
    monkeypatch.setattr("scram_lsp.live.sender.DISCOVERY_SECONDS", 0.1)
    path = tmp_path / "project" / "train.py"
    path.parent.mkdir()
    path.touch()
    return path


@pytest.fixture
def sender(script):
    sender = Sender(script, RUN, "2026-11-21T14:02:33+00:00", os.getpid())
    sender.start()
    yield sender
    sender.end("finished", timeout=PATIENCE)


class Editor:
    """A language server as a run sees it: a listener on its own loop, which notes what it hears."""

    def __init__(self, folder):
        self.heard = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.listener = LiveListener(self, lambda data: finding_from_json(data)[0])
        port = asyncio.run_coroutine_threadsafe(self.listener.start(), self.loop).result(PATIENCE)
        self.announcement = Announcement(port, self.listener.token)
        self.announcement.publish([folder])

    def close(self):
        self.announcement.withdraw()
        asyncio.run_coroutine_threadsafe(self.listener.close(), self.loop).result(PATIENCE)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run_began(self, run):
        self.heard.append(("began", run.run))

    def run_refused(self, run, protocol):
        self.heard.append(("refused", protocol))

    def run_found(self, run, sequence, finding):
        self.heard.append(("found", sequence, finding.message))

    def run_progressed(self, run, progress):
        self.heard.append(("progress", progress.epoch, progress.step))

    def run_ended(self, run, status):
        self.heard.append(("ended", status))

    def wait_for(self, item):
        deadline = time.monotonic() + PATIENCE
        while item not in self.heard:
            assert time.monotonic() < deadline, f"{item} was not heard: {self.heard}"
            time.sleep(0.005)


def finding(message):
    return finding_to_json(
        Finding(
            "SCR601", "loss-not-finite", Severity.ERROR, Confidence.HIGH, message, "why", "how", "/train.py",
            SourceRange.of(1, 0, 1, 1), origin=Origin.RUN, moment=RunMoment(RUN, 3, 1),
        ),
        None,
    )  # fmt: skip


def test_a_finding_reaches_the_server_in_well_under_a_second(script, sender):
    with Editor(script.parent) as editor:
        editor.wait_for(("began", RUN))
        before = time.monotonic()
        sender.send(1, finding("NaN"))
        editor.wait_for(("found", 1, "NaN"))
        assert time.monotonic() - before < 0.5
        sender.progress(epoch=1, step=40, epochs=5, loss=0.3)
        editor.wait_for(("progress", 1, 40))
        sender.end("failed", timeout=1.0)
        editor.wait_for(("ended", "failed"))


def test_a_server_that_starts_late_hears_everything(script, sender):
    sender.send(1, finding("first"))
    sender.send(2, finding("second"))
    with Editor(script.parent) as editor:
        editor.wait_for(("found", 2, "second"))
        assert [each for each in editor.heard if each[0] == "found"] == [
            ("found", 1, "first"),
            ("found", 2, "second"),
        ]


def test_a_server_that_comes_back_is_told_again(script, sender):
    with Editor(script.parent) as editor:
        sender.send(1, finding("first"))
        editor.wait_for(("found", 1, "first"))
    sender.send(2, finding("second"))
    with Editor(script.parent) as editor:
        editor.wait_for(("found", 2, "second"))
        assert ("found", 1, "first") in editor.heard


def test_two_servers_hear_it_each_once(script, sender):
    with Editor(script.parent) as one, Editor(script.parent.parent) as other:
        for editor in (one, other):
            editor.wait_for(("began", RUN))
        sender.send(1, finding("NaN"))
        for editor in (one, other):
            editor.wait_for(("found", 1, "NaN"))
        sender.end("finished", timeout=2.0)
        for editor in (one, other):
            editor.wait_for(("ended", "finished"))
            assert editor.heard.count(("found", 1, "NaN")) == 1
            assert editor.heard[-1] == ("ended", "finished")


def test_the_end_brings_what_is_left(script, sender):
    with Editor(script.parent) as editor:
        for sequence in range(1, 200):
            sender.send(sequence, finding(f"number {sequence}"))
        sender.end("finished", timeout=PATIENCE)
        assert ("found", 199, "number 199") in editor.heard
        assert editor.heard[-1] == ("ended", "finished")


def test_without_a_server_the_end_is_immediate(sender):
    sender.send(1, finding("NaN"))
    before = time.monotonic()
    sender.end("finished", timeout=PATIENCE)
    assert time.monotonic() - before < AT_ONCE


def test_a_dead_port_is_tried_seldom_and_costs_the_end_nothing(script, monkeypatch):
    with socket.socket() as closed:
        closed.bind((HOST, 0))
        port = closed.getsockname()[1]
    Announcement(port, "token").publish([script.parent])
    monkeypatch.setattr("scram_lsp.live.sender.FIRST_RETRY_SECONDS", 2 * PATIENCE)
    tries = []
    connect = socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda *args, **kwargs: tries.append(args) or connect(*args, **kwargs)
    )
    sender = Sender(script, RUN, "2026-11-21T14:02:33+00:00", os.getpid())
    sender.start()
    for sequence in range(1, 50):
        sender.send(sequence, finding("NaN"))
        time.sleep(0.005)
    before = time.monotonic()
    sender.end("finished", timeout=PATIENCE)
    assert time.monotonic() - before < AT_ONCE
    assert len(tries) == 1


def test_a_server_that_takes_nothing_never_holds_training(script, monkeypatch):
    let_go, connect = threading.Event(), socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda *args, **kwargs: let_go.wait(PATIENCE) and connect(*args, **kwargs)
    )
    sender = Sender(script, RUN, "2026-11-21T14:02:33+00:00", os.getpid())
    with socket.create_server((HOST, 0)) as silent:
        Announcement(silent.getsockname()[1], "token").publish([script.parent])
        before = time.monotonic()
        sender.start()
        for sequence in range(1, 1000):
            sender.send(sequence, finding("NaN"))
        sender.end("finished", timeout=0.1)
        assert time.monotonic() - before < AT_ONCE
        let_go.set()
    sender.end("finished", timeout=PATIENCE)


def test_a_server_that_talks_nonsense_is_left_alone(script, sender):
    with socket.create_server((HOST, 0)) as hostile:
        Announcement(hostile.getsockname()[1], "token").publish([script.parent])
        connection, _ = hostile.accept()
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with Editor(script.parent) as editor:
            sender.send(1, finding("NaN"))
            editor.wait_for(("found", 1, "NaN"))
        connection.close()


def test_a_server_of_another_protocol_is_greeted_once(script, sender, monkeypatch):
    """It hears of the run that it can't show, and is then left alone."""
    monkeypatch.setattr("scram_lsp.live.listener.PROTOCOL", 2)
    monkeypatch.setattr("scram_lsp.live.discovery.PROTOCOL", 2)
    monkeypatch.setattr("scram_lsp.live.sender.FIRST_RETRY_SECONDS", 0.0)
    with Editor(script.parent) as editor:
        editor.wait_for(("refused", 1))
        sender.send(1, finding("NaN"))
        sender.end("finished", timeout=PATIENCE)
        assert editor.heard == [("refused", 1)]


WELCOME = b'{"type":"welcome","protocol":1,"seen":0}\n'


@pytest.mark.parametrize(
    "speech",
    [
        b"\x00\xff" * 5000 + b"\n",
        b"x" * 1_000_000,
        b'{"type":"welcome","protocol":99,"seen":0}\n',
        b'{"type":"refused","reason":"go away"}\n',
        b'{"type":"welcome","protocol":1,"seen":-1}\n',
        WELCOME + b'{"type":"ack","sequence":1}\n' * 100_000,
        WELCOME + b"[" * 100_000 + b"\n",
        WELCOME,
    ],
    ids=["garbage", "endless line", "other version", "refusal", "wrong value", "flood", "deep nesting", "hangs up"],
)
def test_a_hostile_server_costs_the_others_nothing(script, sender, speech):
    """Whatever one server says, and though it never listens, another hears everything, in order, once."""
    with socket.create_server((HOST, 0)) as hostile:
        Announcement(hostile.getsockname()[1], "token").publish([script.parent])

        def speak():
            connection, _ = hostile.accept()
            with contextlib.suppress(OSError), connection:
                connection.sendall(speech)

        speaker = threading.Thread(target=speak, daemon=True)
        speaker.start()
        with Editor(script.parent) as editor:
            for sequence in range(1, 50):
                sender.send(sequence, finding(f"number {sequence}"))
            editor.wait_for(("found", 49, "number 49"))
            found = [each[1] for each in editor.heard if each[0] == "found"]
            assert found == list(range(1, 50))
        speaker.join(PATIENCE)


def test_a_server_killed_between_two_findings_is_replayed_without_loss_or_repeats(script, sender):
    """The listener that comes back knows what it has seen, as one does whose connection was cut."""
    with Editor(script.parent) as editor:
        sender.send(1, finding("first"))
        editor.wait_for(("found", 1, "first"))
        for connection in list(editor.listener._connections):
            editor.loop.call_soon_threadsafe(connection.transport.abort)
        sender.send(2, finding("second"))
        editor.wait_for(("found", 2, "second"))
        assert [each for each in editor.heard if each[0] == "found"] == [("found", 1, "first"), ("found", 2, "second")]


def test_a_finding_too_long_for_the_socket_does_not_hold_the_next(script, sender):
    with Editor(script.parent) as editor:
        sender.send(1, finding("long" * 100_000))
        sender.send(2, finding("short"))
        editor.wait_for(("found", 2, "short"))

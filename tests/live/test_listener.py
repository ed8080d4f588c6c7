"""The server side of the live socket, spoken to over real connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import attrs
import pytest
import pytest_asyncio

from scram_analyzers.findings import Confidence, Finding, Origin, Severity, SourceRange
from scram_lsp.live import listener as listener_module
from scram_lsp.live.discovery import HOST
from scram_lsp.live.listener import LiveListener, LiveRun
from scram_lsp.live.messages import (
    MAX_LINE_BYTES,
    Ack,
    End,
    FindingMessage,
    Hello,
    Progress,
    Refused,
    ServerMessage,
    Welcome,
    decode_from_server,
    encode,
)

PATIENCE = 90.0


class Notebook:
    """An audience that writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def run_began(self, run: LiveRun) -> None:
        self.heard.append(("began", run.run))

    def run_refused(self, run: LiveRun, protocol: int) -> None:
        self.heard.append(("refused", run.run, protocol))

    def run_found(self, run: LiveRun, sequence: int, finding: Finding) -> None:
        self.heard.append(("found", run.run, sequence, finding.message))

    def run_progressed(self, run: LiveRun, progress: Progress) -> None:
        self.heard.append(("progressed", run.run, progress.step))

    def run_ended(self, run: LiveRun, status: str) -> None:
        self.heard.append(("ended", run.run, status))


def read_finding(data: Mapping[str, Any]) -> Finding:
    if "message" not in data:
        raise ValueError("it has no message")
    return Finding(
        code="SCR101",
        name="learning-rate-too-high",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message=data["message"],
        why="",
        how="",
        filename="/home/ada/train.py",
        range=SourceRange.of(1, 0, 1, 1),
        origin=Origin(data.get("origin", "run")),
    )


class Peer:
    """The training side, as far as these tests need one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *messages: Any) -> None:
        for message in messages:
            self.writer.write(message if isinstance(message, bytes) else encode(message))

    async def hear(self) -> ServerMessage:
        return decode_from_server(await asyncio.wait_for(self.reader.readline(), PATIENCE))

    async def is_closed_by_the_server(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(), PATIENCE) == b""
        except ConnectionError:
            return True


class World:
    """A listener with its audience, and connections to it."""

    def __init__(self) -> None:
        self.audience = Notebook()
        self.listener = LiveListener(self.audience, read_finding)
        self.port = 0
        self.peers: list[Peer] = []

    async def connect(self) -> Peer:
        peer = Peer(*await asyncio.open_connection(HOST, self.port))
        self.peers.append(peer)
        return peer

    def hello(self, run: str = "r1") -> Hello:
        return Hello(
            token=self.listener.token,
            run=run,
            script="/home/ada/train.py",
            started="2026-01-01T14:02:00+00:00",
            pid=1,
        )

    async def join(self, run: str = "r1") -> Peer:
        peer = await self.connect()
        peer.send(self.hello(run))
        assert isinstance(await peer.hear(), Welcome)
        return peer

    async def assert_it_still_works(self) -> None:
        peer = await self.join("after")
        peer.send(finding(1, "still here"))
        assert await peer.hear() == Ack(sequence=1)
        assert ("found", "after", 1, "still here") in self.audience.heard


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.port = await world.listener.start()
    yield world
    for peer in world.peers:
        peer.writer.close()
    await world.listener.close()


def finding(sequence: int, message: str = "loss became NaN") -> FindingMessage:
    return FindingMessage(sequence=sequence, finding={"message": message})


async def test_a_run_is_heard_from_hello_to_end(world: World) -> None:
    peer = await world.connect()
    peer.send(world.hello())
    assert await peer.hear() == Welcome(seen=0)
    peer.send(Progress(epoch=1, step=2), finding(1), End(status="finished"))
    assert await peer.hear() == Ack(sequence=1)
    peer.writer.close()
    while ("ended", "r1", "finished") not in world.audience.heard:
        await asyncio.sleep(0.01)
    assert world.audience.heard == [
        ("began", "r1"),
        ("progressed", "r1", 2),
        ("found", "r1", 1, "loss became NaN"),
        ("ended", "r1", "finished"),
    ]


async def test_a_run_that_comes_back_learns_what_was_seen_and_nothing_is_heard_twice(world: World) -> None:
    first = await world.join()
    first.send(finding(1), finding(2))
    assert [await first.hear(), await first.hear()] == [Ack(sequence=1), Ack(sequence=2)]
    first.writer.close()
    second = await world.connect()
    second.send(world.hello())
    assert await second.hear() == Welcome(seen=2)
    second.send(finding(2), finding(3))
    assert [await second.hear(), await second.hear()] == [Ack(sequence=2), Ack(sequence=3)]
    assert [each[2] for each in world.audience.heard if each[0] == "found"] == [1, 2, 3]


async def test_runs_speak_at_once_and_are_kept_apart(world: World) -> None:
    peers = [await world.join(f"r{number}") for number in range(5)]
    for peer in peers:
        peer.send(finding(1))
    for peer in peers:
        assert await peer.hear() == Ack(sequence=1)
    assert [each[1] for each in world.audience.heard if each[0] == "found"] == ["r0", "r1", "r2", "r3", "r4"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"token": "guess"}, "wrong token"),
        ({"token": "\ud800é"}, "wrong token"),
        ({"token": "guess", "protocol": 2}, "wrong token"),
    ],
)
async def test_a_wrong_hello_is_refused(
    world: World, change: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    peer = await world.connect()
    peer.send(attrs.evolve(world.hello(), **change))
    answer = await peer.hear()
    assert isinstance(answer, Refused)
    assert reason in answer.reason
    assert await peer.is_closed_by_the_server()
    assert reason in caplog.text
    assert world.listener.token not in caplog.text
    assert world.audience.heard == []
    await world.assert_it_still_works()


async def test_a_run_of_another_protocol_is_refused_and_named(world: World) -> None:
    peer = await world.connect()
    peer.send(attrs.evolve(world.hello(), protocol=2))
    answer = await peer.hear()
    assert isinstance(answer, Refused)
    assert "version 2" in answer.reason
    assert await peer.is_closed_by_the_server()
    assert world.audience.heard == [("refused", world.hello().run, 2)]
    await world.assert_it_still_works()


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\n",
        b'{"type": "finding", "sequence": 1, "finding": {}}\n',
        b"[" * 100_000 + b"\n",
        b"x" * (MAX_LINE_BYTES * 2) + b"\n",
    ],
)
async def test_garbage_instead_of_a_hello_is_refused(world: World, line: bytes) -> None:
    peer = await world.connect()
    peer.send(line)
    assert isinstance(await peer.hear(), Refused)
    assert await peer.is_closed_by_the_server()
    await world.assert_it_still_works()


async def test_garbage_after_the_hello_ends_that_connection_only(world: World) -> None:
    good = await world.join("good")
    bad = await world.join("bad")
    bad.send(b"garbage\n")
    assert isinstance(await bad.hear(), Refused)
    good.send(finding(1))
    assert await good.hear() == Ack(sequence=1)


async def test_half_a_line_and_a_cut_connection_are_borne(world: World) -> None:
    peer = await world.join()
    peer.send(encode(finding(1))[:20])
    peer.writer.close()
    await world.assert_it_still_works()
    assert ("found", "r1", 1, "loss became NaN") not in world.audience.heard


async def test_an_invalid_finding_is_logged_and_acknowledged_so_that_it_is_not_sent_for_ever(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    peer = await world.join()
    peer.send(
        FindingMessage(sequence=1, finding={}),
        FindingMessage(sequence=2, finding={"message": "m", "origin": "source"}),
        finding(3),
    )
    assert [await peer.hear() for _ in range(3)] == [Ack(sequence=number) for number in (1, 2, 3)]
    assert "it has no message" in caplog.text
    assert "its origin is not 'run'" in caplog.text
    assert [each[2] for each in world.audience.heard if each[0] == "found"] == [3]


async def test_a_flood_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "BURST_MESSAGES", 50)
    monkeypatch.setattr(listener_module, "MESSAGES_PER_SECOND", 0)
    peer = await world.join()
    peer.send(*[Progress(epoch=1, step=step) for step in range(1, 1000)])
    answer = await peer.hear()
    assert isinstance(answer, Refused)
    assert "floods" in answer.reason
    await world.assert_it_still_works()


async def test_a_silent_connection_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "GREETING_SECONDS", 0.05)
    peer = await world.connect()
    answer = await peer.hear()
    assert isinstance(answer, Refused)
    assert "no hello" in answer.reason


async def test_more_connections_than_allowed_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "MAX_CONNECTIONS", 2)
    await world.join("r1")
    await world.join("r2")
    third = await world.connect()
    assert isinstance(await third.hear(), Refused)


async def test_an_audience_that_fails_ends_that_connection_only(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(run: LiveRun, progress: Progress) -> None:
        raise RuntimeError("audience failed")

    monkeypatch.setattr(world.audience, "run_progressed", fail)
    peer = await world.join()
    peer.send(Progress(epoch=1, step=1))
    assert await peer.is_closed_by_the_server()
    assert "audience failed" in caplog.text
    await world.assert_it_still_works()


async def test_only_this_machine_can_connect(world: World) -> None:
    server = world.listener._server
    assert server is not None
    assert [socket.getsockname()[0] for socket in server.sockets] == ["127.0.0.1"]


def test_the_token_can_not_be_guessed() -> None:
    tokens = {LiveListener(Notebook(), read_finding).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 40 and json.dumps(token) == f'"{token}"' for token in tokens)

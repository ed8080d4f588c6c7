"""The messages on the local socket: what goes in comes out, and nothing else comes in."""

from __future__ import annotations

import json
import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_lsp.live import messages
from scram_lsp.live.messages import (
    Ack,
    End,
    FindingMessage,
    Hello,
    MessageError,
    Progress,
    Refused,
    Stop,
    Welcome,
    decode_from_run,
    decode_from_server,
    encode,
)

HELLO = Hello(
    token="t", run="r1", script="/home/ada/train.py", started="2026-01-01T14:02:00+00:00", pid=7, digest="ab12"
)


@pytest.mark.parametrize(
    "message",
    [
        HELLO,
        attrs.evolve(HELLO, digest=""),
        FindingMessage(sequence=1, finding={"code": "SCR101", "message": "1e10 é 🙂"}),
        Progress(epoch=1, epochs=None, step=3, loss=2.5),
        End(status="failed"),
    ],
)
def test_a_run_message_survives_the_wire(message: messages.RunMessage) -> None:
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_from_run(line) == message


@pytest.mark.parametrize("message", [Welcome(seen=4), Refused(reason="wrong token"), Ack(sequence=2), Stop()])
def test_a_server_message_survives_the_wire(message: messages.ServerMessage) -> None:
    assert decode_from_server(encode(message)) == message


def test_a_loss_that_is_not_finite_travels_as_null() -> None:
    assert json.loads(encode(Progress(epoch=1, step=1, loss=math.nan)))["loss"] is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not JSON"),
        (b"GET / HTTP/1.1\r\n", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"type": "nothing"}', "'type' must be one of hello"),
        (b'{"type": ["hello"]}', "'type' must be one of hello"),
        (b'{"type": "welcome", "seen": 1}', "'type' must be one of hello"),
        (b'{"type": "end"}', "misses a field"),
        (b'{"type": "end", "status": "maybe"}', "'finished' or 'failed'"),
        (b'{"type": "finding", "sequence": 0, "finding": {}}', "'sequence' must be 1 or more"),
        (b'{"type": "finding", "sequence": true, "finding": {}}', "'sequence' must be a whole number"),
        (b'{"type": "finding", "sequence": 1, "finding": []}', "'finding' must be a JSON object"),
        (b'{"type": "progress", "epoch": 1, "step": 1, "loss": NaN}', "NaN is not JSON"),
        (b'{"type": "progress", "epoch": 1, "step": -1}', "'step' must be a whole number"),
        (b'{"type": "progress", "epoch": 1, "step": 1, "loss": "low"}', "'loss' must be a number"),
        (b"[" * 200_000, "not JSON"),
    ],
)
def test_garbage_is_refused_with_its_reason(line: bytes, reason: str) -> None:
    with pytest.raises(MessageError, match=reason):
        decode_from_run(line)


def test_an_oversize_message_is_neither_sent_nor_read() -> None:
    huge = FindingMessage(sequence=1, finding={"message": "x" * messages.MAX_LINE_BYTES})
    with pytest.raises(MessageError, match="over 262144"):
        encode(huge)
    with pytest.raises(MessageError, match="over 262144"):
        decode_from_run(b" " * (messages.MAX_LINE_BYTES + 1))


def test_a_key_of_a_newer_peer_is_passed_over() -> None:
    line = json.dumps({"type": "end", "status": "finished", "seconds": 3}).encode()
    assert decode_from_run(line) == End(status="finished")


def test_another_protocol_version_can_be_read_so_that_it_can_be_refused_by_name() -> None:
    line = encode(attrs.evolve(HELLO, protocol=2))
    message = decode_from_run(line)
    assert isinstance(message, Hello)
    assert message.protocol == 2


def test_the_token_stays_out_of_logs() -> None:
    assert "secret" not in repr(attrs.evolve(HELLO, token="secret"))


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_raise_a_message_error(line: bytes) -> None:
    with pytest.raises(MessageError):
        decode_from_run(line)


json_values = st.sampled_from([None, True, 0, -1, 1, 2**70, 1.5, math.nan, "", "finished", [], [1], {}, {"code": 1}])


@given(
    st.sampled_from(["hello", "finding", "progress", "end"]),
    st.dictionaries(
        st.sampled_from(["token", "run", "sequence", "finding", "epoch", "step", "loss", "status", "pid"]),
        json_values,
    ),
)
def test_no_fields_do_more_than_raise_a_message_error(kind: str, fields: dict[str, object]) -> None:
    line = json.dumps({**fields, "type": kind}).encode()
    try:
        message = decode_from_run(line)
    except MessageError:
        return
    assert kind == message.TYPE

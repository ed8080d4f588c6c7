from __future__ import annotations

import pytest

from scram_lsp.server.opening.messages import MessageCutter, UnreadableError, written

HELLO = written({"id": 1, "method": "initialize", "params": {"textDocument": {"uri": "file:///a"}}})
ANSWER = written({"id": 1, "result": None})


def test_messages_are_cut_wherever_the_bytes_are() -> None:
    both = HELLO + ANSWER
    for split in range(len(both)):
        cutter = MessageCutter()
        found = [*cutter.take(both[:split]), *cutter.take(both[split:])]
        assert [each.written for each in found] == [HELLO, ANSWER]
        assert cutter.rest == b""
    assert [each.method for each in found] == ["initialize", None]
    assert [each.uri for each in found] == ["file:///a", None]


def test_other_headers_are_passed_over() -> None:
    body = b'{"method": "exit"}'
    header = b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body)
    (message,) = MessageCutter().take(header + body)
    assert message.method == "exit"
    assert message.params == {}


@pytest.mark.parametrize(
    "unread", [b"GET / HTTP/1.1\r\n\r\n", b"Content-Length: 2\r\n\r\n[]", b"Content-Length: 1\r\n\r\n{"]
)
def test_what_can_not_be_read_is_left(unread: bytes) -> None:
    cutter = MessageCutter()
    with pytest.raises(UnreadableError):
        list(cutter.take(HELLO + unread + ANSWER))
    assert cutter.rest == unread + ANSWER

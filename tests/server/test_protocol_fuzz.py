"""Whatever a client sends, the server lives on and is right afterwards: seeded messages of every bad kind.

`SCRAM_FUZZ_MESSAGES` makes it as long as wanted, and `SCRAM_FUZZ_SEED` another one.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any

from pytest_lsp import client_capabilities

from tests.server.editor import DEADLINE_SECONDS, RATE, TRAIN, Editor
from tests.server.test_soak import SNIPPETS

MESSAGES = int(os.environ.get("SCRAM_FUZZ_MESSAGES", "300"))
HEARD_SECONDS = DEADLINE_SECONDS * max(1, MESSAGES / 300)
"""They are all sent at once, and what is said after them is heard after them."""

SEED = int(os.environ.get("SCRAM_FUZZ_SEED", "2026"))

TEXTS = (
    TRAIN,
    "\ufeff" + TRAIN,
    TRAIN.replace("\n", "\r\n"),
    TRAIN.replace("    ", "\t"),
    TRAIN.replace("model", "mödel_🙂"),
    "keras\x00\x01\udfff" * 10,
    "import keras\n" + "(" * 5_000,
    "import keras\n" + "x = [" + "1, " * 20_000 + "]\n",
    "",
)


class Sender:
    """Writes what no client would, past the client's own checks."""

    def __init__(self, editor: Editor, seed: int) -> None:
        assert editor.client._server is not None
        assert editor.client._server.stdin is not None
        self._stdin = editor.client._server.stdin
        self._random = random.Random(seed)
        self._id = 1_000_000
        self._uris: list[str]

    async def send(self, uris: list[str]) -> None:
        """One message of a random kind."""
        self._uris = uris
        kinds = (
            self._unknown,
            self._malformed,
            self._wrong_values,
            self._change,
            self._ask,
            self._cancel,
            self._reopen,
        )
        self._write(self._random.choice(kinds)())
        await self._stdin.drain()

    def _write(self, message: Any) -> None:
        body = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def _number(self) -> int:
        return self._random.choice((0, 1, 4, 50, 54, 10_000, 2**31 - 1, 2**53, -1))

    def _range(self) -> dict[str, Any]:
        ends = [{"line": self._number(), "character": self._number()} for _ in range(2)]
        return {"start": ends[0], "end": ends[1]}

    def _document(self) -> dict[str, Any]:
        return {"uri": self._random.choice([*self._uris, "untitled:x", "file:///nowhere", "nonsense", ""])}

    def _request(self, method: str, params: Any) -> dict[str, Any]:
        self._id += 1
        return {"id": self._id, "method": method, "params": params}

    def _unknown(self) -> dict[str, Any]:
        method = self._random.choice(["textDocument/nothing", "$/nothing", "", "scram/nothing", "exit2"])
        return self._random.choice([{"method": method}, self._request(method, {"a": [1, None]})])

    def _malformed(self) -> bytes:
        return self._random.choice(
            [b"{", b"[]", b"null", b"\xff\xfe", b'{"jsonrpc": "2.0"}', b'{"jsonrpc": "1.0", "id": 1}', b'"text"', b"{}"]
        )

    def _wrong_values(self) -> dict[str, Any]:
        values = [None, 7, "text", [], {"textDocument": 3}, {"textDocument": {"uri": None}}]
        params = self._random.choice(values)
        method = self._random.choice(
            ["textDocument/hover", "textDocument/didOpen", "textDocument/didChange", "textDocument/codeAction"]
        )
        return self._request(method, params) if self._random.random() < 0.5 else {"method": method, "params": params}

    def _change(self) -> dict[str, Any]:
        text = self._random.choice([*SNIPPETS, "x" * 100_000])
        change = {"range": self._range(), "text": text} if self._random.random() < 0.8 else {"text": text}
        identifier = {**self._document(), "version": self._random.randrange(100)}
        return {"method": "textDocument/didChange", "params": {"textDocument": identifier, "contentChanges": [change]}}

    def _ask(self) -> dict[str, Any]:
        place = {"textDocument": self._document(), "position": self._range()["start"], "range": self._range()}
        asked = self._random.choice(
            ["hover", "codeAction", "inlayHint", "codeLens", "diagnostic", "completion", "definition"]
        )
        return self._request(f"textDocument/{asked}", {**place, "context": {"diagnostics": []}})

    def _cancel(self) -> dict[str, Any]:
        identity = self._random.choice([self._id, self._id - 1, 5, "text", -1])
        return {"method": "$/cancelRequest", "params": {"id": identity}}

    def _reopen(self) -> dict[str, Any]:
        document = self._document()
        if self._random.random() < 0.3:
            return {"method": "textDocument/didClose", "params": {"textDocument": document}}
        item = {**document, "languageId": "python", "version": 1, "text": self._random.choice(TEXTS)}
        return {"method": "textDocument/didOpen", "params": {"textDocument": item}}


async def test_the_server_outlives_every_bad_message(editor: Editor, project: Path) -> None:
    await editor.start(project, client_capabilities("visual-studio-code"))
    uris = [editor.open(project / f"fuzzed_{number}.py", text) for number, text in enumerate(TEXTS)]
    sender = Sender(editor, seed=SEED)
    for _ in range(MESSAGES):
        await sender.send(uris)
    await asyncio.wait_for(editor.hover("untitled:nothing", 0, 0), HEARD_SECONDS)
    for each in uris:
        editor.close(each)
    uri = editor.open(project / "train.py", TRAIN)
    (diagnostic,) = await editor.shown(uri)
    assert diagnostic.range == RATE
    fix, _ = await editor.fixes(uri, RATE, [diagnostic])
    assert fix.title == "Scram (SCR101): Set the learning rate to 0.001"
    assert editor.client._server is not None
    assert editor.client._server.returncode is None


async def test_a_message_of_many_megabytes_is_borne(code: Editor, project: Path) -> None:
    uri = code.open(project / "large.py", "import keras\n" + "x = 1\n" * 500_000)
    assert await asyncio.wait_for(code.hover(uri, 0, 0), 3 * DEADLINE_SECONDS) is None

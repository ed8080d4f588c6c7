"""The first moments of a conversation: the client is answered and sees its first diagnostics before pygls is loaded.

Loading the protocol's types takes longer than loading the parser and the rules, and a text that is opened needs none of
them. So the introduction is answered here, what is opened first is looked at here, and all that was said goes on to
pygls, but for what was answered. A client that begins in any other way is left to pygls as it is.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scram_lsp.server.analysis.text_analysis import TextAnalysis, is_large, load_analysis
from scram_lsp.server.client_process import when_ended
from scram_lsp.server.documents.configuration import Configuration
from scram_lsp.server.documents.file_names import path_of
from scram_lsp.server.opening.capabilities import encoding_of, initialize_result, pulls
from scram_lsp.server.opening.kept_looks import KeptLooks, shown_of
from scram_lsp.server.opening.messages import Message, MessageCutter, UnreadableError, written

if TYPE_CHECKING:
    from scram_analyzers.findings import Finding

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 1.0
"""How long a client may take to open a text, once the analysis is loaded."""

PAUSE_SECONDS = 0.2
"""A client that has been let in for that long and has opened nothing will hardly do it now."""

LONGEST_LOOK_SECONDS = 5.0
"""What a client says that waits for nothing is left to wait for that long, while its first text is looked at."""

_CHANGES = frozenset({"textDocument/didOpen", "textDocument/didChange", "textDocument/didClose"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A Python text that the client has opened."""

    message: Message
    uri: str
    text: str
    version: int

    @property
    def path(self) -> Path | None:
        """Its file, where it has one on this machine."""
        return path_of(self.uri)

    @property
    def filename(self) -> str:
        """As `Document` has it."""
        return str(self.path) if self.path is not None else self.uri

    @classmethod
    def of(cls, message: Message) -> Opened | None:
        """What a message opens; None for another message, or a text that is not looked at here."""
        from scram_analyzers.source.reading.text import mentions_keras

        item = message.params.get("textDocument") if message.method == "textDocument/didOpen" else None
        if not isinstance(item, dict) or item.get("languageId") != "python":
            return None
        uri, text, version = item.get("uri"), item.get("text"), item.get("version")
        if not isinstance(uri, str) or not isinstance(text, str) or not isinstance(version, int):
            return None
        return cls(message, uri, text, version) if mentions_keras(text) else None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the client was shown of a text; `result_id` names that for a client that asks."""

    result_id: str
    findings: Sequence[Finding]


class Opening:
    """Hears the client on the thread of its input and looks at what it opens first on a thread beside the caller's.

    `say` writes to the client. `configuration` is told of the client's folders and settings. `leave` ends the process
    with an exit code: so early there is nothing to withdraw or to wait for. `answered` holds the identities of
    messages that pygls is told of and need not answer, `shown` what the client was told of texts, by their URIs.
    """

    def __init__(
        self,
        say: Callable[[bytes], None],
        configuration: Configuration,
        analysis: TextAnalysis,
        leave: Callable[[int], None],
    ) -> None:
        self.answered: set[int | str] = set()
        self.shown: dict[str, Shown] = {}
        self._say = say
        self._leave = leave
        self._configuration = configuration
        self._analysis = analysis
        self._kept = KeptLooks(configuration)
        self._waiting: dict[str, tuple[Opened, Shown]] = {}  # kept, and to be asked for
        self._cutter = MessageCutter()
        self._client: dict[str, Any] | None = None
        self._let_in_at: float | None = None
        self._held: list[Message] = []
        self._unread: list[bytes] = []
        self._is_read = True
        self._is_over = False
        self._exit_code = 1
        self._is_done = False
        self._news = threading.Condition()

    def hear(self, data: bytes) -> None:
        """Take what the client has written; empty bytes are the end."""
        with self._news:
            if not self._is_read:
                self._unread.append(data)
                return
            if not data:
                self._leave(self._exit_code)
            try:
                for message in self._cutter.take(data):
                    self._take(message)
            except UnreadableError as error:
                log.info("the opening is left to pygls: %s", error)
                self._is_read, self._is_over = False, True
            self._news.notify_all()

    def unheard(self) -> bytes:
        """All that is left for pygls to hear, the client's introduction with it."""
        with self._news:
            self._is_read, self._is_over = False, True
            self._news.notify_all()
            return b"".join([*(each.written for each in self._held), self._cutter.rest, *self._unread])

    def look(self) -> None:
        """Load the analysis, look at what the client opens first, and tell it; without such a text only load.

        What is said of a text under analysis waits for that anyway. As soon as the client says anything else this
        returns, and pygls is loaded beside the analysis, which tells the client if it comes to its end before pygls.
        """
        load_analysis()
        first = self._first_opened()
        if first is None:
            return
        looking = threading.Thread(target=self._look_at, args=(first,), name="scram-opening")
        looking.start()
        second = self._wait_beside(first)
        if second is not None:
            self._look_at(second)

    # On the thread of the input.

    def _take(self, message: Message) -> None:
        if message.method == "exit":
            self._leave(self._exit_code)
        self._held.append(message)
        if message.method == "shutdown":
            self._shut_down(message)
        elif self._client is None:
            self._introduced(message)
        elif message.method == "initialized":
            self._let_in_at = time.monotonic()
        elif message.method in ("textDocument/didOpen", "textDocument/diagnostic"):
            self._show_kept(self._client, message)

    def _show_kept(self, client: dict[str, Any], message: Message) -> None:
        """Show what is kept of a text that is opened, to a client that asks when it does."""
        try:
            opened = Opened.of(message)
            if opened is not None:
                findings = self._kept.of(opened.filename, opened.text)
                if findings is None:
                    return
                shown = Shown(os.urandom(4).hex(), findings)
                if pulls(client):
                    self._waiting[opened.uri] = opened, shown
                else:
                    self._publish(opened, self._diagnostics(opened, findings), shown)
            elif isinstance(message.uri, str) and message.uri in self._waiting and _asks_for(message, message.uri):
                opened, shown = self._waiting.pop(message.uri)
                if self._is_as_opened(opened):
                    self._answer_question(message, self._diagnostics(opened, shown.findings), shown)
        except Exception:  # it is looked at in a moment
            log.exception("what is kept can't be shown")

    def _introduced(self, message: Message) -> None:
        client, identity = message.params.get("capabilities"), message.said.get("id")
        if message.method != "initialize" or not isinstance(client, dict) or not isinstance(identity, int | str):
            self._is_read, self._is_over = False, True
            return
        self._client = client
        process = message.params.get("processId")
        if isinstance(process, int):
            when_ended(process, self._client_gone)
        self._configuration.take_folders(_folders(message.params))
        self._configuration.expect_editor_settings(message.params.get("initializationOptions"))
        self._answer(identity, initialize_result(client))

    def _client_gone(self) -> None:
        """Leave, unless pygls has heard the introduction: then it sees to that."""
        with self._news:
            if self._is_read:
                self._leave(self._exit_code)

    def _shut_down(self, message: Message) -> None:
        """The client is about to leave: nothing more is said to it, and its next word will be the last."""
        self._is_over = True
        self._exit_code = 0
        identity = message.said.get("id")
        if isinstance(identity, int | str):
            self._answer(identity, None)

    def _answer(self, identity: int | str, result: object) -> None:
        self._say(written({"id": identity, "result": result}))
        self.answered.add(identity)

    # On the caller's thread.

    def _first_opened(self) -> Opened | None:
        """The first text to look at, once there is one; None when there is none to be waited for."""
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        with self._news:
            while not self._is_over:
                opened = (Opened.of(each) for each in self._held)
                found = next((each for each in opened if each is not None), None)
                until = deadline if self._let_in_at is None else min(deadline, self._let_in_at + PAUSE_SECONDS)
                left = until - time.monotonic()
                if found is not None or left <= 0:
                    return found
                self._news.wait(left)
        return None

    def _wait_beside(self, first: Opened) -> Opened | None:
        """Wait while a text is looked at, unless there is something to do; gives a small text beside a large one."""
        deadline = time.monotonic() + LONGEST_LOOK_SECONDS
        with self._news:
            while not self._is_over and not self._is_done:
                others = [each for each in self._held if _is_urgent(each, first)]
                left = deadline - time.monotonic()
                if others or left <= 0:
                    opened = (Opened.of(each) for each in others)
                    return next((each for each in opened if each is not None and not is_large(each.text)), None)
                self._news.wait(left)
        return None

    # On the thread that looks, or the caller's.

    def _look_at(self, opened: Opened) -> None:
        try:
            findings = shown_of(self._analysis.first(opened.filename, opened.text))
            if not self._is_shown(opened, findings):
                self._tell(opened, self._diagnostics(opened, findings), Shown(os.urandom(4).hex(), findings))
                self._kept.keep(opened.filename, opened.text, findings)
        except Exception:  # the server comes to it as well, and tells the user
            log.exception("the first look at %s failed", opened.uri)
        with self._news:
            self._is_done = True
            self._news.notify_all()

    def _diagnostics(self, opened: Opened, findings: Sequence[Finding]) -> list[dict[str, Any]]:
        from scram_lsp.server.documents.text_lines import TextLines
        from scram_lsp.server.findings.diagnostic_json import JsonDiagnostics

        assert self._client is not None, "nothing is opened before"
        writer = JsonDiagnostics.for_client(self._client, encoding_of(self._client))
        lines = TextLines(opened.text)
        return [writer.write(each, opened.uri, lines) for each in findings]

    def _is_shown(self, opened: Opened, findings: Sequence[Finding]) -> bool:
        """Whether the client was shown the same before, as it was kept; from now on nothing kept is shown."""
        with self._news:
            self._waiting.pop(opened.uri, None)
            shown = self.shown.get(opened.uri)
            return shown is not None and list(shown.findings) == list(findings)

    def _tell(self, opened: Opened, diagnostics: list[dict[str, Any]], shown: Shown) -> None:
        """Publish, or answer the question for diagnostics, which comes right after the text; not of an old text."""
        assert self._client is not None, "nothing is opened before"
        with self._news:
            if not pulls(self._client):
                if self._is_as_opened(opened):
                    self._publish(opened, diagnostics, shown)
                return
            if opened.uri in self.shown:
                return  # pygls calls it to ask again
            deadline = time.monotonic() + PAUSE_SECONDS
            while self._is_as_opened(opened):
                question = next((each for each in self._held if _asks_for(each, opened.uri)), None)
                if question is not None:
                    self._answer_question(question, diagnostics, shown)
                    return
                if not self._news.wait(deadline - time.monotonic()):
                    return

    def _publish(self, opened: Opened, diagnostics: list[dict[str, Any]], shown: Shown) -> None:
        params = {"uri": opened.uri, "diagnostics": diagnostics, "version": opened.version}
        self._say(written({"method": "textDocument/publishDiagnostics", "params": params}))
        self.shown[opened.uri] = shown

    def _answer_question(self, question: Message, diagnostics: list[dict[str, Any]], shown: Shown) -> None:
        result = {"kind": "full", "items": diagnostics, "resultId": shown.result_id}
        self._say(written({"id": question.said["id"], "result": result}))
        self._held.remove(question)
        self.shown[str(question.uri)] = shown

    def _is_as_opened(self, opened: Opened) -> bool:
        """Whether the text that the client shows is the one that was looked at, as far as it has told."""
        since = self._held[self._held.index(opened.message) + 1 :]
        return not self._is_over and not any(each.method in _CHANGES and each.uri == opened.uri for each in since)


def _is_urgent(message: Message, first: Opened) -> bool:
    """Whether something can be done for the client beside the analysis: in another text, or as that one changed."""
    method = message.method or ""
    if method == "textDocument/didOpen":
        return message is not first.message and Opened.of(message) is not None
    if message.uri == first.uri:
        return method in _CHANGES
    return method.startswith(("textDocument/", "notebookDocument/"))


def _asks_for(message: Message, uri: str) -> bool:
    return message.method == "textDocument/diagnostic" and message.uri == uri and "id" in message.said


def _folders(params: Mapping[str, Any]) -> list[Path]:
    """The folders that the client has open; the older `rootUri` where it names none."""
    folders = params.get("workspaceFolders") or []
    uris = [each.get("uri") for each in folders if isinstance(each, dict)] or [params.get("rootUri")]
    paths = (path_of(each) for each in uris if isinstance(each, str))
    return [each for each in paths if each is not None]

"""What is said before pygls is loaded: the same that pygls would say, and nothing when the client begins otherwise."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from pygls.protocol import default_converter
from pytest_lsp import client_capabilities

from scram_analyzers.engine import Analysis
from scram_lsp.checking import check_text
from scram_lsp.server.analysis.text_analysis import LARGE_CHARACTERS, TextAnalysis, is_large
from scram_lsp.server.documents.configuration import Configuration
from scram_lsp.server.features import register
from scram_lsp.server.findings.diagnostic_json import units
from scram_lsp.server.language_server import ScramLanguageServer
from scram_lsp.server.opening import kept_looks, opening
from scram_lsp.server.opening.capabilities import ENCODINGS
from scram_lsp.server.opening.kept_looks import FOLDER, KeptLooks
from scram_lsp.server.opening.messages import MessageCutter, written
from scram_lsp.server.opening.opening import Opening
from tests.server.editor import RATE, TRAIN, Editor

PULLING = {
    "textDocument": {
        "diagnostic": {"relatedInformation": True, "dataSupport": True, "tagSupport": {"valueSet": [1, 2]}},
        "publishDiagnostics": {"codeDescriptionSupport": True},
    },
    "workspace": {"diagnostics": {"refreshSupport": True}, "fileOperations": {"didRename": True, "didDelete": True}},
    "notebookDocument": {"synchronization": {}},
    "general": {"positionEncodings": ["utf-7", "utf-8"]},
}
MANY = """\
import keras

wörter = "🙂"
model = keras.Sequential([keras.layers.Dense(1, name="ä🙂", activation="softmax")])
model.compile("rmsprop", loss="binary_crossentropy")
x = x_scaled = 1  # scram: ignore[SCR101]
"""

LARGE = TRAIN + "#" * LARGE_CHARACTERS


class Held:
    """Stands for `check_text`: says when a large text is under analysis, and keeps it there until it is let go."""

    def __init__(self) -> None:
        self.began, self.let_go = threading.Event(), threading.Event()

    def __call__(self, text: str, *others: Any) -> Analysis:
        if is_large(text):
            self.began.set()
            assert self.let_go.wait(60)
        return check_text(text, *others)


def declared(client: str) -> dict[str, Any]:
    capabilities: dict[str, Any] = default_converter().unstructure(client_capabilities(client))
    return capabilities


class Talk:
    """An opening with what it says, and with pygls behind it to hear and answer the rest."""

    def __init__(self, folder: Path, capabilities: Mapping[str, Any], check: Held | None = None) -> None:
        self._said = b""
        self._folder = folder
        self.uri = (folder / "train.py").as_uri()
        self.configuration = Configuration()
        self.analysis = TextAnalysis(self.configuration, check)
        self.left: list[int] = []
        self.opening = Opening(self._hear, self.configuration, self.analysis, self.left.append)
        self.introduction = {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities}

    def _hear(self, data: bytes) -> None:
        self._said += data

    @property
    def said(self) -> list[dict[str, Any]]:
        return [each.said for each in MessageCutter().take(self._said)]

    def tell(self, method: str, params: object, identity: int | None = None) -> None:
        message = {"method": method, "params": params}
        self.opening.hear(written(message if identity is None else {"id": identity, **message}))

    def begin(self, text: str = TRAIN) -> None:
        self.tell("initialize", self.introduction, 1)
        self.tell("initialized", {})
        self.open(self.uri, text)

    def open(self, uri: str, text: str) -> None:
        item = {"uri": uri, "languageId": "python", "version": 7, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def ask(self, known: str | None = None) -> None:
        params = {"textDocument": {"uri": self.uri}}
        self.tell("textDocument/diagnostic", params if known is None else {**params, "previousResultId": known}, 2)

    async def pygls_says(self, wanted: str) -> dict[str, Any]:
        """What pygls says to all that was told: its answer or notification of that name."""
        server = ScramLanguageServer(self.configuration, self.analysis, self.opening.shown)
        register(server)
        heard: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        class Writer:
            def write(self, data: bytes) -> None:
                message = json.loads(data)
                if wanted == message.get("method", f"answer {message.get('id')}") and not heard.done():
                    heard.set_result(message)

            def close(self) -> None:
                """Nothing is left open."""

        server.protocol.set_writer(Writer(), include_headers=False)
        for each in MessageCutter().take(self.opening.unheard()):
            if each.method != "initialized":  # runs and settings are no matter of these tests
                said = json.dumps(each.said)
                server.protocol.handle_message(json.loads(said, object_hook=server.protocol.structure_message))
        answer = await asyncio.wait_for(heard, 60)
        server.leave()
        return answer


@pytest.mark.parametrize(
    "capabilities",
    [{}, PULLING, declared("visual-studio-code"), declared("neovim"), declared("emacs")],
    ids=["bare", "pulling", "vscode", "neovim", "emacs"],
)
async def test_the_introduction_is_answered_as_pygls_would(tmp_path: Path, capabilities: dict[str, Any]) -> None:
    talk = Talk(tmp_path, capabilities)
    talk.tell("initialize", talk.introduction, 1)
    (ours,) = talk.said
    theirs = await talk.pygls_says("answer 1")
    for options in (ours, theirs):  # `false` says the same as nothing
        sync = options["result"]["capabilities"]["textDocumentSync"]
        options["result"]["capabilities"]["textDocumentSync"] = {key: value for key, value in sync.items() if value}
    assert ours == theirs


@pytest.mark.parametrize("text", [TRAIN, MANY, LARGE], ids=["train", "many", "large"])
async def test_a_client_that_is_told_is_told_what_pygls_would_say(tmp_path: Path, text: str) -> None:
    talk = Talk(tmp_path, declared("neovim"))
    talk.begin(text)
    talk.opening.look()
    _, ours = talk.said
    assert ours["params"]["version"] == 7
    assert ours["params"]["diagnostics"]
    assert ours == await talk.pygls_says("textDocument/publishDiagnostics")


@pytest.mark.parametrize("text", [TRAIN, MANY])
async def test_a_client_that_asks_is_answered_what_pygls_would(tmp_path: Path, text: str) -> None:
    early, late = Talk(tmp_path, PULLING), Talk(tmp_path, PULLING)
    for talk in (early, late):
        talk.begin(text)
        talk.ask()
    early.opening.look()
    assert b"textDocument/diagnostic" not in early.opening.unheard(), "it is answered"
    ours, theirs = early.said[-1], await late.pygls_says("answer 2")
    identities = [each["result"].pop("resultId") for each in (ours, theirs)]
    assert all(identities)
    assert ours == theirs
    early.ask(identities[0])
    assert (await early.pygls_says("answer 2"))["result"] == {"kind": "unchanged", "resultId": identities[0]}


async def test_a_client_is_called_where_settings_have_changed_while_pygls_was_loaded(tmp_path: Path) -> None:
    talk = Talk(tmp_path, PULLING)
    talk.begin()
    talk.ask()
    talk.opening.look()
    assert talk.said[-1]["result"]["items"]
    (tmp_path / "scram.toml").write_text('ignore = ["SCR101"]')
    await talk.pygls_says("workspace/diagnostic/refresh")
    talk.tell("textDocument/diagnostic", {"textDocument": {"uri": talk.uri}}, 3)
    assert (await talk.pygls_says("answer 3"))["result"]["items"] == []


def test_a_question_that_does_not_come_is_left_to_pygls(tmp_path: Path) -> None:
    talk = Talk(tmp_path, PULLING)
    talk.begin()
    talk.opening.look()
    assert len(talk.said) == 1


def test_the_settings_of_files_and_editor_hold(tmp_path: Path) -> None:
    talk = Talk(tmp_path, {})
    talk.introduction["initializationOptions"] = {"ignore": ["SCR101"]}
    talk.begin()
    talk.opening.look()
    assert talk.said[-1]["params"]["diagnostics"] == []
    (tmp_path / "scram.toml").write_text('exclude = ["train.py"]')
    talk = Talk(tmp_path, {})
    talk.begin(MANY)
    talk.opening.look()
    assert talk.said[-1]["params"]["diagnostics"] == []


def test_nothing_is_said_of_a_text_that_has_changed_since(tmp_path: Path) -> None:
    talk = Talk(tmp_path, {})
    talk.begin()
    talk.tell("textDocument/didChange", {"textDocument": {"uri": talk.uri, "version": 8}, "contentChanges": []})
    talk.opening.look()
    assert len(talk.said) == 1


@pytest.mark.parametrize(
    "first",
    [
        written({"method": "initialized", "params": {}}),
        written({"id": 1, "method": "initialize", "params": {"capabilities": None}}),
        written({"id": 1, "method": "initialize", "params": None}),
        written({"id": 1, "method": "textDocument/hover", "params": {}}),
        b"Content-Length: 1\r\n\r\n{",
        b"\r\n\r\n",
    ],
)
def test_a_client_that_begins_otherwise_is_left_to_pygls(first: bytes) -> None:
    said: list[bytes] = []
    opening = Opening(said.append, Configuration(), TextAnalysis(Configuration()), lambda code: None)
    more = written({"id": 2, "method": "initialize", "params": {"capabilities": {}}})
    opening.hear(first)
    opening.hear(more)
    opening.look()
    assert said == []
    assert opening.unheard() == first + more
    assert opening.answered == set()


@pytest.mark.parametrize("words", [["exit"], ["shutdown", "exit"], [], ["shutdown"]])
def test_a_client_that_leaves_at_once_is_left_at_once(tmp_path: Path, words: list[str]) -> None:
    talk = Talk(tmp_path, {})
    talk.begin()
    for word in words:
        talk.tell(word, None, 2 if word == "shutdown" else None)
    if "exit" not in words:
        assert talk.left == []
        talk.opening.hear(b"")  # the end of the input
    assert talk.left == [0 if "shutdown" in words else 1]
    if "shutdown" in words:
        assert talk.said[1:] == [{"jsonrpc": "2.0", "id": 2, "result": None}]
        talk.opening.look()
        assert len(talk.said) == 2, "nothing more is said to a client that is about to leave"


@pytest.mark.parametrize("is_over", [False, True])
def test_a_client_whose_process_is_gone_is_left(tmp_path: Path, is_over: bool) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    talk = Talk(tmp_path, {})
    talk.introduction["processId"] = process.pid
    talk.begin()
    if is_over:
        talk.opening.unheard()  # pygls hears of the process now
    (watching,) = [each for each in threading.enumerate() if each.name == "scram-client"]
    process.communicate()
    watching.join(60)
    assert talk.left == ([] if is_over else [1])


def test_pygls_hears_of_a_shutdown_that_the_opening_has_answered(tmp_path: Path) -> None:
    talk = Talk(tmp_path, {})
    talk.begin()
    talk.tell("shutdown", None, 2)
    assert talk.opening.answered == {1, 2}
    assert b"shutdown" in talk.opening.unheard()


@pytest.mark.parametrize(
    ("method", "document"),
    [("textDocument/hover", "other.py"), ("textDocument/didChange", "train.py")],
)
async def test_what_can_be_done_meanwhile_is_done_beside_a_long_look(
    tmp_path: Path, method: str, document: str
) -> None:
    check = Held()
    talk = Talk(tmp_path, {}, check)
    looking = threading.Thread(target=talk.opening.look)
    looking.start()
    talk.begin(LARGE)
    assert await asyncio.to_thread(check.began.wait, 60)
    identifier = {"uri": (tmp_path / document).as_uri(), "version": 8}
    talk.tell(method, {"textDocument": identifier, "contentChanges": [], "position": {"line": 0, "character": 0}}, 2)
    looking.join(60)
    assert not looking.is_alive()
    asyncio.get_running_loop().call_later(0.1, check.let_go.set)
    published = (await talk.pygls_says("textDocument/publishDiagnostics"))["params"]
    assert [each["code"] for each in published["diagnostics"]] == ["SCR101"]
    assert len(talk.said) == 1, "pygls has told it"


def test_a_small_text_is_looked_at_beside_a_large_one(tmp_path: Path) -> None:
    check = Held()
    talk = Talk(tmp_path, {}, check)
    looking = threading.Thread(target=talk.opening.look)
    looking.start()
    talk.begin(LARGE)
    assert check.began.wait(60)
    other = (tmp_path / "other.py").as_uri()
    talk.open(other, TRAIN)
    looking.join(60)
    assert [each["params"]["uri"] for each in talk.said[1:]] == [other]
    check.let_go.set()


def test_what_waits_for_the_look_anyway_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LONGEST_LOOK_SECONDS", 60.0)
    check = Held()
    talk = Talk(tmp_path, {}, check)
    looking = threading.Thread(target=talk.opening.look)
    looking.start()
    talk.begin(LARGE)
    assert check.began.wait(60)
    for method in ("textDocument/codeLens", "workspace/didChangeConfiguration", "textDocument/didSave"):
        talk.tell(method, {"textDocument": {"uri": talk.uri}}, 2)
    assert looking.is_alive()
    check.let_go.set()
    looking.join(60)
    assert [each["params"]["uri"] for each in talk.said[1:]] == [talk.uri]


def test_an_end_is_not_waited_for(tmp_path: Path) -> None:
    talk = Talk(tmp_path, {})
    looking = threading.Thread(target=talk.opening.look)
    looking.start()
    talk.opening.hear(b"")
    looking.join(60)
    assert not looking.is_alive()


@pytest.mark.parametrize("text", ["", "a", "ä🙂z", "\ud800"])
def test_units_are_those_of_the_encoding(text: str) -> None:
    sizes = [len(text.encode(name, "surrogatepass")) for name in ("utf-8", "utf-16-le", "utf-32-le")]
    assert [units(text, each) for each in ENCODINGS] == [sizes[0], sizes[1] // 2, sizes[2] // 4]


async def test_pygls_goes_on_from_there(editor: Editor, project: Path) -> None:
    """From the first diagnostics to a fix and to what is said of an edit, in a real server."""
    await editor.start(project, client_capabilities("neovim"))
    uri = editor.open(project / "train.py", TRAIN)
    assert [each.code for each in await editor.shown(uri)] == ["SCR101"]
    assert [each.title for each in await editor.fixes(uri, RATE)] != []
    version = editor.replace(uri, RATE, "1e-3")
    assert await editor.shown(uri, version) == ()


def test_the_first_diagnostics_need_neither_pygls_nor_the_types() -> None:
    program = """
import sys
from scram_lsp.server.main import *
from scram_lsp.server.findings import diagnostic_json
from scram_lsp.server.analysis.text_analysis import load_analysis
load_analysis()
print(*{"lsprotocol.types", "pygls.server", "asyncio", "cattrs"} & {*sys.modules})
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def kept_talk(folder: Path, capabilities: Mapping[str, Any], text: str = TRAIN) -> Talk:
    """A conversation about a text that was looked at in one before."""
    before = Talk(folder, capabilities)
    before.begin(text)
    before.opening.look()
    return Talk(folder, capabilities)


@pytest.mark.parametrize("text", [TRAIN, MANY])
def test_what_was_found_the_last_time_is_shown_before_the_text_is_looked_at(tmp_path: Path, text: str) -> None:
    talk = kept_talk(tmp_path, declared("neovim"), text)
    talk.begin(text)
    kept = talk.said
    assert kept[-1]["params"]["diagnostics"]
    talk.opening.look()
    assert talk.said == kept, "it was the same, and is not said again"
    fresh = Talk(tmp_path, declared("neovim"))
    remove_kept()
    fresh.begin(text)
    fresh.opening.look()
    assert fresh.said == kept


async def test_a_question_is_answered_with_what_was_found_the_last_time(tmp_path: Path) -> None:
    talk = kept_talk(tmp_path, PULLING)
    talk.begin()
    talk.ask()
    answer = talk.said[-1]
    assert [each["code"] for each in answer["result"]["items"]] == ["SCR101"]
    talk.opening.look()
    assert talk.said[-1] == answer
    talk.ask(answer["result"]["resultId"])
    result = (await talk.pygls_says("answer 2"))["result"]
    assert result == {"kind": "unchanged", "resultId": answer["result"]["resultId"]}


def test_nothing_kept_is_said_of_a_text_that_has_changed_since(tmp_path: Path) -> None:
    talk = kept_talk(tmp_path, PULLING)
    talk.begin()
    talk.tell("textDocument/didChange", {"textDocument": {"uri": talk.uri, "version": 8}, "contentChanges": []})
    talk.ask()
    assert len(talk.said) == 1


@pytest.mark.parametrize("change", ["text", "settings of a file", "settings of the editor", "file"])
def test_what_was_kept_is_of_that_very_text_and_its_settings(tmp_path: Path, change: str) -> None:
    talk = kept_talk(tmp_path, {})
    if change == "settings of a file":
        (tmp_path / "scram.toml").write_text('ignore = ["SCR101"]')
    elif change == "settings of the editor":
        talk.introduction["initializationOptions"] = {"ignore": ["SCR101"]}
    elif change == "file":
        talk.uri = (tmp_path / "other.py").as_uri()
    talk.begin(TRAIN + "\n" if change == "text" else TRAIN)
    assert len(talk.said) == 1


def test_what_is_kept_rests_on_what_the_editor_sets_now(tmp_path: Path) -> None:
    configuration, file = Configuration(), tmp_path / "train.py"
    configuration.take_folders([tmp_path])
    configuration.expect_editor_settings({"ignore": ["SCR101"], "inlayHints": True})
    introduced = configuration.basis(file)
    configuration.take_editor_settings({"ignore": ["SCR101"]})
    assert configuration.basis(file) == introduced, "the same as was said at the start"
    configuration.take_editor_settings({"ignore": ["SCR101"]}, tmp_path)
    assert configuration.basis(file) == introduced
    configuration.take_editor_settings({}, tmp_path)
    assert configuration.basis(file) != introduced
    configuration.take_editor_settings({"ignore": ["SCR102"]})
    configuration.take_editor_settings({"ignore": ["SCR101"]}, tmp_path)
    assert configuration.basis(file) == introduced
    assert configuration.basis(tmp_path.parent / "train.py") != introduced


def put_in_kept(text: str) -> None:
    for file in kept_files():
        file.write_text(text)


def kept_files() -> list[Path]:
    return list((platformdirs.user_cache_path("scram-lsp", appauthor=False) / FOLDER).glob("*.json"))


def remove_kept() -> None:
    for file in kept_files():
        file.unlink()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"findings": [1]}', '{"findings": [{"code": "SCR101"}]}'])
def test_what_is_kept_and_can_t_be_read_is_passed_over(tmp_path: Path, text: str) -> None:
    talk = kept_talk(tmp_path, {})
    put_in_kept(text)
    talk.begin()
    assert len(talk.said) == 1
    talk.opening.look()
    assert talk.said[-1]["params"]["diagnostics"]


@pytest.mark.parametrize("capabilities", [{}, PULLING])
async def test_what_is_found_now_takes_the_place_of_what_was_kept(tmp_path: Path, capabilities: dict[str, Any]) -> None:
    talk = kept_talk(tmp_path, capabilities)
    put_in_kept('{"findings": []}')
    talk.begin()
    talk.ask()
    shown = talk.said[-1]
    assert (shown["result"]["items"] if capabilities is PULLING else shown["params"]["diagnostics"]) == []
    talk.opening.look()
    if capabilities is PULLING:
        await talk.pygls_says("workspace/diagnostic/refresh")
    else:
        assert [each["code"] for each in talk.said[-1]["params"]["diagnostics"]] == ["SCR101"]


def test_a_folder_that_can_t_be_written_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    talk = kept_talk(tmp_path, {})
    talk.begin()
    assert len(talk.said) == 1


def test_only_so_many_texts_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept_looks, "MOST_KEPT", 3)
    kept = KeptLooks(Configuration())
    for number in range(5):
        kept.keep("/train.py", f"import keras  # {number}", [])
        for age, file in enumerate(sorted(kept_files(), key=lambda each: each.stat().st_mtime_ns)):
            os.utime(file, (age, age))
    held = [kept.of("/train.py", f"import keras  # {number}") for number in range(5)]
    assert held == [None, None, [], [], []]


async def test_what_is_saved_is_shown_at_once_the_next_time(editor: Editor, project: Path) -> None:
    """Kept by a real server when a text is opened, and when it is saved."""
    before = set(kept_files())
    await editor.start(project, client_capabilities("neovim"))
    uri = editor.open(project / "train.py", TRAIN)
    assert [each.code for each in await editor.shown(uri)] == ["SCR101"]
    await kept_anew(before)
    before = set(kept_files())
    version = editor.replace(uri, RATE, "20.0")
    assert [each.code for each in await editor.shown(uri, version)] == ["SCR101"]
    assert set(kept_files()) == before, "only what is on disk will be opened again"
    await editor.save(uri)
    await kept_anew(before)


async def kept_anew(before: Set[Path]) -> None:
    """Wait until there is more in the folder than before."""
    for _ in range(1200):
        if set(kept_files()) - before:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nothing more is kept")

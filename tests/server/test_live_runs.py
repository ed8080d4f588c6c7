"""What an editor shows of trainings: a run speaks over the real socket, the client listens over stdio."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import client_capabilities

from scram_analyzers.findings import Confidence, Finding, Fix, Origin, RunMoment, Severity, SourceRange
from scram_analyzers.run.records import RunInfo
from scram_lsp.finding_json import finding_to_json
from scram_lsp.live.discovery import HOST, ServerAddress
from scram_lsp.live.messages import (
    Ack,
    End,
    FindingMessage,
    Hello,
    Refused,
    ServerMessage,
    Welcome,
    decode_from_server,
    encode,
)
from scram_lsp.server.findings.last_run import last_run
from scram_lsp.store.observations import Record, kind_of, record_to_json, step_of
from scram_lsp.store.run_store import Observation, RunStore
from tests.server.editor import DEADLINE_SECONDS, RATE, TRAIN, Editor, address_of_server

pytestmark = pytest.mark.filterwarnings("error::pytest_lsp.LspSpecificationWarning")

SOURCE, RUN = ("SCR101", "scram"), ("SCR101", "scram (run)")
BEGAN = datetime.now(timezone.utc).replace(second=0, microsecond=0)
WHERE = SourceRange.of(5, 50, 5, 54)


def run_finding(script: Path, run: str, place: SourceRange = WHERE, code: str = "SCR101") -> Finding:
    return Finding(
        code=code,
        name="learning-rate-too-high",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message="The loss became NaN",
        why="Steps this large jump over every good solution.",
        how="Lower it.",
        filename=str(script),
        range=place,
        origin=Origin.RUN,
        moment=RunMoment(run, step=3, epoch=1),
    )


class Run:
    """The training side of one run, as far as the editor can tell."""

    def __init__(
        self, address: ServerAddress, script: Path, run: str, began: datetime, *, can_stop: bool = False
    ) -> None:
        self.script = script
        self.address = address
        self.hello = Hello(
            token=address.token, run=run, script=str(script), started=began.isoformat(), pid=1, can_stop=can_stop
        )
        self.sequence = 0

    async def connect(self) -> ServerMessage:
        self.reader, self.writer = await asyncio.open_connection(HOST, self.address.port)
        self.writer.write(encode(self.hello))
        return await self.hear()

    async def hear(self) -> ServerMessage:
        return decode_from_server(await asyncio.wait_for(self.reader.readline(), DEADLINE_SECONDS))

    async def find(self, place: SourceRange = WHERE, code: str = "SCR101", path: Path | None = None) -> None:
        self.send(place, code, path)
        assert await self.hear() == Ack(sequence=self.sequence)

    def send(
        self, place: SourceRange = WHERE, code: str = "SCR101", path: Path | None = None, cell: int | None = None
    ) -> None:
        self.sequence += 1
        finding = replace(run_finding(path or self.script, self.hello.run, place, code), cell=cell)
        self.writer.write(encode(FindingMessage(sequence=self.sequence, finding=finding_to_json(finding, None))))


def named(run: str, script: Path) -> str:
    """Runs have names of their own in all the world; a server remembers what it has heard of each."""
    return f"{script.parent.name}-{run}"


StartRun = Callable[..., Awaitable[Run]]


@pytest_asyncio.fixture
async def start_run(project: Path) -> AsyncIterator[StartRun]:
    """Starts runs of the project's script against the one server there is."""
    runs: list[Run] = []

    async def start(
        run: str = "r1", minutes: int = 0, script: Path = project / "train.py", *, can_stop: bool = False
    ) -> Run:
        began = BEGAN + timedelta(minutes=minutes)
        begun = Run(await address_of_server(script), script, named(run, script), began, can_stop=can_stop)
        runs.append(begun)
        assert isinstance(await begun.connect(), Welcome)
        return begun

    yield start
    for each in runs:
        each.writer.close()


def insert(line: int, text: str, character: int = 0) -> types.TextDocumentContentChangePartial:
    at = types.Position(line, character)
    return types.TextDocumentContentChangePartial(types.Range(at, at), text)


async def test_a_run_confirms_what_the_source_said(code: Editor, project: Path, start_run: StartRun) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shows(uri, [SOURCE])
    run = await start_run()
    await run.find()
    (diagnostic,) = await code.shows(uri, [RUN])
    clock = BEGAN.astimezone().strftime("%H:%M")
    assert diagnostic.message.endswith(f"(run of {clock}, step 3)")
    assert diagnostic.range == RATE
    hover = await code.hover(uri, 4, 52)
    assert hover is not None
    assert f"*Confirmed in the run of {clock} at step 3.*" in hover
    fix = (await code.actions(uri, RATE, [diagnostic]))[0]
    assert list(fix.diagnostics or ()) == [diagnostic]
    version = code.replace(uri, RATE, "0.001")
    assert not await code.shown(uri, version), "the text that both spoke of is gone"


PIXELS = """import keras

(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=20, validation_split=0.1)
"""


async def test_what_a_run_confirmed_goes_with_what_the_source_said_of_it(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    uri = code.open(project / "train.py", PIXELS)
    await code.shows(uri, [("SCR201", "scram")])
    run = await start_run()
    await run.find(SourceRange.of(6, 10, 6, 11), "SCR201")
    await run.find(SourceRange.of(4, 0, 4, 5), "SCR601")
    own, confirmed = ("SCR601", "scram (run)"), ("SCR201", "scram (run)")
    await code.shows(uri, [own, confirmed])
    code.change(uri, insert(3, "x = x / 255\n"))  # mended, but not in the text that both speak of
    await code.shows(uri, [own])
    code.replace(uri, types.Range(types.Position(3, 0), types.Position(4, 0)), "")
    await code.shows(uri, [own, confirmed])


async def test_a_run_finding_of_its_own_stands_beside_those_of_the_source(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shows(uri, [SOURCE])
    run = await start_run()
    await run.find(SourceRange.of(3, 0, 3, 5), "SCR601")
    shown = await code.shows(uri, [SOURCE, ("SCR601", "scram (run)")])
    assert "(run of " in shown[0].message


async def test_run_findings_move_with_edits_and_go_when_their_text_changes(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    uri = code.open(project / "train.py", TRAIN)
    run = await start_run()
    await run.find()
    await code.shows(uri, [RUN])
    version = code.change(uri, insert(0, "# one\n# two\n"), insert(6, "  ", 4))
    (diagnostic,) = await code.shown(uri, version)
    assert diagnostic.source == "scram (run)"
    assert diagnostic.range == types.Range(types.Position(6, 52), types.Position(6, 56))
    code.change(uri, insert(6, "0", 56))
    await code.shows(uri, [SOURCE])  # 1e100 is another number than the one that was run


async def test_a_finding_that_arrives_after_edits_is_put_where_its_text_is_now(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shows(uri, [SOURCE])
    version = code.change(uri, insert(0, "# unsaved before the run\n"))
    await code.shown(uri, version)
    run = await start_run()
    version = code.change(uri, insert(0, "# while it runs\n"))
    await code.shown(uri, version)
    await run.find()
    (diagnostic,) = await code.shows(uri, [RUN])
    assert diagnostic.range.start.line == RATE.start.line + 2
    await code.save(uri)
    rerun = await start_run("r2", minutes=1)
    await code.shows(uri, [SOURCE])
    await rerun.find(SourceRange.of(7, 50, 7, 54))
    (diagnostic,) = await code.shows(uri, [RUN])
    assert diagnostic.range.start.line == RATE.start.line + 2, "it speaks of the saved text"


async def test_a_new_run_clears_the_old_ones_findings_and_a_late_word_of_it_is_not_heard(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    uri = code.open(project / "train.py", TRAIN)
    old = await start_run("old")
    await old.find()
    await code.shows(uri, [RUN])
    new = await start_run("new", minutes=5)
    await code.shows(uri, [SOURCE])
    await old.find()
    await new.find(SourceRange.of(3, 0, 3, 5), "SCR601")
    await code.shows(uri, [SOURCE, ("SCR601", "scram (run)")])


async def test_findings_show_in_files_that_are_not_open(code: Editor, project: Path, start_run: StartRun) -> None:
    path = project / "train.py"
    run = await start_run()
    await run.find()
    (diagnostic,) = await code.shown(path.as_uri(), None)
    assert (diagnostic.source, diagnostic.range) == ("scram (run)", RATE)
    uri = code.open(path, TRAIN)
    assert [each.source for each in await code.shown(uri)] == ["scram (run)"]
    before = len(code.publications)
    code.close(uri)
    closing = await code.wait_for(lambda each: each in code.publications[before:], "the closed file")
    assert [each.source for each in closing.diagnostics] == ["scram (run)"], "the run's finding stays"
    path.write_text(TRAIN.replace("1e10", "1e-3"))
    changed = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
    code.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
    await code.shows(uri, [])


async def test_findings_in_other_files_of_the_project_show_there(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    other = project / "model.py"
    other.write_text('label = "🙂"; layer = None\n')
    run = await start_run()
    await run.find(SourceRange.of(1, 13, 1, 18), "SCR601", other)
    (diagnostic,) = await code.shown(other.as_uri(), None)
    assert diagnostic.range == types.Range(types.Position(0, 14), types.Position(0, 19)), "UTF-16 units"


async def test_a_comment_or_the_configuration_silences_runs_too(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    text = TRAIN.replace('crossentropy",\n)', 'crossentropy",\n)  # scram: ignore[SCR101]')
    (project / "train.py").write_text(text)
    (project / "scram.toml").write_text('ignore = ["SCR601"]\n')
    uri = code.open(project / "train.py", text)
    assert not await code.shown(uri)
    run = await start_run()
    await run.find()
    await run.find(SourceRange.of(3, 0, 3, 5), "SCR601")
    await run.find(SourceRange.of(3, 0, 3, 5), "SCR602")
    await code.shows(uri, [("SCR602", "scram (run)")])


async def test_what_is_replayed_after_a_lost_connection_shows_once(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    uri = code.open(project / "train.py", TRAIN)
    run = await start_run()
    await run.find(SourceRange.of(3, 0, 3, 5), "SCR601")
    run.writer.close()
    again = await start_run()
    await again.find(SourceRange.of(3, 0, 3, 5), "SCR601")
    await again.find(SourceRange.of(1, 0, 1, 6), "SCR602")
    await code.shows(uri, [SOURCE, ("SCR601", "scram (run)"), ("SCR602", "scram (run)")])


async def test_a_hundred_findings_at_once_are_few_publications(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shows(uri, [SOURCE])
    run = await start_run()
    before = len(code.publications)
    lines = [SourceRange.of(1, 0, 1, 6), SourceRange.of(3, 0, 3, 5)]
    for number in range(100):  # all at once: on a slow machine findings one by one would be no burst
        run.send(lines[number % 2], "SCR601")
    assert [await run.hear() for _ in range(100)] == [Ack(sequence=number + 1) for number in range(100)]
    await code.shows(uri, [SOURCE, *[("SCR601", "scram (run)")] * 100])
    assert len(code.publications) - before < 100


async def test_strangers_at_the_socket_change_nothing(code: Editor, project: Path, start_run: StartRun) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shows(uri, [SOURCE])
    stranger = Run(await address_of_server(project / "train.py"), project / "train.py", "r0", BEGAN)
    stranger.hello = attrs.evolve(stranger.hello, token="guess")
    assert isinstance(await stranger.connect(), Refused)
    stranger.writer.write(b"\x00" * 1_000_000)
    stranger.writer.close()
    run = await start_run()
    await run.find()
    await code.shows(uri, [RUN])
    run.writer.write(encode(End(status="finished")))


async def test_a_run_of_a_file_outside_the_workspace_is_heard_while_it_is_open(
    editor: Editor, tmp_path: Path, start_run: StartRun
) -> None:
    await editor.start(None, client_capabilities("visual-studio-code"))
    uri = editor.open(tmp_path / "train.py", TRAIN)
    run = await start_run(script=tmp_path / "train.py")
    await run.find()
    await editor.shows(uri, [RUN])


def store_run(
    script: Path,
    text: str,
    *findings: Finding,
    records: Sequence[Record] = (),
    status: Literal["finished", "failed"] = "finished",
) -> None:
    run = named("r1", script)
    with RunStore.open_for(script) as store:
        info: dict[str, Any] = {"run": run, "script": str(script), "started": BEGAN.isoformat()}
        store.begin(RunInfo(**info), hashlib.sha256(text.encode()).hexdigest())
        no_fix: Fix | None = None
        store.add_findings(run, [(sequence, finding, no_fix) for sequence, finding in enumerate(findings, 1)])
        rows = enumerate(records, start=1)
        store.add_observations(
            run, [Observation(number, kind_of(each), step_of(each), record_to_json(each)) for number, each in rows]
        )
        store.finish(run, status)


async def test_the_last_run_is_shown_when_its_script_is_opened_later(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    script = project / "train.py"
    store_run(script, TRAIN, run_finding(script, named("r1", script)))
    uri = code.open(script, TRAIN)
    await code.shows(uri, [RUN])
    same = await start_run("r1")
    await same.find()
    await same.find(SourceRange.of(3, 0, 3, 5), "SCR601")
    await code.shows(uri, [RUN, ("SCR601", "scram (run)")])


async def test_findings_are_shown_while_the_script_is_typed_in(
    editor: Editor, project: Path, start_run: StartRun
) -> None:
    await editor.start(project, client_capabilities("visual-studio-code"), (sys.executable, "-c", NEVER_ANALYZED_TWICE))
    uri = editor.open(project / "train.py", TRAIN)
    await editor.shows(uri, [SOURCE])
    await editor.hover(uri, 0, 0)  # by its answer the text was analyzed, and not only looked at in the opening
    run = await start_run()
    version = editor.replace(uri, types.Range(types.Position(0, 0), types.Position(0, 0)), "# typing\n")
    await editor.client.protocol.send_request_async("scram/runs", None)  # by its answer the edit has arrived
    await run.find(SourceRange.of(3, 0, 3, 5), "SCR601")
    shown = await editor.shows(uri, [SOURCE, ("SCR601", "scram (run)")])
    assert sorted(each.range.start.line for each in shown) == [3, RATE.start.line + 1]
    assert await editor.shown(uri, version) == shown


NEVER_ANALYZED_TWICE = """
import sys, threading
from scram_lsp.server.analysis.text_analysis import TextAnalysis
from scram_lsp.server.main import run

analyze, texts = TextAnalysis.__call__, set()

def only_once(self, filename, text):
    texts.add(text)
    if len(texts) > 1:
        threading.Event().wait(60)
    return analyze(self, filename, text)

TextAnalysis.__call__ = only_once
sys.exit(run())
"""
"""A server whose analysis of a second text takes longer than the test."""


def test_a_stored_run_of_another_text_does_not_count(project: Path) -> None:
    script = project / "train.py"
    store_run(script, TRAIN + "# before\n", run_finding(script, named("r1", script)))
    assert last_run(script) is None
    script.write_text(TRAIN + "# before\n")
    assert last_run(script) is not None


def test_a_run_store_that_can_not_be_read_counts_as_none(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    (project / ".scram").mkdir()
    (project / ".scram" / "runs.sqlite").write_bytes(b"not a database" * 1000)
    assert last_run(project / "train.py") is None
    assert "runs.sqlite" in caplog.text

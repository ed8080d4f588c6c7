"""An editor with a view of runs: it asks for them, and hears when they change."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import client_capabilities

from scram_analyzers.run.records import RunInfo
from scram_lsp.live.listener import LiveRun
from scram_lsp.live.messages import Progress
from scram_lsp.server.runs.run_board import LIVE_FINDING, OTHER_PROTOCOL, RUNS_CHANGED, RunBoard
from scram_lsp.store.run_store import RunStore
from tests.server.editor import DEADLINE_SECONDS, Editor
from tests.server.runs.test_run_list import finding

WANTED = types.ClientCapabilities(experimental={"scramRuns": True})


def store_run(script: Path, run: str) -> LiveRun:
    with RunStore.open_for(script) as store:
        store.begin(RunInfo(run, str(script), "2026-11-21T14:02:33+00:00"), "digest")
    return LiveRun(run, str(script), "2026-11-21T14:02:33+00:00")


async def test_a_client_that_asked_hears_of_runs_and_findings(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.touch()
    heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    board = RunBoard(lambda method, params: heard.put_nowait((method, params)), list)
    board.begin(WANTED)
    run = store_run(script, "a")
    board.began(run)
    board.progressed(run, Progress(epoch=2, epochs=3, step=9, loss=0.5))
    board.found(finding(script, "a"))
    methods = [(await asyncio.wait_for(heard.get(), DEADLINE_SECONDS))[0] for _ in range(2)]
    assert sorted(methods) == [LIVE_FINDING, RUNS_CHANGED], "one word for the three changes"
    (listed,) = await board.list()
    assert (listed["run"], listed["epoch"], listed["loss"]) == ("a", 2, 0.5)
    board.ended(run)
    (listed,) = await board.list()
    assert listed["epoch"] is None
    assert (await asyncio.wait_for(heard.get(), DEADLINE_SECONDS))[0] == RUNS_CHANGED
    assert heard.empty()


async def test_a_client_that_asked_hears_of_a_run_of_another_protocol(tmp_path: Path) -> None:
    heard: list[tuple[str, Any]] = []
    board = RunBoard(lambda method, params: heard.append((method, params)), list)
    board.begin(WANTED)
    board.refused(store_run(tmp_path / "train.py", "a"), 2)
    assert heard == [(OTHER_PROTOCOL, {"script": str(tmp_path / "train.py"), "run": 2, "server": 1})]


async def test_other_clients_hear_nothing(tmp_path: Path) -> None:
    heard: list[str] = []
    board = RunBoard(lambda method, params: heard.append(method), list)
    board.begin(types.ClientCapabilities())
    script = tmp_path / "train.py"
    script.touch()
    board.began(store_run(script, "a"))
    board.found(finding(script, "a"))
    board.refused(store_run(script, "b"), 2)
    await asyncio.sleep(0)
    assert heard == []


async def test_the_requests_answer_over_the_protocol(editor: Editor, project: Path) -> None:
    capabilities = client_capabilities("visual-studio-code")
    capabilities.experimental = {"scramRuns": True}
    await editor.start(project, capabilities)
    script = str(project / "train.py")
    store_run(project / "train.py", "a")
    request = editor.client.protocol.send_request_async
    (run,) = await request("scram/runs", None)
    assert run["run"] == "a"
    assert (await request("scram/run", {"run": "a", "script": script})).curves == []
    assert await request("scram/run", {"run": "b", "script": script}) is None
    assert await request("scram/run", {"nonsense": 1}) is None
    assert await request("scram/deleteRun", {"run": "a", "script": script}) is True
    assert await request("scram/runs", None) == []

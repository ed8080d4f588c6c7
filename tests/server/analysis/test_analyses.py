"""When documents are analyzed: the latest text wins, and a fault stops nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from lsprotocol import types
from pygls.workspace import PositionCodec

from scram_analyzers.engine import Analysis
from scram_analyzers.rules.registry import RuleSet
from scram_lsp.server.analysis.analyses import Analyses
from scram_lsp.server.documents.documents import Document
from scram_lsp.server.documents.units import ModuleUnit, Unit, Units
from tests.server.editor import DEADLINE_SECONDS


class World:
    """Documents whose analysis is under the test's control, and what became of it."""

    def __init__(self, analyze: Callable[[str], None] = lambda text: None) -> None:
        self.units = Units()
        self.analyzed: list[str] = []
        self.finished: list[tuple[int, bool]] = []
        self.failures: list[str] = []
        self._act = analyze
        self.analyses = Analyses(self.units, self._analyze, self._finished, self._failed)

    def open(self, text: str = "0") -> ModuleUnit:
        item = types.TextDocumentItem("file:///home/ada/train.py", "python", 0, text)
        unit = ModuleUnit(Document(item, PositionCodec()))
        self.units.take(unit)
        return unit

    def type(self, unit: ModuleUnit, text: str) -> None:
        document = unit.document
        document.change(document.version + 1, [types.TextDocumentContentChangeWholeDocument(text)])
        self.analyses.request(unit)

    def _analyze(self, filename: str, text: str) -> Analysis:
        self.analyzed.append(text)
        self._act(text)
        return Analysis(filename, RuleSet(), None, ())

    def _finished(self, unit: Unit, analysis: Analysis | None) -> None:
        self.finished.append((unit.documents[0].version, analysis is not None))

    def _failed(self, unit: Unit, error: Exception) -> None:
        self.failures.append(str(error))


async def test_keystrokes_that_come_together_are_looked_at_together() -> None:
    world = World()
    unit = world.open()
    for number in range(1, 6):
        world.type(unit, str(number))
    assert await world.analyses.current(unit) is not None
    assert world.analyzed == ["5"]
    assert world.finished == [(5, True)]


async def test_what_a_newer_text_overtook_is_never_shown() -> None:
    started, go_on = threading.Event(), threading.Event()

    def slowly(text: str) -> None:
        if text == "0":
            started.set()
            assert go_on.wait(DEADLINE_SECONDS)

    world = World(slowly)
    unit = world.open()
    world.analyses.request(unit, at_once=True)
    await asyncio.to_thread(started.wait, DEADLINE_SECONDS)
    world.type(unit, "1")
    go_on.set()
    await world.analyses.current(unit)
    assert world.analyzed == ["0", "1"]
    assert world.finished == [(1, True)]


async def test_a_document_that_was_closed_meanwhile_is_not_shown() -> None:
    started, go_on = threading.Event(), threading.Event()

    def slowly(text: str) -> None:
        started.set()
        assert go_on.wait(DEADLINE_SECONDS)

    world = World(slowly)
    unit = world.open()
    world.analyses.request(unit, at_once=True)
    await asyncio.to_thread(started.wait, DEADLINE_SECONDS)
    world.units.drop(unit)
    world.analyses.drop(unit)
    go_on.set()
    assert await world.analyses.current(unit) is None
    assert world.finished == []


async def test_a_request_while_the_same_text_is_analyzed_analyzes_it_again() -> None:
    started, go_on = threading.Event(), threading.Event()

    def slowly(text: str) -> None:
        started.set()
        assert go_on.wait(DEADLINE_SECONDS)

    world = World(slowly)
    unit = world.open()
    world.analyses.request(unit, at_once=True)
    await asyncio.to_thread(started.wait, DEADLINE_SECONDS)
    world.analyses.request(unit, at_once=True)  # settings changed
    go_on.set()
    await world.analyses.current(unit)
    assert world.analyzed == ["0", "0"]
    assert len(world.finished) == 1


async def test_an_analysis_that_fails_is_reported_and_the_next_one_works() -> None:
    def fail_at_first(text: str) -> None:
        if text == "0":
            raise RecursionError("too deep")

    world = World(fail_at_first)
    unit = world.open()
    world.analyses.request(unit)
    assert await world.analyses.current(unit) is None
    assert (world.failures, world.finished) == (["too deep"], [(0, False)])
    world.type(unit, "1")
    assert await world.analyses.current(unit) is not None
    assert world.finished[-1] == (1, True)


async def test_the_loop_is_free_while_a_text_is_analyzed() -> None:
    go_on = threading.Event()

    def slowly(text: str) -> None:
        assert go_on.wait(DEADLINE_SECONDS)

    world = World(slowly)
    unit = world.open()
    world.analyses.request(unit, at_once=True)
    for _ in range(100):
        await asyncio.sleep(0)
    assert world.finished == []
    go_on.set()
    await world.analyses.current(unit)

"""A long day of edits: random ones, valid and broken, with everything else that goes on in an editor meanwhile.

`SCRAM_SOAK_EDITS` makes it as long as wanted (with `-o faulthandler_timeout=0` where that is more than ten minutes);
`SCRAM_SOAK_LOG` names a file that is told how far it is.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import attrs
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import client_capabilities

from scram_analyzers.findings import SourceRange
from scram_lsp.live.messages import Welcome
from scram_lsp.server.findings.live_findings import read_text
from scram_lsp.store.digest import text_digest
from tests.server.documents.test_notebooks import COMPILE, IMPORTS, OpenNotebook
from tests.server.editor import TRAIN, Editor, address_of_server, new_editor
from tests.server.test_live_runs import BEGAN, Run

EDITS = int(os.environ.get("SCRAM_SOAK_EDITS", "200"))
LOG = os.environ.get("SCRAM_SOAK_LOG")
LOOK_EVERY = 40
"""Edits between two looks at what is shown; those between come as fast as the server takes them."""

LONGEST = 5_000
"""A text of more characters is thrown away for the first one, so that memory does not grow by its length."""

UNDONE_SHARE = 0.3
OTHER_SHARE = 0.1
"""The share of edits that take one back, and of those beside which something else happens."""

SETTINGS = ({}, {"ignore": ["SCR101"]}, {"severity": {"SCR101": "hint"}}, {"select": ["SCR1"]}, {"nonsense": 1})
SNIPPETS = (
    "1e10",
    "(",
    ")",
    "'",
    '"""',
    "\n",
    "\r\n",
    "\t",
    "keras",
    "🙂",
    "# scram: ignore[SCR101]\n",
    "def f(:\n",
    " ",
)


@dataclass
class Text:
    """One text under edits, a module's or a cell's, and what came before."""

    text: str
    uri: str
    version: int = 1
    undo: tuple[str, ...] = ()
    first: str = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.text


@pytest_asyncio.fixture(loop_scope="session")
async def fresh() -> AsyncIterator[Editor]:
    """A second server, to compare with."""
    async for each in new_editor():
        yield each


class Day:
    """The editor under random edits; the module first, then the notebook's cells."""

    def __init__(self, editor: Editor, project: Path, chance: random.Random) -> None:
        self.editor = editor
        self.settings: dict[str, object] = {}
        self._chance = chance
        self._script = project / "train.py"
        extra = "".join(f"\noptimizer_{n} = keras.optimizers.Adam({n}e{n % 5})\n" for n in range(20))
        self.module = Text(TRAIN + extra, editor.open(self._script, TRAIN + extra))
        self.notebook = OpenNotebook(editor, project / "notes.ipynb", IMPORTS, COMPILE)
        self.cells = [Text(text, uri) for text, uri in zip((IMPORTS, COMPILE), self.notebook.cells, strict=True)]
        self._run: Run | None = None
        self._runs = 0

    async def edit(self) -> None:
        """One edit, at times with something else beside it."""
        where = self._chance.choice([self.module, self.module, *self.cells])
        self._edit(where)
        if self._chance.random() < OTHER_SHARE:
            others = (self._save, self._configure, self._begin_run, self._find, self._find, self._cell)
            await self._chance.choice(others)()

    def _edit(self, where: Text) -> None:
        if len(where.text) > LONGEST:
            where.undo = (where.first,)
        if where.undo and (len(where.text) > LONGEST or self._chance.random() < UNDONE_SHARE):
            where.text, where.undo = where.undo[-1], where.undo[:-1]
            self._send_whole(where)
            return
        where.undo = (*where.undo[-20:], where.text)
        place, new, inserted = random_edit(where.text, self._chance)
        where.text = new
        if where is self.module:
            where.version = self.editor.replace(where.uri, place, inserted)
        else:
            self._send_whole(where)

    def _send_whole(self, where: Text) -> None:
        if where is self.module:
            where.version = self.editor.rewrite(where.uri, where.text)
        else:
            where.version += 1
            self.notebook.rewrite(self.cells.index(where), where.text, where.version)

    async def _save(self) -> None:
        self._script.write_text(self.module.text, encoding="utf-8", newline="")
        identifier = types.TextDocumentIdentifier(self.module.uri)
        self.editor.client.text_document_did_save(types.DidSaveTextDocumentParams(identifier))

    async def _configure(self) -> None:
        self.settings = dict(self._chance.choice(SETTINGS))
        self.editor.client.set_configuration({"scram": self.settings})
        self.editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))

    async def _begin_run(self) -> None:
        """The module begins to train as it is on disk."""
        if self._run is not None:
            self._run.writer.close()
        self._runs += 1
        began = BEGAN + timedelta(seconds=self._runs)
        run = Run(await address_of_server(self._script), self._script, f"soak-{self._runs}", began)
        run.hello = attrs.evolve(run.hello, digest=text_digest(read_text(self._script) or ""))
        assert isinstance(await run.connect(), Welcome)
        self._run = run

    async def _find(self) -> None:
        if self._run is not None:
            line = self._chance.randint(1, 30)
            await self._run.find(SourceRange.of(line, 0, line, 5), self._chance.choice(("SCR101", "SCR601", "SCR602")))

    async def _cell(self) -> None:
        """A cell comes, or one goes."""
        at = self._chance.randrange(len(self.cells))
        if len(self.cells) > 4:
            self.notebook.replace(at, 1)
            del self.cells[at]
        else:
            self.notebook.replace(at, 0, COMPILE)
            self.cells.insert(at, Text(COMPILE, self.notebook.cells[at]))

    async def end(self) -> None:
        """A last run that finds nothing clears what the others found."""
        await self._begin_run()
        await self.look()

    async def look(self) -> None:
        """Wait until the server has said what it thinks of the module as it is now."""
        await self.editor.shown(self.module.uri, self.module.version)
        latest = {each.uri: each for each in self.editor.publications}
        self.editor.publications[:] = latest.values()

    def shown(self) -> list[list[tuple[str, str, str]]]:
        """What the latest publications say of the module and of each cell."""
        latest = {each.uri: each.diagnostics for each in self.editor.publications}
        return [_written(latest.get(each.uri, ())) for each in (self.module, *self.cells)]

    async def as_fresh(self, fresh: Editor, project: Path) -> list[list[tuple[str, str, str]]]:
        """What a server that was started just now shows of the same texts under the same settings."""
        fresh.client.set_configuration({"scram": self.settings})
        capabilities = client_capabilities("visual-studio-code")
        await fresh.start(project, capabilities, initialization_options=self.settings)
        fresh.open(self.module.uri, self.module.text)
        notebook = OpenNotebook(fresh, project / "notes.ipynb", *(each.text for each in self.cells))
        shown = [await fresh.shown(uri) for uri in (self.module.uri, *notebook.cells)]
        return [_written(each) for each in shown]


async def test_a_long_day_ends_in_what_a_fresh_server_shows(own_code: Editor, fresh: Editor, project: Path) -> None:
    day = Day(own_code, project, random.Random(7))
    memory: list[int] = []
    for number in range(EDITS):
        await day.edit()
        if number % LOOK_EVERY == 0:
            await day.look()
            memory.append(_memory(own_code))
            _log(f"{number} edits, {memory[-1]} KB")
    await day.end()
    wanted = await day.as_fresh(fresh, project)
    await own_code.wait_for(lambda _: day.shown() == wanted, f"what a fresh server shows: {wanted}")
    if EDITS >= 10_000:  # with fewer the caches are not full yet
        middle = len(memory) // 2
        assert max(memory[-20:]) < 1.1 * max(memory[middle - 20 : middle])


def random_edit(text: str, chance: random.Random) -> tuple[types.Range, str, str]:
    """Replace a short stretch of a line: the place, the new text, what is put there. Columns are UTF-16 units."""
    lines = text.split("\n")
    row = chance.randrange(len(lines))
    line = lines[row].removesuffix("\r")
    start = chance.randint(0, len(line))
    end = min(len(line), start + chance.choice((0, 0, 1, 3)))
    inserted = chance.choice(SNIPPETS)
    offset = sum(len(each) + 1 for each in lines[:row])
    place = types.Range(types.Position(row, _units(line[:start])), types.Position(row, _units(line[:end])))
    return place, text[: offset + start] + inserted + text[offset + end :], inserted


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _written(diagnostics: Sequence[types.Diagnostic]) -> list[tuple[str, str, str]]:
    return [(str(each.range), str(each.code), each.message) for each in diagnostics]


def _memory(editor: Editor) -> int:
    """The memory of the server's process in KB, where the system tells."""
    if not sys.platform.startswith("linux") or editor.client._server is None:
        return 0
    status = Path(f"/proc/{editor.client._server.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _log(line: str) -> None:
    if LOG is not None:
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(line + "\n")

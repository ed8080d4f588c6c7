"""Notebooks that are open in the editor: cells with findings of their own that know the names of those above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lsprotocol import types

from scram_analyzers.findings import SourceRange
from scram_analyzers.run.records import RunInfo
from scram_lsp.live.messages import Ack
from scram_lsp.store.digest import cells_digest
from scram_lsp.store.run_store import RunStore
from tests.server.editor import Editor, applied
from tests.server.test_live_runs import StartRun, named, run_finding, start_run

__all__ = ["start_run"]

IMPORTS = "%matplotlib inline\nimport keras\nrate = 1e10"
COMPILE = "!ls\noptimizer = keras.optimizers.Adam(rate)"
CODE, MARKUP = types.NotebookCellKind.Code, types.NotebookCellKind.Markup


class OpenNotebook:
    """A notebook in the editor, cell by cell."""

    def __init__(self, editor: Editor, path: Path, *sources: str) -> None:
        self.editor = editor
        self.uri = path.as_uri()
        self.version = 1
        self.cells = [self.cell_uri(number) for number in range(len(sources))]
        items = [types.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(self.cells, sources, strict=True)]
        cells = [types.NotebookCell(CODE, uri) for uri in self.cells]
        notebook = types.NotebookDocument(self.uri, "jupyter-notebook", 1, cells)
        editor.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, items))

    def cell_uri(self, number: int) -> str:
        return f"{self.uri.replace('file:', 'vscode-notebook-cell:')}#W{number}"

    def change(self, cells: types.NotebookDocumentCellChanges) -> None:
        self.version += 1
        identifier = types.VersionedNotebookDocumentIdentifier(self.version, self.uri)
        event = types.NotebookDocumentChangeEvent(cells=cells)
        self.editor.client.notebook_document_did_change(types.DidChangeNotebookDocumentParams(identifier, event))

    def rewrite(self, number: int, text: str, version: int) -> None:
        identifier = types.VersionedTextDocumentIdentifier(version, self.cells[number])
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.change(
            types.NotebookDocumentCellChanges(
                text_content=[types.NotebookDocumentCellContentChanges(identifier, [whole])]
            )
        )

    def replace(self, start: int, count: int, *sources: str) -> None:
        gone = self.cells[start : start + count]
        new = [self.cell_uri(100 * self.version + number) for number in range(len(sources))]
        self.cells[start : start + count] = new
        self.change(
            types.NotebookDocumentCellChanges(
                structure=types.NotebookDocumentCellChangeStructure(
                    types.NotebookCellArrayChange(start, count, [types.NotebookCell(CODE, uri) for uri in new]),
                    [types.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(new, sources, strict=True)],
                    [types.TextDocumentIdentifier(uri) for uri in gone],
                )
            )
        )

    def close(self) -> None:
        cells = [types.TextDocumentIdentifier(uri) for uri in self.cells]
        identifier = types.NotebookDocumentIdentifier(self.uri)
        self.editor.client.notebook_document_did_close(types.DidCloseNotebookDocumentParams(identifier, cells))


def codes(diagnostics: Sequence[types.Diagnostic]) -> list[str]:
    return sorted(str(each.code) for each in diagnostics)


def place(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


async def test_findings_stand_in_their_cells_and_know_the_cells_above(code: Editor, project: Path) -> None:
    notebook = OpenNotebook(code, project / "train.ipynb", IMPORTS, COMPILE)
    first, second = notebook.cells
    (diagnostic,) = await code.shows(first, [("SCR101", "scram")])
    assert diagnostic.range == place(2, 7, 11)
    (related,) = diagnostic.related_information or ()
    assert related.location == types.Location(second, place(1, 12, 39))
    assert not await code.shown(second)

    notebook.rewrite(0, IMPORTS.replace("1e10", "1e-3"), 2)
    assert not await code.shown(first, 2)
    notebook.replace(0, 1)
    assert not await code.shown(first, None)
    notebook.replace(0, 0, "x = 1", IMPORTS)
    (diagnostic,) = await code.shows(notebook.cells[1], [("SCR101", "scram")])
    assert diagnostic.range == place(2, 7, 11)
    notebook.close()
    assert not await code.shown(notebook.cells[1], None)


async def test_actions_and_hovers_are_the_cells_own(code: Editor, project: Path) -> None:
    text = "# the optimizer\noptimizer = keras.optimizers.Adam(1e10)"
    notebook = OpenNotebook(code, project / "train.ipynb", "import keras", text)
    cell = notebook.cells[1]
    await code.shows(cell, [("SCR101", "scram")])
    rate = place(1, 34, 38)
    actions = {each.title: each for each in await code.actions(cell, rate)}
    assert applied(text, edits_in(actions["Scram (SCR101): Set the learning rate to 0.001"], cell)).endswith("(0.001)")
    assert applied(text, edits_in(actions["Suppress SCR101 on this statement"], cell)) == (
        text + "  # scram: ignore[SCR101]"
    )
    everywhere = edits_in(actions["Suppress SCR101 in this file"], notebook.cells[0])
    assert applied("import keras", everywhere) == "# scram: ignore-file[SCR101]\nimport keras"
    hover = await code.hover(cell, 1, 36)
    assert hover is not None
    assert "learning-rate-too-high" in hover
    notebook.close()


async def test_cells_that_hold_no_python_or_none_at_all_are_borne(code: Editor, project: Path) -> None:
    notebook = OpenNotebook(code, project / "train.ipynb", "%%bash\nkeras", "import keras\nx = (", "", COMPILE)
    assert not await code.shown(notebook.cells[3])
    notebook.replace(0, 4)
    notebook.replace(0, 0, IMPORTS + "\n" + COMPILE)
    await code.shows(notebook.cells[0], [("SCR101", "scram")])
    notebook.close()


async def test_the_settings_of_its_folder_hold_for_a_notebook(code: Editor, project: Path) -> None:
    (project / "scram.toml").write_text('ignore = ["SCR101"]\n')
    notebook = OpenNotebook(code, project / "train.ipynb", IMPORTS + "\n" + COMPILE)
    assert not await code.shown(notebook.cells[0])
    notebook.close()


async def test_what_a_run_found_stands_in_its_cell_and_moves_with_it(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    path = project / "train.ipynb"
    path.write_text("{}")
    run = await start_run(script=path)
    run.send(SourceRange.of(2, 12, 2, 39), "SCR601", cell=2)  # before the notebook is open
    assert await run.hear() == Ack(sequence=1)
    notebook = OpenNotebook(code, path, IMPORTS, COMPILE)
    both = [("SCR101", "scram"), ("SCR601", "scram (run)")]
    (diagnostic,) = await code.shows(notebook.cells[1], both[1:])
    assert diagnostic.range == place(1, 12, 39)
    run.send(SourceRange.of(2, 0, 2, 6), "SCR602", cell=1)
    await code.shows(notebook.cells[0], [both[0], ("SCR602", "scram (run)")])

    notebook.rewrite(1, "# above\n" + COMPILE, 2)
    (diagnostic,) = await code.shown(notebook.cells[1], 2)
    assert diagnostic.range == place(2, 12, 39)
    notebook.replace(0, 0, "x = 1")
    await code.shows(notebook.cells[2], both[1:])
    notebook.rewrite(2, "# gone", 3)
    assert not await code.shown(notebook.cells[2], 3)
    assert path.as_uri() not in {each.uri for each in code.publications}, "nobody reads the notebook's JSON"
    notebook.close()


async def test_what_the_last_run_found_is_shown_in_the_cells_that_are_as_they_ran(code: Editor, project: Path) -> None:
    path = project / "train.ipynb"
    path.write_text("{}")
    run = named("r1", path)
    in_first = replace(run_finding(path, run, SourceRange.of(2, 0, 2, 6), "SCR602"), cell=2)
    in_second = replace(run_finding(path, run, SourceRange.of(2, 12, 2, 39), "SCR601"), cell=3)
    digest = cells_digest([None, IMPORTS.replace("1e10", "1e9"), COMPILE + "\n"])  # the first cell was text
    with RunStore.open_for(path) as store:
        store.begin(RunInfo(run=run, script=str(path), started="2026-11-21T14:02:33+00:00"), digest)
        store.add_findings(run, [(1, in_first, None), (2, in_second, None)])
        store.finish(run, "finished")
    notebook = OpenNotebook(code, path, IMPORTS, COMPILE)
    (diagnostic,) = await code.shows(notebook.cells[1], [("SCR601", "scram (run)")])
    assert diagnostic.range == place(1, 12, 39)
    await code.shows(notebook.cells[0], [("SCR101", "scram")])
    notebook.close()


def edits_in(action: types.CodeAction, uri: str) -> list[types.TextEdit]:
    assert action.edit is not None
    assert action.edit.document_changes is not None
    (change,) = action.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.uri == uri
    return [each for each in change.edits if isinstance(each, types.TextEdit)]

"""Code that IPython runs, and the notebook's cell that it came from."""

import json

import pytest

from scram_analyzers.findings import SourceRange
from scram_lsp.store.digest import cells_digest
from scram_lsp.training.places.call_site import find_call_site
from scram_lsp.training.places.notebook_cells import cell_number, cell_source, code_cells, notebook_file
from scram_lsp.training.places.recorded_places import record_places

CELLS = ["# Title", "import sys", "%matplotlib_is_not_here\n", "x = 1\nsite = find()\n"]


@pytest.fixture
def notebook(tmp_path):
    kinds = ["markdown", "code", "code", "code"]
    cells = [{"cell_type": kind, "source": text} for kind, text in zip(kinds, CELLS, strict=True)]
    path = tmp_path / "train.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def shell(notebook, monkeypatch):
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactive.InteractiveShell.instance()
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    yield shell
    interactive.InteractiveShell.clear_instance()


def test_a_cell_is_found_by_its_text(notebook):
    assert cell_number(code_cells(notebook), "x = 1\nsite = find()") == 4
    assert cell_number(code_cells(notebook), "# Title") is None, "that cell is no code"
    assert cell_number(code_cells(notebook), "x = 2") is None
    assert code_cells(notebook.with_name("missing.ipynb")) == ()


def test_outside_a_notebook_there_is_none():
    assert notebook_file() is None
    assert cell_source(__file__) is None


def test_a_call_in_a_cell_is_at_its_place_there(shell, notebook):
    shell.user_ns["find"] = find_call_site
    shell.run_cell(CELLS[3], store_history=True)
    places = record_places(object(), shell.user_ns["site"], None)
    assert (places.script.filename, places.script.cell, places.script.text) == (str(notebook), 4, CELLS[3].rstrip())
    assert places.fit[0].range == SourceRange.of(2, 7, 2, 13)
    assert places.script.digest == cells_digest(code_cells(notebook)), "each cell can be told later"

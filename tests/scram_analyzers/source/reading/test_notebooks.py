from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.source.reading.notebooks import NotebookError, read_notebook

PYTHON_KERNEL = {"kernelspec": {"language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def code(source: object, **more: object) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, **more}


def text_cell(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook_of(*cells: object, metadata: object = None) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata or PYTHON_KERNEL, "nbformat": 4, "nbformat_minor": 5}


def written(document: object, indent: int | str | None = 1) -> str:
    """As Jupyter writes it."""
    return json.dumps(document, indent=indent, ensure_ascii=False) + "\n"


def cell_numbers(document: object) -> list[int]:
    return [cell.number for cell in read_notebook(written(document)).cells]


def test_cells_are_joined_in_order_and_numbered_among_all() -> None:
    content = written(notebook_of(text_cell("# Keras"), code(["import keras\n", "x = 1"]), code("%m\ny = 2\n")))
    notebook = read_notebook(content)
    assert [(cell.number, cell.source) for cell in notebook.cells] == [
        (2, "import keras\nx = 1"),
        (3, "%m\ny = 2\n"),
    ]
    assert notebook.python == "pass  #~cell 2\nimport keras\nx = 1\npass  #~cell 3\npass  #~line 0\ny = 2\n\n"


def test_an_indented_cell_is_python_with_its_columns() -> None:
    source = "\n    # as pasted from a function\n    x = 1\ny = 2"
    notebook = read_notebook(written(notebook_of(code("z = 3"), code(source))))
    assert "    x = 1\ny = 2" in notebook.python
    ast.parse(notebook.python)
    assert notebook.sources(notebook.python)[1] == source


def test_the_mark_is_one_that_no_cell_holds() -> None:
    notebook = read_notebook(written(notebook_of(code("x = 1  #~cell 1\n#~~line 0"))))
    assert notebook.mark == "#~~~"
    assert notebook.sources(notebook.python) == ("x = 1  #~cell 1\n#~~line 0",)


def test_only_the_changed_lines_of_a_changed_cell_are_written_anew() -> None:
    content = (
        '{"metadata": {}, "cells": [\n'
        '   {"source": ["a = 1\\n", "b = \\u0022\\u00e9é\\u0022\\n", "c = 3"],  "cell_type" :"code"},\n'
        '   {"source": "x = 1e10\\n\\u0079", "cell_type": "code", "outputs": [1.50]} ]}'
    )
    notebook = read_notebook(content)
    once = notebook.with_python(notebook.python.replace("a = 1", "a = 2"))
    assert once == content.replace("a = 1", "a = 2")
    both = notebook.with_python(notebook.python.replace("1e10", "0.1").replace("c = 3", "c = 'ü'"))
    assert both == content.replace("1e10", "0.1").replace("c = 3", "c = 'ü'").replace("\\u0079", "y")


def test_new_lines_take_the_layout_of_the_old() -> None:
    notebook = read_notebook(written(notebook_of(code(["x = 1"])), indent="\t"))
    changed = notebook.with_python(notebook.python.replace("x = 1", "import y\nx = 1"))
    assert changed == written(notebook_of(code(["import y\n", "x = 1"])), indent="\t")
    compact = read_notebook(written(notebook_of(code(["x = 1"])), indent=None))
    changed = compact.with_python(compact.python.replace("x = 1", "import y\nx = 1"))
    assert changed == written(notebook_of(code(["import y\n", "x = 1"])), indent=None)


def test_a_cell_whose_code_is_removed_keeps_an_empty_source() -> None:
    notebook = read_notebook(written(notebook_of(code(["x = 1"]))))
    changed = notebook.with_python(notebook.python.replace("x = 1\n", "\n"))
    assert json.loads(changed)["cells"][0]["source"] == []


def test_characters_are_escaped_where_the_notebook_escapes_them() -> None:
    document = notebook_of(code(["s = 'é'\n", "x = 1"]))
    escaped = json.dumps(document, indent=1)
    notebook = read_notebook(escaped)
    assert notebook.with_python(notebook.python.replace("x = 1", "x = 'ü'")) == escaped.replace(
        "x = 1", "x = '\\u00fc'"
    )


def test_halves_of_characters_stay_escaped() -> None:
    content = '{"cells": [{"cell_type": "code", "source": "x = 1\\ny = \'é\\ud800\'"}]}'
    notebook = read_notebook(content)
    assert notebook.with_python(notebook.python.replace("x = 1", "x = 2")) == content.replace("x = 1", "x = 2")


def test_magics_come_back_around_edits() -> None:
    source = "%matplotlib inline\nfiles = !ls\n%time model.fit(x, lr=1e10)\n!pip install \\\n  keras\n"
    notebook = read_notebook(written(notebook_of(code(source), code("%%bash\nls 'it"))))
    edited = notebook.python.replace("1e10", "0.1").replace("files = get", "import os\nfiles = get")
    assert notebook.sources(edited) == (
        "%matplotlib inline\nimport os\nfiles = !ls\n%time model.fit(x, lr=0.1)\n!pip install \\\n  keras\n",
        "%%bash\nls 'it",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pass  #~cell 1\n", ""),
        ("pass  #~cell 2\n", ""),
        ("x = 1\npass  #~cell 2\n", "x = 1\ny = 2"),
        ("pass  #~line 0\n", ""),
        ("pass  #~line 0", "if x:  #~line 0"),
        ("pass  #~line 0", "pass  #~line 0 and more"),
        ("pass  #~cell 1", "import os\npass  #~cell 1"),
    ],
)
def test_edits_that_take_a_mark_away_are_refused(old: str, new: str) -> None:
    notebook = read_notebook(written(notebook_of(code("x = 1"), code("%m"))))
    assert old in notebook.python
    with pytest.raises(NotebookError, match="an edit"):
        notebook.with_python(notebook.python.replace(old, new))


def test_notebooks_of_format_3_have_worksheets_and_inputs() -> None:
    old = {"cell_type": "code", "input": ["import keras\n", "x = 1"], "language": "python", "outputs": []}
    julia = {**old, "language": "julia"}
    worksheets = [{"cells": [{"cell_type": "heading", "source": "A"}, old]}, {"metadata": {}}, {"cells": [julia, old]}]
    content = written({"metadata": {"name": ""}, "nbformat": 3, "worksheets": worksheets})
    notebook = read_notebook(content)
    assert [cell.number for cell in notebook.cells] == [2, 4]
    head, tail = content.rsplit("x = 1", 1)
    edited = "x = 2".join(notebook.python.rsplit("x = 1", 1))
    assert notebook.with_python(edited) == f"{head}x = 2{tail}"


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"language": "R", "name": "ir"}},
        {"language_info": {"name": "julia"}, "kernelspec": {"name": "julia-1.9"}},
    ],
)
def test_notebooks_in_other_languages_are_not_read(metadata: object) -> None:
    assert cell_numbers(notebook_of(code("library(keras)"), metadata=metadata)) == []


def test_a_cell_in_another_language_is_not_read() -> None:
    other = code("const x = 1", metadata={"vscode": {"languageId": "javascript"}})
    assert cell_numbers(notebook_of(other, code("x = 1"), metadata={"kernelspec": None})) == [2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "this notebook is empty"),
        ('{"cells": [\n  {}\n  {}]}', "this notebook's JSON is broken at line 3, column 3 ("),
        ("[" * 100_000, "this notebook's JSON can't be read (RecursionError)"),
        ("[]", "this is no notebook: its JSON is not an object"),
        ('{"cells": {}}', "this is no notebook: it has no list of cells"),
        ('{"worksheets": [3]}', "this is no notebook: it has no list of cells"),
        ('{"worksheets": [{"cells": 3}]}', "this is no notebook: it has no list of cells"),
        ('{"cells": [3]}', "cell 1 of this notebook is not an object"),
        ('{"cells": [{}, {"cell_type": "code"}]}', "cell 2 of this notebook has no text in its 'source'"),
        ('{"cells": [{"cell_type": "code", "source": ["x", 3]}]}', "cell 1 of this notebook has no text"),
        ('{"cells": [{"cell_type": "code", "input": 3}]}', "cell 1 of this notebook has no text in its 'input'"),
    ],
)
def test_a_broken_notebook_is_one_line_with_the_mend(content: str, words: str) -> None:
    with pytest.raises(NotebookError) as caught:
        read_notebook(content)
    message = str(caught.value)
    assert message.startswith(words)
    assert "; " in message
    assert "\n" not in message


fragments = st.sampled_from(
    ["%m", "!ls \\", "x = 1", "f = !ls", "x?", "%%time", "%%bash", '"""', "(", "  y", "%time f(x)", "#~cell 1", "é", ""]
)
texts = st.lists(fragments | st.text(max_size=5)).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines))
)
in_json = texts | texts.map(lambda text: text.splitlines(keepends=True)) | st.lists(st.text(max_size=5))
any_cells = st.lists(in_json.map(code) | texts.map(text_cell), max_size=5)
layouts = st.fixed_dictionaries(
    {"indent": st.sampled_from([None, 0, 1, 4, "\t"]), "ensure_ascii": st.booleans(), "sort_keys": st.booleans()}
)


@given(any_cells, layouts, st.sampled_from(["", "\n"]))
def test_without_edits_every_notebook_stays_as_it_is(
    cells: list[dict[str, Any]], layout: dict[str, Any], end: str
) -> None:
    content = json.dumps(notebook_of(*cells), **layout) + end
    notebook = read_notebook(content)
    assert notebook.sources(notebook.python) == tuple(cell.source for cell in notebook.cells)
    assert notebook.with_python(notebook.python) == content


@given(any_cells.filter(lambda cells: any(cell["cell_type"] == "code" for cell in cells)), layouts, st.data())
def test_an_edit_changes_the_source_of_its_cell_and_nothing_else(
    cells: list[dict[str, Any]], layout: dict[str, Any], data: st.DataObject
) -> None:
    notebook = read_notebook(json.dumps(notebook_of(*cells), **layout))
    edited = data.draw(st.sampled_from(notebook.cells))
    marker = f"{notebook.mark}cell {edited.number}\n"
    changed = json.loads(notebook.with_python(notebook.python.replace(marker, f"{marker}new = 'ö'\n")))
    source = changed["cells"][edited.number - 1]["source"]
    assert isinstance(source, type(cells[edited.number - 1]["source"]))
    assert "".join(source) == f"new = 'ö'\n{edited.source}"
    changed["cells"][edited.number - 1]["source"] = cells[edited.number - 1]["source"]
    assert changed == notebook_of(*cells)

from __future__ import annotations

import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scram_analyzers.source.reading.magics import MAX_UNFINISHED, UNFINISHED, pieces_of
from scram_analyzers.source.reading.text import lines_of


def python_of(source: str) -> str:
    return "".join(piece.python + piece.end for piece in pieces_of(source))


def original_of(source: str) -> str:
    return "".join(
        piece.python + piece.end
        if piece.stand_in is None
        else piece.stand_in.original + piece.python.removeprefix(piece.stand_in.written) + piece.end
        for piece in pieces_of(source)
    )


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if x:\n    !pip install keras\n    y = 2\n", "if x:\n    pass\n    y = 2\n"),
        ("!pip install \\\n  keras\nx = 1", "pass\n\nx = 1"),
        ("!!ls\r\n?keras\r\nkeras?\r\nkeras.layers??", "pass\r\npass\r\npass\r\npass"),
        ("files = !ls *.png\na, b = %magic", "files = get_ipython()\na, b = get_ipython()"),
        ("%time model.fit(x, y)", "if 1: model.fit(x, y)"),
        ("  %time  history = f(x)", "  if 1:  history = f(x)"),
        ("%timeit build()", "if 1:   build()"),
        ("%timeit -n1 -r 1 build()", "if 1:            build()"),
        ("%time for x in y: f(x)", "pass"),
        ("%time", "pass"),
        ("%timeit -n 3 f(x)", "if 1:        f(x)"),
        ("\n%%time\nx = 1\n", "\n\nx = 1\n"),
        ("%%capture out\n%%timeit -n 1\nx = 1", "\n\nx = 1"),
        ("%%bash\nls 'it\n\necho", "\n\n\n"),
        ("# Get it\n%%bash\nls 'it", "# Get it\n\n"),  # as Colab reads it
        ("%%capture\n%%html\n<b>keras</b>", "\n\n"),
        ("%%writefile train.py\nimport keras", "\n"),
        ("pip install -q keras\nls ./data\ncd ..\nimport keras", "pass\npass\npass\nimport keras"),
        ("ls $DATA\nls -la ../data\nrm -rf logs\ncat ~/notes", "pass\npass\npass\npass"),
    ],
)
def test_what_only_ipython_knows_gets_python_in_its_stead(source: str, python: str) -> None:
    assert python_of(source) == python
    assert original_of(source) == source


@pytest.mark.parametrize(
    "source",
    [
        'x = (a\n     % b)\n"""\n%matplotlib inline\n!ls\n"""\n',
        "print('%d' % 3)  # why?\nx %= 2\nassert x != 3\ny = f'{x=!r}'\nwhat = 'what?'\n",
        "ls\nls -l\ncd /data\nrm in x\ncat = ls(x)\nls -l if x else y\n",
        'x = """\npip install keras\n"""\n',
        "x = 'it''s' + \\\n    '?'\n",
    ],
)
def test_python_is_left_alone(source: str) -> None:
    assert [piece.stand_in for piece in pieces_of(source)] == [None] * len(list(pieces_of(source)))
    assert python_of(source) == source


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("x = 1\nmodel.fit(x,\n  y\nz = 2", "x = 1\npass pass\n\nz = 2"),
        ('if x:\n    s = """abc\n    %m\ny = 2', "if x:\n    pass pass\n    pass\ny = 2"),
        ("x = 1 + \\", "pass pass"),
        ("f(\nx = g(1)\n", "pass pass\nx = g(1)\n"),
    ],
)
def test_what_a_cell_leaves_open_is_closed_in_it(source: str, python: str) -> None:
    assert python_of(source) == python
    assert original_of(source) == source


def test_a_cell_that_leaves_much_open_is_not_read_to_its_end() -> None:
    lines = python_of("(\n" * 50).split("\n")
    assert lines == [UNFINISHED] * MAX_UNFINISHED + [""] * (51 - MAX_UNFINISHED)


fragments = st.sampled_from(
    ["%m", "!ls \\", "x = 1", "f = !ls", "x?", "%%time", "%%bash", '"""', "(", ")", "  y = 2", "%time f(x)", "# c", ""]
)
sources = st.lists(fragments | st.text(max_size=5)).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)


@given(sources)
@example("!ls \\\r0\n")
def test_a_cell_keeps_its_lines_and_comes_back(source: str) -> None:
    assert original_of(source) == source
    assert len(lines_of(python_of(source))) == len(lines_of(source))


@given(st.lists(st.sampled_from(["%m", "!ls 'x", "x = 1", "f = !ls", "x?", "%time f(x)", "# c", "", "%%time"])))
def test_cells_that_ipython_runs_become_valid_python(lines: list[str]) -> None:
    ast.parse(python_of("\n".join(lines)))

import os
import subprocess
import sys

import pytest

from scram_analyzers.findings import SourceRange
from scram_lsp.training.places.call_arguments import Parameter, argument_range
from scram_lsp.training.places.call_points import call_chain

EXACT = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python keeps columns since 3.11")


def run(tmp_path, text, name="train.py", **names):
    script = tmp_path / name
    script.write_text(text, encoding="utf-8")
    names = {"chain": lambda made=None: call_chain(sys._getframe(1), made), "__name__": "train", **names}
    exec(compile(text, str(script), "exec"), names)
    return names


def places(tmp_path, chain, name="train.py"):
    """The ranges of a chain in one file."""
    return [point.range for point in chain if point.filename == str(tmp_path / name)]


def texts(tmp_path, chain, name="train.py"):
    """The text at each point of a chain."""
    lines = (tmp_path / name).read_text(encoding="utf-8").split("\n")
    return [
        lines[place.start.line - 1][place.start.column : place.end.column] for place in places(tmp_path, chain, name)
    ]


@EXACT
def test_the_call_and_the_calls_that_led_there(tmp_path):
    names = run(tmp_path, "def block():\n    return [chain()]\nfound = block()[0]\n")
    assert texts(tmp_path, names["found"]) == ["chain()", "block()"]


@EXACT
def test_a_call_over_several_lines(tmp_path):
    names = run(tmp_path, "found = chain(\n    None,\n)\n")
    assert places(tmp_path, names["found"]) == [SourceRange.of(1, 8, 3, 1)]


@EXACT
def test_columns_count_code_points(tmp_path):
    names = run(tmp_path, "s, found = 'äöü€😀', chain()\n")
    assert texts(tmp_path, names["found"]) == ["chain()"]


def test_without_columns_it_is_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr("scram_lsp.training.places.call_points._positions", lambda *_: None)
    names = run(tmp_path, "\nfound = chain()\n")
    assert places(tmp_path, names["found"]) == [SourceRange.of(2, 0, 3, 0)]
    assert not names["found"][0].is_exact


@EXACT
def test_an_object_is_made_where_its_class_is_called_and_not_where_it_initializes_itself(tmp_path):
    text = """
class Base:
    def __init__(self):
        self.found = chain(self)
class Own(Base):
    def __init__(self):
        super().__init__()
found = Own().found
"""
    assert texts(tmp_path, run(tmp_path, text)["found"]) == ["Own()"]


def test_installed_code_is_none_of_the_users_unless_it_is_all_that_runs(tmp_path):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    program = "import sys\nfrom scram_lsp.training.places.call_points import call_chain\n"
    program += "chain = call_chain(sys._getframe())\n"
    (folder / "package.py").write_text(program + "print([point.line for point in chain])\n")
    (tmp_path / "own.py").write_text("import package\n")
    done = [
        subprocess.run(
            [sys.executable, *arguments], env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True,
            check=True, cwd=tmp_path,
        ).stdout
        for arguments in (["own.py"], ["-m", "package"])
    ]  # fmt: skip
    assert done == ["[1]\n", "[3]\n"]


CALL = "model.fit(x_train, labels, epochs=3, validation_data=(a, b))"


@pytest.mark.parametrize(
    ("call", "parameter", "expected"),
    [
        (CALL, Parameter(("x",), 0), "x_train"),
        (CALL, Parameter(("y",), 1), "labels"),
        (CALL, Parameter(("epochs",), 3), "3"),
        (CALL, Parameter(("batch_size",), 2), None),
        ("Adam(lr=1e10)", Parameter(("learning_rate", "lr"), 0), "1e10"),
        ("fit(*data)", Parameter(("x",), 0), None),
        ("fit('ä', x)", Parameter(("y",), 1), "x"),
        ("m.compile(opt, 'mse')", Parameter(("loss",), 1, "compile"), "'mse'"),
        ("Adam(opt, 'mse')", Parameter(("loss",), 1, "compile"), None),
    ],
)
def test_an_argument_as_it_is_written(call, parameter, expected):
    text = f"if True:\n    z = {call}\n"
    place = argument_range(text, SourceRange.of(2, 8, 2, 8 + len(call)), parameter)
    found = None if place is None else text.split("\n")[1][place.start.column : place.end.column]
    assert found == expected


def test_no_argument_where_there_is_no_such_call():
    assert argument_range("x = 1\n", SourceRange.of(1, 0, 1, 5), Parameter(("x",), 0)) is None
    assert argument_range("fit(", SourceRange.of(1, 0, 1, 4), Parameter(("x",), 0)) is None


def test_an_argument_in_a_call_over_several_lines_of_a_text_that_does_not_parse():
    text = "def broken(:\n\n  x = mödel.fit(ä,\n        # a, b)\n   y=[1,\n  2], epochs=3)\n"
    call = SourceRange.of(3, 6, 6, 15)
    assert argument_range(text, call, Parameter(("x",), 0)) == SourceRange.of(3, 16, 3, 17)
    assert argument_range(text, call, Parameter(("y",), 1)) == SourceRange.of(5, 5, 6, 4)
    assert argument_range(text, call, Parameter(("epochs",), 3)) == SourceRange.of(6, 13, 6, 14)
    assert argument_range(text, SourceRange.of(9, 0, 9, 3), Parameter(("x",), 0)) is None


def test_two_threads_that_parse_at_a_time_are_no_fault_of_the_run(monkeypatch):
    def fail(*arguments, **keywords):
        raise SystemError("AST constructor recursion depth mismatch (before=57, after=13)")

    monkeypatch.setattr("ast.parse", fail)
    assert argument_range("fit(x)", SourceRange.of(1, 0, 1, 6), Parameter(("x",), 0)) is None

"""Trees whose nodes were made quickly are the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scram_analyzers import engine

COMPARED = """
import dataclasses
import sys
from pathlib import Path
import libcst
from scram_lsp.quick_nodes import make_nodes_quickly

texts = [Path(each).read_text() for each in sys.argv[1:]]
before = [libcst.parse_module(each) for each in texts]
made = libcst.Call(libcst.Name("f"))
make_nodes_quickly()
for text, tree in zip(texts, before):
    again = libcst.parse_module(text)
    assert again.code == text
    assert again.deep_equals(tree)
    assert again.with_changes(footer=()).body is again.body
assert libcst.Name("1 2").value == "1 2", "it is not checked"
assert libcst.Call(libcst.Name("f")).deep_equals(made), "what is left out is as before"
first, second = libcst.Call(libcst.Name("f")), libcst.Call(func=libcst.Name("f"))
assert first.whitespace_after_func is second.whitespace_after_func, "white space is the same everywhere"
assert libcst.SimpleWhitespace("\\t") is not libcst.SimpleWhitespace("\\t"), "but for that of other kinds"
third, fourth = libcst.SimpleStatementLine([]), libcst.SimpleStatementLine([])
assert third.trailing_whitespace is not fourth.trailing_whitespace, "other defaults are made anew"
assert first == first != second
assert len({first, first, second}) == 2
assert isinstance(first, libcst.BaseExpression) and not isinstance(first, libcst.Name)
assert type(libcst.Name).__instancecheck__ is type.__instancecheck__
assert {field.name for field in dataclasses.fields(first)} == {field.name for field in dataclasses.fields(made)}
for kind in {type(each) for each in (first, libcst.Name("x"), libcst.Module([]))}:
    try:
        kind(nonsense=1)
    except TypeError:
        continue
    raise AssertionError(f"{kind} takes anything")
"""


def test_the_parser_makes_the_same_tree() -> None:
    files = sorted(Path(engine.__file__).parent.rglob("*.py"))[::25]
    subprocess.run([sys.executable, "-c", COMPARED, *map(str, files)], check=True)


LINTED = """
import sys
import libcst
from scram_lsp.cli.lint import main

sys.argv[1:1] = ["--isolated", "--exit-zero"]
main()
libcst.Name("x").value = "not guarded"
"""


def test_scram_lint_makes_them_so(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import keras\n")
    subprocess.run([sys.executable, "-c", LINTED, str(script)], check=True)


LINTED_IN_A_PROGRAM = """
import dataclasses
import sys
import libcst
from scram_lsp.cli.lint import main

main(["--isolated", "--exit-zero", *sys.argv[1:]])
try:
    libcst.Name("x").value = "guarded"
except dataclasses.FrozenInstanceError:
    sys.exit(0)
raise AssertionError("the program's own nodes were changed")
"""


def test_a_program_that_calls_scram_lint_keeps_its_nodes(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import keras\n")
    subprocess.run([sys.executable, "-c", LINTED_IN_A_PROGRAM, str(script)], check=True)

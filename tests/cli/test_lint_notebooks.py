from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_lsp.cli.lint import main
from scram_lsp.cli.text_checks import Mode, check_source
from scram_lsp.config import SettingsLoader

IMPORTS = ["%matplotlib inline\n", "!pip install -q keras\n", "import keras"]
HIGH_RATE = ["# the optimizer: é\n", "optimizer = keras.optimizers.Adam(learning_rate=1e10)"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def code(source: object) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": [], "source": source}


def notebook_of(*sources: object) -> str:
    """A notebook whose first cell is text, in Jupyter's own layout."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": ["# Training"]}, *map(code, sources)]
    metadata = {"language_info": {"name": "python"}}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write(content: str, name: str = "train.ipynb") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="")
    return path


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_findings_are_on_their_cell_and_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    write(notebook_of(IMPORTS, HIGH_RATE), "work/train.ipynb")
    status, out, err = lint(capsys)
    assert (status, err) == (1, "")
    assert out.startswith("work/train.ipynb:cell 3:2:49: error SCR101 learning-rate-too-high\n")
    assert (
        "  |\n"
        "1 | # the optimizer: é\n"
        "2 | optimizer = keras.optimizers.Adam(learning_rate=1e10)\n"
        "  |                                                 ^^^^\n"
        "  |\n"
    ) in out
    assert lint(capsys, "--output-format", "concise")[1].startswith("work/train.ipynb:cell 3:2:49: SCR101 ")


def test_json_says_the_cell_of_the_finding_and_of_each_edit(capsys: pytest.CaptureFixture[str]) -> None:
    write(notebook_of(IMPORTS, HIGH_RATE))
    (data,) = json.loads(lint(capsys, "train.ipynb", "--output-format", "json")[1])
    assert (data["cell"], data["location"]) == (3, {"row": 2, "column": 49})
    (edit,) = data["fix"]["edits"]
    assert (edit["cell"], edit["location"], edit["content"]) == (3, {"row": 2, "column": 49}, "0.001")


def test_related_places_are_in_their_own_cells(capsys: pytest.CaptureFixture[str]) -> None:
    model = ["model = keras.Sequential([\n", "    keras.layers.Dense(3, activation='sigmoid'),\n", "])"]
    write(notebook_of(IMPORTS, model, "model.compile('adam', loss='categorical_crossentropy')"))
    out = lint(capsys, "--select", "SCR406", "--output-format", "json")[1]
    (data,) = json.loads(out)
    assert {data["cell"], *(each["cell"] for each in data["related"])} == {3, 4}


def test_fixes_change_the_source_of_their_cell_only(capsys: pytest.CaptureFixture[str]) -> None:
    content = notebook_of(IMPORTS, HIGH_RATE, ["%time adam = keras.optimizers.Adam(learning_rate=1e10)\n", "!ls"])
    path = write(content)
    status, out, err = lint(capsys, "--fix", "--unsafe-fixes")
    assert (status, out, err) == (0, "Found 2 problems (2 fixed, 0 remaining).\n", "")
    assert path.read_text(encoding="utf-8") == content.replace("1e10", "0.001")


def test_a_diff_is_one_for_each_changed_cell(capsys: pytest.CaptureFixture[str]) -> None:
    content = notebook_of(IMPORTS, HIGH_RATE)
    path = write(content)
    status, out, err = lint(capsys, "--diff", "--unsafe-fixes")
    assert (status, err) == (1, "scram-lint: would fix 1 problem\n")
    assert out == (
        "--- train.ipynb:cell 3\n+++ train.ipynb:cell 3\n@@ -1,2 +1,2 @@\n # the optimizer: é\n"
        "-optimizer = keras.optimizers.Adam(learning_rate=1e10)\n"
        "+optimizer = keras.optimizers.Adam(learning_rate=0.001)\n"
    )
    assert path.read_text(encoding="utf-8") == content


def test_comments_silence_in_their_cell(capsys: pytest.CaptureFixture[str]) -> None:
    silent = "optimizer = keras.optimizers.Adam(learning_rate=1e10)  # scram: ignore[SCR101]"
    write(notebook_of(IMPORTS, silent))
    assert lint(capsys)[0] == 0


def test_a_comment_at_the_end_of_a_cell_does_not_speak_of_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    write(notebook_of(IMPORTS, "x = 1\n# scram: ignore[SCR101]", HIGH_RATE[1]))
    out = lint(capsys, "--output-format", "concise")[1]
    assert out.startswith("train.ipynb:cell 4:1:49: SCR101")


@pytest.mark.parametrize("broken", ["model.fit(x y)", "model.fit(x,\n  y", 's = """abc', "x = \\", "for x in y:"])
def test_a_broken_cell_leaves_the_others_standing(capsys: pytest.CaptureFixture[str], broken: str) -> None:
    following = "print(\n    'x'\n)\nadam = keras.optimizers.Adam(\n    learning_rate=1e10,\n)"
    write(notebook_of(IMPORTS, "x = 1\n" + broken, following))
    out = lint(capsys, "--output-format", "json")[1]
    unread, found = json.loads(out)
    assert (unread["cell"], unread["code"]) == (3, "SCR900")
    assert (found["cell"], found["location"]["row"], found["code"]) == (4, 5, "SCR101")


def test_a_broken_notebook_is_one_line_and_the_rest_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    write(notebook_of(IMPORTS, HIGH_RATE))
    write('{"cells": [', "broken.ipynb")
    Path("latin.ipynb").write_bytes('{"cells": ["é"]}'.encode("latin-1"))
    status, out, err = lint(capsys, "--output-format", "concise")
    assert status == 2
    assert out.startswith("train.ipynb:cell 3:2:49: SCR101")
    assert err.splitlines() == [
        "scram-lint: broken.ipynb: this notebook's JSON is broken at line 1, column 12 (Expecting value); "
        "open it in Jupyter and save it again, or restore an earlier version",
        "scram-lint: latin.ipynb: line 1 is not UTF-8; save the notebook as UTF-8",
    ]


def test_a_notebook_in_another_language_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    write(notebook_of("library(keras)").replace('"python"', '"R"'))
    assert lint(capsys) == (0, "All checks passed.\n", "")


def test_standard_input_may_stand_for_a_notebook(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    class StandardInput:
        def __init__(self, content: str) -> None:
            self.buffer = io.BytesIO(content.encode())

    content = notebook_of(IMPORTS, HIGH_RATE)
    monkeypatch.setattr(sys, "stdin", StandardInput(content))
    assert main(["-", "--stdin-filename", "train.ipynb", "--fix", "--unsafe-fixes"]) == 0
    assert capfdbinary.readouterr().out.decode() == content.replace("1e10", "0.001")
    monkeypatch.setattr(sys, "stdin", StandardInput("{"))
    assert main(["-", "--stdin-filename", "train.ipynb"]) == 2
    assert capfdbinary.readouterr().err.decode().startswith("scram-lint: train.ipynb: this notebook's JSON is broken")


fragments = st.sampled_from(
    [*(IMPORTS[2], HIGH_RATE[1], "%m", "!ls \\", "%%time", "%%bash", '"""', "model.fit(", ")", "if x:", "  y = 2")]
)
cells = st.lists(fragments | st.text(max_size=5), max_size=5).map("\n".join)


@given(st.lists(cells, max_size=5))
def test_any_cells_are_checked_and_mended_without_a_fault(sources: list[str]) -> None:
    content = notebook_of("import keras", *sources)
    defaults = SettingsLoader(isolated=True).for_path(Path.cwd())
    checked, mended = check_source(content, "a.ipynb", None, defaults, Mode.FIX)
    assert checked.error is None
    assert json.loads(mended).keys() == json.loads(content).keys()
    assert all(each.finding.cell is not None for each in checked.reported)

from __future__ import annotations

import argparse
import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scram_lsp
from scram_analyzers.findings import SourceRange
from scram_analyzers.notes import UNREADABLE, note_finding
from scram_lsp import checking
from scram_lsp.cli import file_checks
from scram_lsp.cli.lint import main
from scram_lsp.cli.lint_report import LintReport
from scram_lsp.cli.text_checks import CheckedFile, Mode
from scram_lsp.config import SettingsLoader, read_layer
from scram_lsp.reporters import FORMATS, Reported

HIGH_RATE = "import keras\n\noptimizer = keras.optimizers.Adam(learning_rate=1e10)\n"
USUAL_RATE = HIGH_RATE.replace("1e10", "0.001")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def codes(output: str) -> list[str]:
    return [each["code"] for each in json.loads(output)]


def test_findings_exit_with_1_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", HIGH_RATE)
    status, out, err = lint(capsys)
    assert (status, err) == (1, "")
    assert out.startswith("train.py:3:49: error SCR101 learning-rate-too-high\n")
    assert out.endswith("\nFound 1 problem (1 fixable with --fix --unsafe-fixes).\n")


def test_a_clean_program_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", USUAL_RATE)
    assert lint(capsys) == (0, "All checks passed.\n", "")


def test_options_may_stand_between_paths(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.py", HIGH_RATE)
    write("b.py", HIGH_RATE)
    status, out, _ = lint(capsys, "b.py", "--output-format", "concise", "a.py")
    assert status == 1
    assert [line.split(":")[0] for line in out.splitlines()] == ["a.py", "b.py", out.splitlines()[-1]]


def test_json_names_files_by_their_whole_path(capsys: pytest.CaptureFixture[str]) -> None:
    path = write("train.py", HIGH_RATE)
    status, out, _ = lint(capsys, "train.py", "--output-format", "json")
    (data,) = json.loads(out)
    assert status == 1
    assert data["filename"] == str(path.absolute())
    assert data["location"] == {"row": 3, "column": 49}
    assert data["fix"]["edits"][0]["content"] == "0.001"


def test_json_of_nothing_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(capsys, "--output-format", "json")[:2] == (0, "[]\n")


def test_hints_alone_do_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", HIGH_RATE)
    write("pyproject.toml", '[tool.scram.severity]\nSCR101 = "hint"\n')
    status, out, _ = lint(capsys)
    assert status == 0
    assert "hint SCR101" in out
    assert "Found 1 problem" in out


def test_exit_zero_hides_findings_but_not_errors(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", HIGH_RATE)
    assert lint(capsys, "--exit-zero")[0] == 0
    assert lint(capsys, "--exit-zero", "missing.py")[0] == 2


def test_selection_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", HIGH_RATE)
    assert lint(capsys, "--ignore", "SCR102,learning-rate-too-high")[0] == 0
    assert lint(capsys, "--select", "SCR2")[0] == 0
    assert lint(capsys, "--select", "SCR2", "--extend-select", "SCR1")[0] == 1


def test_statistics_count_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.py", HIGH_RATE)
    write("b.py", HIGH_RATE)
    status, out, _ = lint(capsys, "--statistics")
    assert (status, out) == (1, "2  SCR101  learning-rate-too-high\nFound 2 problems.\n")
    assert json.loads(lint(capsys, "--statistics", "--output-format", "json")[1]) == [
        {"code": "SCR101", "name": "learning-rate-too-high", "count": 2}
    ]


def test_comments_silence_and_unused_ones_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.py", HIGH_RATE.replace(")\n", ")  # scram: ignore[SCR101]\n"))
    write("b.py", USUAL_RATE.replace(")\n", ")  # scram: ignore[SCR103]\n"))
    status, out, _ = lint(capsys, "--output-format", "json")
    assert (status, codes(out)) == (1, ["SCR902"])


def test_a_comment_for_a_rule_that_is_off_is_not_called_unused(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.py", USUAL_RATE.replace(")\n", ")  # scram: ignore[SCR102]\n"))
    assert lint(capsys, "--ignore", "SCR102")[0] == 0


def test_safe_fixes_only_leave_an_unsafe_one(capsys: pytest.CaptureFixture[str]) -> None:
    path = write("train.py", HIGH_RATE)
    assert lint(capsys, "--fix")[0] == 1
    assert path.read_text(encoding="utf-8") == HIGH_RATE


def test_fixes_are_written_in_the_files_own_form(capsys: pytest.CaptureFixture[str]) -> None:
    text = "# -*- coding: latin-1 -*-\n# é\n" + HIGH_RATE
    path = Path("train.py")
    path.write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    status, out, _ = lint(capsys, "--fix", "--unsafe-fixes")
    assert (status, out) == (0, "Found 1 problem (1 fixed, 0 remaining).\n")
    assert path.read_bytes() == text.replace("1e10", "0.001").replace("\n", "\r\n").encode("latin-1")


def test_unsafe_fixes_may_be_set_in_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    path = write("train.py", HIGH_RATE)
    write("scram.toml", "unsafe-fixes = true\n")
    assert lint(capsys, "--fix", "--no-unsafe-fixes")[0] == 1
    assert lint(capsys, "--fix")[0] == 0
    assert path.read_text(encoding="utf-8") == USUAL_RATE


def test_a_diff_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    path = write("train.py", HIGH_RATE)
    status, out, err = lint(capsys, "--diff", "--unsafe-fixes")
    assert (status, err) == (1, "scram-lint: would fix 1 problem\n")
    assert "-optimizer = keras.optimizers.Adam(learning_rate=1e10)\n+optimizer" in out
    assert path.read_text(encoding="utf-8") == HIGH_RATE
    assert lint(capsys, "--diff") == (0, "", "scram-lint: nothing to fix (1 more with --unsafe-fixes)\n")


def test_every_file_that_can_be_checked_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", HIGH_RATE)
    write("empty.py", "")
    Path("binary.py").write_bytes(b"\x7fELF\0")
    Path("latin.py").write_bytes(b"import keras\n# \xe9\n")
    status, out, err = lint(capsys, ".", "missing.py", "--output-format", "concise")
    assert status == 2
    assert out.splitlines()[0].startswith("train.py:3:49: SCR101")
    assert err.splitlines() == [
        "scram-lint: no such file or folder: missing.py",
        "scram-lint: binary.py is not a text file (it holds zero bytes); name Python files only",
        "scram-lint: latin.py: line 2 is not UTF-8; save the file as UTF-8, or name its encoding in its "
        "first line, as in: # -*- coding: latin-1 -*-",
    ]


def test_a_syntax_error_is_a_finding_and_the_rest_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", HIGH_RATE + "\nmodel.fit(x y)\n")
    status, out, _ = lint(capsys, "--output-format", "json")
    assert (status, codes(out)) == (1, ["SCR101", "SCR900"])


def test_a_fault_in_one_file_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.py", HIGH_RATE)
    write("b.py", HIGH_RATE)
    analyze = checking.analyze_source

    def fail(text: str, filename: str, *rest: object) -> object:
        if filename.endswith("a.py"):
            raise RuntimeError("no luck")
        return analyze(text, filename, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(checking, "analyze_source", fail)
    status, out, err = lint(capsys, "--output-format", "json")
    assert (status, codes(out)) == (2, ["SCR101"])
    assert err == "scram-lint: a.py: scram failed on this file (RuntimeError: no luck); please report it\n"


def test_a_bad_configuration_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", HIGH_RATE)
    path = write("pyproject.toml", "[tool.scram]\nselct = []\n")
    status, out, err = lint(capsys)
    assert (status, out) == (2, "")
    assert err == f"scram-lint: {path.absolute()} [tool.scram]: unknown key 'selct'; did you mean 'select'?\n"
    assert lint(capsys, "--isolated")[0] == 1


def test_a_bad_configuration_below_leaves_the_other_files_standing(capsys: pytest.CaptureFixture[str]) -> None:
    write("train.py", HIGH_RATE)
    write("inner/train.py", HIGH_RATE)
    write("inner/other.py", HIGH_RATE)
    write("inner/scram.toml", "selct = []\n")
    status, out, err = lint(capsys, "--output-format", "json")
    assert (status, codes(out)) == (2, ["SCR101"])
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--select", "SCR777"), "command line: unknown rule 'SCR777'; did you mean "),
        (("--output-format", "xml"), "command line: 'output-format' must be one of full, concise, json"),
        (("-", "train.py"), "standard input (-) can't be checked together with files"),
    ],
)
def test_wrong_usage_is_one_line(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str) -> None:
    status, out, err = lint(capsys, *arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_an_empty_folder_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(capsys) == (0, "All checks passed.\n", "scram-lint: no Python files or notebooks under .\n")


class StandardInput:
    def __init__(self, text: str) -> None:
        self.buffer = io.BytesIO(text.encode())


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StandardInput(HIGH_RATE))
    status, out, _ = lint(capsys, "-", "--output-format", "concise")
    assert status == 1
    assert out.startswith("-:3:49: SCR101")


def test_standard_input_stands_for_a_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    write("inner/scram.toml", '[per-file-ignores]\n"old.py" = ["SCR101"]\n')
    for name, expected in (("inner/old.py", 0), ("inner/new.py", 1), ("inner/deeper/not/there.py", 1)):
        monkeypatch.setattr(sys, "stdin", StandardInput(HIGH_RATE))
        assert lint(capsys, "-", "--stdin-filename", name)[0] == expected


def test_fixed_standard_input_goes_to_standard_output(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StandardInput(HIGH_RATE))
    assert main(["-", "--fix", "--unsafe-fixes"]) == 0
    captured = capfdbinary.readouterr()
    assert captured.out.decode() == USUAL_RATE
    assert captured.err.decode() == "Found 1 problem (1 fixed, 0 remaining).\n"


def test_many_files_are_checked_by_many_processes_in_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_checks, "_cores", lambda: 2)
    for number in range(20):
        write(f"train_{number:02}.py", HIGH_RATE)
    status, out, err = lint(capsys, "--output-format", "json")
    assert (status, err) == (1, "")
    assert [Path(each["filename"]).name for each in json.loads(out)] == [
        f"train_{number:02}.py" for number in range(20)
    ]


@pytest.mark.parametrize("output_format", FORMATS)
def test_what_is_printed_is_not_kept(output_format: str) -> None:
    held = []

    def files() -> Iterator[tuple[str, CheckedFile]]:
        for number in range(40):
            finding = note_finding(UNREADABLE, "Broken.", f"{number}.py", SourceRange.of(1, 0, 1, 0))
            yield finding.filename, CheckedFile((Reported(finding, None),), {None: f"x = {number}\n"})
            held.append(sum(isinstance(each, Reported) for each in gc.get_objects()))

    stream = io.StringIO()
    options = argparse.Namespace(statistics=False, exit_zero=False)
    settings = SettingsLoader(read_layer({"output-format": output_format}, "test")).for_path(Path.cwd())
    assert LintReport(Mode.REPORT, settings, options, stream).print(files()) == 1
    assert stream.getvalue().count("Broken.") == 40
    assert held[-1] == held[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the fault is planted in forked workers")
def test_a_file_that_kills_its_process_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_checks, "_cores", lambda: 2)
    read_source = file_checks.read_source

    def die(path: Path) -> object:
        if path.name == "train_03.py":
            os._exit(1)
        return read_source(path)

    monkeypatch.setattr(file_checks, "read_source", die)
    for number in range(18):
        write(f"train_{number:02}.py", HIGH_RATE if number > 15 else USUAL_RATE)
    status, out, err = lint(capsys, "--output-format", "json")
    assert (status, codes(out)) == (2, ["SCR101", "SCR101"])
    assert err == "scram-lint: train_03.py: checking it ended the process; please report it\n"


def test_rules_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = lint(capsys, "rule", "learning-rate-too-high", "SCR900")
    assert status == 0
    assert out.startswith("# learning-rate-too-high (SCR101)\n\nReports a learning rate")
    assert "\n# unreadable-code (SCR900)\n" in out
    every = json.loads(lint(capsys, "rule", "--all", "--output-format", "json")[1])
    assert {"SCR101", "SCR902"} < {each["code"] for each in every}


def test_a_rule_that_is_not_known_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(capsys, "rule", "learning-rate-to-high") == (
        2,
        "",
        "scram-lint: unknown rule 'learning-rate-to-high'; did you mean 'learning-rate-too-high'?\n",
    )
    assert lint(capsys, "rule")[0] == 2


def run_python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    roots = os.pathsep.join(
        str(Path(each.__file__).parent.parent) for each in (scram_lsp, sys.modules["scram_analyzers"])
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": roots, **environment},
    )


MAIN = "import sys; from scram_lsp.cli.lint import main; sys.exit(main())"


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_load_next_to_nothing(option: str) -> None:
    code = (
        "import sys\nfrom scram_lsp.cli.lint import main\n"
        f"try: main(['{option}'])\nexcept SystemExit: pass\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    loaded = set(run_python(code).stderr.decode().split())
    assert loaded.isdisjoint({"libcst", "pygls", "numpy", "rich", "logging", "dataclasses", "pathspec"})


def test_output_that_the_terminal_can_not_show_is_escaped() -> None:
    write("train.py", HIGH_RATE.replace("import keras", "import keras  # 日本"))
    result = run_python(MAIN, "train.py", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (result.returncode, result.stderr) == (1, b"")
    assert b"import keras  # \\u65e5\\u672c" in result.stdout


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    code = (
        "import os, sys\nfrom scram_lsp.cli.lint import main\n"
        "reading, writing = os.pipe()\nos.close(reading)\nos.dup2(writing, 1)\nsys.exit(main())"
    )
    write("train.py", HIGH_RATE)
    result = run_python(code, "train.py")
    assert (result.returncode, result.stderr) == (1, b"")

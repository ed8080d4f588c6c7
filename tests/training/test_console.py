import io
import os
import sys
import types
from dataclasses import replace

import pytest

from scram_analyzers.findings import Confidence, Finding, Severity, SourceRange
from scram_lsp.training.console import RunConsole


def finding(tmp_path, message="Adam's learning rate is 1e10 [why]"):
    return Finding(
        "SCR101",
        "learning-rate-too-high",
        Severity.ERROR,
        Confidence.HIGH,
        message,
        "why",
        "how",
        str(tmp_path / "train.py"),
        SourceRange.of(12, 25, 12, 29),
    )


def test_one_line_with_a_place_from_the_current_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    RunConsole(is_quiet=False).finding(finding(tmp_path, "Adam's learning rate is\n1e10 [why] " + "long " * 60))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(
        "scram ✗ SCR101 train.py:12:26 learning-rate-too-high: Adam's learning rate is 1e10 [why] long"
    )
    assert captured.err.count("\n") == 1


def test_a_notebooks_place_is_in_its_cell(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    RunConsole(is_quiet=False).finding(replace(finding(tmp_path), cell=4, filename=str(tmp_path / "train.ipynb")))
    assert " SCR101 train.ipynb:cell 4:12:26 " in capsys.readouterr().err


def test_an_open_bar_gets_its_own_line_end_where_both_share_a_screen(tmp_path, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    console = RunConsole(is_quiet=False)
    screen.write("10/40 ━━━")
    console.is_bar_open = True
    console.note("one")
    console.note("two")
    assert screen.getvalue() == "10/40 ━━━\nscram: one\nscram: two\n"


def test_an_open_bar_elsewhere_is_no_concern(tmp_path, monkeypatch):
    with open(tmp_path / "out", "w") as out, open(tmp_path / "err", "w") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        console = RunConsole(is_quiet=False)
        console.is_bar_open = True
        console.note("one")
    assert (tmp_path / "err").read_text() == "scram: one\n"


def test_a_narrow_encoding_takes_a_plain_mark(tmp_path, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="ascii", errors="strict", write_through=True))
    RunConsole(is_quiet=False).finding(finding(tmp_path))
    assert raw.getvalue().startswith(b"scram x SCR101 ")


def test_quiet_says_nothing(tmp_path, capsys):
    console = RunConsole(is_quiet=True)
    console.finding(finding(tmp_path))
    console.note("done")
    assert capsys.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "is_coloured"),
    [
        (Terminal(), {"TERM": "xterm-256color"}, True),
        (io.StringIO(), {"TERM": "xterm-256color"}, False),
        (Terminal(), {"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
    ],
)
def test_colour_only_on_a_terminal_that_has_it(tmp_path, monkeypatch, stream, environment, is_coloured):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stderr", stream)
    RunConsole(is_quiet=False).finding(finding(tmp_path))
    assert ("\x1b[" in stream.getvalue()) == is_coloured


def test_bars_of_tqdm_are_taken_away_and_drawn_again_below(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", screen)
    written = []
    bars = types.SimpleNamespace(
        _instances=[types.SimpleNamespace(fp=screen)],
        write=lambda text, file, end: written.append((text, file, end)),
    )
    monkeypatch.setitem(sys.modules, "tqdm", types.SimpleNamespace(tqdm=bars))
    RunConsole(is_quiet=False).note("one")
    assert written == [("scram: one\n", screen, "")]
    assert screen.getvalue() == ""


def test_what_is_off_is_said_at_once_and_remembered(capsys):
    console = RunConsole(is_quiet=False)
    console.off("can't look at the panel")
    assert capsys.readouterr().err == "scram: can't look at the panel\n"
    assert console.offs == ["can't look at the panel"]


def stream_without_a_reader(folder):
    reading, writing = os.pipe()
    os.close(reading)
    return open(writing, "w")


def closed_stream(folder):
    with open(folder / "log", "w") as stream:
        return stream


@pytest.mark.parametrize("stream", [stream_without_a_reader, closed_stream])
def test_a_stream_that_nobody_reads_ends_no_training_and_turns_no_other_off(tmp_path, monkeypatch, stream):
    console = RunConsole(is_quiet=False)
    output = os.fstat(1)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream(tmp_path))
        console.note("one")
        console.off("two")
    with open(tmp_path / "err", "w") as err:
        monkeypatch.setattr(sys, "stderr", err)
        console.note("three")
    assert os.path.samestat(output, os.fstat(1))
    assert console.offs == ["two"]
    assert (tmp_path / "err").read_text().splitlines()[-1] == "scram: three"

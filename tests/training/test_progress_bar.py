import io
import sys

from scram_lsp.training.console import RunConsole
from scram_lsp.training.progress_bar import ProgressBar


class Screen:
    """A terminal with Keras's bar, which is drawn at most every 0.05 s, and a clock that stands."""

    def __init__(self, monkeypatch, is_drawn=True):
        self.text = io.StringIO()
        monkeypatch.setattr(sys, "stdout", self.text)
        monkeypatch.setattr(sys, "stderr", self.text)
        self.now = 10.0
        self.console = RunConsole(is_quiet=False)
        self.bar = ProgressBar(self.console, is_drawn, lambda: self.now)
        self._drawn = 0.0
        self.bar.begin_epoch()

    def step(self, seconds, between=""):
        """A step, our hook, another thread's line, Keras's drawing, and the begin of the next step."""
        self.now += seconds
        self.bar.before_drawing()
        if between:
            self.console.note(between)
        if self.now - self._drawn > 0.05:
            self._drawn = self.now
            self.text.write("[bar]")
        self.bar.after_drawing()


def test_a_line_between_two_drawings_ends_the_bars_line(monkeypatch):
    screen = Screen(monkeypatch)
    screen.step(1.0)
    screen.console.note("one")
    screen.step(1.0)
    screen.console.note("two")
    assert screen.text.getvalue() == "[bar]\nscram: one\n[bar]\nscram: two\n"


def test_lines_within_the_time_of_one_drawing_stand_together(monkeypatch):
    screen = Screen(monkeypatch)
    screen.step(1.0)
    for number in range(3):
        screen.console.note(f"{number}")
        screen.step(0.001)
    assert screen.text.getvalue() == "[bar]\nscram: 0\nscram: 1\nscram: 2\n"


def test_a_bar_drawn_after_a_line_is_open(monkeypatch):
    screen = Screen(monkeypatch)
    screen.step(1.0, between="before")
    screen.console.note("after")
    assert screen.text.getvalue() == "\nscram: before\n[bar]\nscram: after\n"


def test_a_new_epoch_and_the_end_have_no_open_bar(monkeypatch):
    screen = Screen(monkeypatch)
    screen.step(1.0)
    screen.text.write("\n")
    screen.bar.begin_epoch()
    screen.console.note("epoch")
    screen.step(1.0)
    screen.text.write("\n")
    screen.bar.end_run(is_complete=True)
    screen.console.note("end")
    assert screen.text.getvalue() == "[bar]\nscram: epoch\n[bar]\nscram: end\n"


def test_a_run_that_failed_leaves_its_bar_open(monkeypatch):
    screen = Screen(monkeypatch)
    screen.step(1.0)
    screen.bar.end_run(is_complete=False)
    screen.console.note("failed")
    assert screen.text.getvalue() == "[bar]\nscram: failed\n"


def test_without_a_bar_nothing_is_open(monkeypatch):
    screen = Screen(monkeypatch, is_drawn=False)
    screen.bar.before_drawing()
    screen.console.note("one")
    assert screen.text.getvalue() == "scram: one\n"

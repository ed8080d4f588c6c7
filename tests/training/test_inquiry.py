"""The rules are loaded in the middle of the user's program: quickly, and its own classes stay as it makes them."""

import subprocess
import sys
import time
from pathlib import Path

from scram_analyzers import engine
from scram_analyzers.engine import Analysis
from scram_analyzers.run.history import RunHistory
from scram_lsp.training.background import Background
from scram_lsp.training.inquiry import Inquiry
from scram_lsp.training.places.recorded_places import RecordedPlaces
from tests.run_histories import run_info

LONG = 60.0

PROGRAM = """
import dataclasses
from scram_analyzers.run.history import RunHistory
from scram_lsp.training.background import Background
from scram_lsp.training.inquiry import Inquiry
from scram_lsp.training.places.recorded_places import RecordedPlaces
from tests.run_histories import run_info

background = Background("test")
inquiry = Inquiry(RecordedPlaces("train.py"), background, print, print)
inquiry.ask(RunHistory(run_info()))
background.start()
background.release()
background.finish(60.0)
import libcst

print(inquiry.checks > 50, dataclasses.dataclass.__module__, "__setattr__" in vars(libcst.MatchSequence))
"""


def test_the_rules_are_loaded_quickly_and_nothing_stays_changed():
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["True", "dataclasses", "False"]


def test_the_script_is_read_before_the_end_asks_for_it(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(
        engine, "analyze_source", lambda text, name, rules: read.append(name) or Analysis(name, rules, None, ())
    )
    script = tmp_path / "train.py"
    script.write_text("import keras\n")
    background = Background("test")
    inquiry = Inquiry(RecordedPlaces(str(script)), background, print, print)
    history = RunHistory(run_info())
    inquiry.ask(history)
    background.start()
    background.release()
    deadline = time.monotonic() + LONG
    while not read and time.monotonic() < deadline:
        time.sleep(0.01)
    assert read == [str(script)]
    history.end()
    inquiry.ask(history)
    assert background.finish(LONG)
    assert background.fault is None
    assert read == [str(script)]

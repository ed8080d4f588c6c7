"""The rules are loaded in the middle of the user's program: quickly, and its own classes stay as it makes them."""

import subprocess
import sys
from pathlib import Path

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

is_put_off = "patterns" not in libcst.MatchSequence.__init__.__code__.co_varnames
print(inquiry.checks > 50, "exec" in vars(dataclasses), is_put_off)
"""


def test_the_rules_are_loaded_quickly_and_nothing_stays_changed():
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["True", "False", "True"]

"""Eglot, the client that Emacs brings, without a screen: set up as the README says."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.server.editor import RATE, TRAIN
from tests.server.scripted_editor import saw

EMACS = ("emacs", "--batch", "--no-init-file")
SCRIPT = Path(__file__).with_name("eglot.el")


@functools.cache
def has_eglot() -> bool:
    """Whether there is an Emacs that brings Eglot, as it does from version 29, or has it as a package."""
    if shutil.which(EMACS[0]) is None:
        return False
    asks = "(progn (require 'package) (package-initialize) (kill-emacs (if (require 'eglot nil t) 0 1)))"
    return subprocess.run([*EMACS, "--eval", asks], capture_output=True, timeout=60, check=False).returncode == 0


def test_eglot_shows_explains_and_mends(project: Path) -> None:
    if not has_eglot():
        pytest.skip("Emacs with Eglot is not installed")
    seen = saw((*EMACS, "--load", str(SCRIPT)), project, TRAIN)
    assert seen["line"] == RATE.start.line + 1
    assert "SCR101" in seen["said"]
    assert "learning rate is 1e10" in seen["said"]
    assert seen["hover"].startswith("**learning-rate-too-high** · SCR101 · error")
    assert seen["action"] == "Scram (SCR101): Set the learning rate to 0.001"
    assert seen["text"] == TRAIN.replace("1e10", "0.001")

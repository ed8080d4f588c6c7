"""Neovim's own client, headless: another implementation of the protocol than the one the other tests use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.editor import RATE, TRAIN

DEADLINE_SECONDS = 120
SCRIPT = Path(__file__).with_name("neovim.lua")

pytestmark = pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")

TRAINING = """\
import keras
import numpy

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e10), loss="sparse_categorical_crossentropy")
x, y = numpy.ones((64, 4), "float32"), numpy.arange(64) % 10
from scram_lsp import ScramCallback

model.fit(x, y, epochs=4, batch_size=8, callbacks=[ScramCallback()], verbose=0)
"""


def saw(project: Path, text: str, **environment: str) -> dict[str, Any]:
    """What Neovim showed of a script with this text."""
    (project / "train.py").write_text(text)
    output = project / "seen.json"
    orders = {
        "SCRAM_TEST_PYTHON": sys.executable,
        "SCRAM_TEST_ROOT": str(project),
        "SCRAM_TEST_OUTPUT": str(output),
        "SCRAM_TEST_DEADLINE": str(DEADLINE_SECONDS),
        **environment,
    }
    command = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {SCRIPT}"]
    done = subprocess.run(
        command, env=os.environ | orders, capture_output=True, text=True, timeout=4 * DEADLINE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(output.read_text())
    return found


def test_neovim_shows_explains_and_mends(project: Path) -> None:
    seen = saw(project, TRAIN)
    where = {"line": RATE.start.line, "column": RATE.start.character}
    assert seen["diagnostic"] == {"code": "SCR101", "source": "scram", **where}
    assert seen["hover"].startswith("**learning-rate-too-high** · SCR101 · error")
    assert seen["action"] == "Scram (SCR101): Set the learning rate to 0.001"
    assert seen["text"] + "\n" == TRAIN.replace("1e10", "0.001")


@pytest.mark.tensorflow
def test_neovim_shows_what_a_real_run_found(project: Path) -> None:
    (project / "scram.toml").write_text('select = ["SCR101"]\n')
    seen = saw(project, TRAINING, SCRAM_TEST_SCRIPT=str(project / "train.py"), KERAS_BACKEND="tensorflow")
    assert (seen["run"]["code"], seen["run"]["line"]) == ("SCR101", 4)
    assert "(run of " in seen["run"]["message"]
    assert "Confirmed in the run of " in seen["hover"]

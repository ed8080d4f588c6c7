"""Neovim's own client, headless: another implementation of the protocol than the one the other tests use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.server.editor import RATE, TRAIN
from tests.server.scripted_editor import saw

SCRIPT = Path(__file__).with_name("neovim.lua")
NEOVIM = ("nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {SCRIPT}")

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


def test_neovim_shows_explains_and_mends(project: Path) -> None:
    seen = saw(NEOVIM, project, TRAIN)
    where = {"line": RATE.start.line, "column": RATE.start.character}
    assert seen["diagnostic"] == {"code": "SCR101", "source": "scram", **where}
    assert seen["hover"].startswith("**learning-rate-too-high** · SCR101 · error")
    assert seen["action"] == "Scram (SCR101): Set the learning rate to 0.001"
    assert seen["text"] + "\n" == TRAIN.replace("1e10", "0.001")


@pytest.mark.tensorflow
def test_neovim_shows_what_a_real_run_found(project: Path) -> None:
    (project / "scram.toml").write_text('select = ["SCR101"]\n')
    seen = saw(NEOVIM, project, TRAINING, SCRAM_TEST_SCRIPT=str(project / "train.py"), KERAS_BACKEND="tensorflow")
    assert (seen["run"]["code"], seen["run"]["line"]) == ("SCR101", 4)
    assert "(run of " in seen["run"]["message"]
    assert "Confirmed in the run of " in seen["hover"]

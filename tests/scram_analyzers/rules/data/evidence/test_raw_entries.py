"""Tables that nothing scales, and rows that are no tables at all."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """
import keras
import numpy as np
import pandas as pd
from keras import layers

beats = pd.read_csv("beats.csv", header=None)
x, y = {rows}, beats[187]
model = keras.Sequential([{first}, layers.Flatten(), layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y)
"""


@pytest.mark.parametrize(
    ("rows", "first", "reported"),
    [
        ("beats[list(range(187))].values[..., np.newaxis]", 'layers.Conv1D(16, 5, activation="relu")', False),
        ("beats[list(range(187))].values[..., np.newaxis]", "layers.LSTM(16)", True),
        ("beats[list(range(187))].values", 'layers.Dense(16, activation="relu")', True),
    ],
)
def test_a_row_that_a_convolution_runs_along_is_one_signal(rows: str, first: str, reported: bool) -> None:
    text = PROGRAM.format(rows=rows, first=first)
    names = [each.name for each in analyze_source(text, "beats.py", RuleSet.default()).findings]
    assert ("input-not-normalized" in names) is reported

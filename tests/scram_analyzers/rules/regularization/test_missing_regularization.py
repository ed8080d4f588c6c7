"""Where a dropout can be put."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """
import keras
from keras import layers
from sklearn.datasets import load_digits

x, y = load_digits(return_X_y=True)
model = keras.Sequential()
model.add(keras.Input((64,)))
model.add(layers.Dense(8192))
{between}model.add(layers.Activation("relu"))
model.add(layers.Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x / 16, y, epochs=50)
"""


@pytest.mark.parametrize(("between", "has_fix"), [("", True), ("model.add(layers.BatchNormalization())\n", False)])
def test_no_dropout_is_put_before_a_normalization(between: str, has_fix: bool) -> None:
    analysis = analyze_source(PROGRAM.format(between=between), "digits.py", RuleSet.default())
    found = [each for each in analysis.findings if each.name == "missing-regularization"]
    assert [analysis.fix(each) is not None for each in found] == [has_fix]

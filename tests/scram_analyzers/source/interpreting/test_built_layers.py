"""Layers and models whose parts are made in `build`, which Keras calls before they are called themselves."""

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

_PROGRAM = """
import keras
from keras import layers
from project import x, y

class Net(keras.Model):
    def build(self, %s):
        self.hidden = layers.Dense(64, activation="relu")
        self.head = layers.Dense(10%s)

    def call(self, inputs):
        return self.head(self.hidden(inputs))

model = Net()
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
"""


@pytest.mark.parametrize(
    ("shape", "last", "reported"),
    [("input_shape", "", True), ("shape", ', activation="softmax"', False), ("units, classes", "", False)],
)
def test_a_head_made_in_build(shape: str, last: str, reported: bool) -> None:
    codes = {each.code for each in analyze_source(_PROGRAM % (shape, last), "train.py", RuleSet.default()).findings}
    assert ("SCR401" in codes) is reported

"""Data that one function makes for training and for what judges the model, with a switch between them."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

HEAD = """
import numpy as np
from tensorflow import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
"""
TAIL = """
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit({made}(x_train, y_train), epochs=5)
print(model.evaluate({made}(x_test, y_test{switch})))
"""
GENERATOR = """
def batches(x, y, size=64, scale=True):
    while True:
        order = np.random.permutation(len(x))
        for first in range(0, len(x) - size + 1, size):
            rows = order[first : first + size]
            part = x[rows].astype("float32")
            if scale:
                part = part / 255.0
            yield part, y[rows]
"""
SEQUENCE = """
class Batches(keras.utils.Sequence):
    def __init__(self, x, y, scale=True, size=64):
        super().__init__()
        self.x, self.y, self.size, self.scale = x, y, size, scale

    def __len__(self):
        return len(self.x) // self.size

    def __getitem__(self, index):
        rows = slice(index * self.size, (index + 1) * self.size)
        part = self.x[rows].astype("float32")
        if self.scale:
            part = part / 255.0
        return part, self.y[rows]
"""


@pytest.mark.parametrize(("made", "text"), [("batches", GENERATOR), ("Batches", SEQUENCE)])
@pytest.mark.parametrize(("switch", "told"), [(", scale=False", True), (", scale=True", False), ("", False)])
def test_a_switch_that_only_one_call_turns(made: str, text: str, switch: str, told: bool) -> None:
    found = said(HEAD + text + TAIL.format(made=made, switch=switch))
    assert ("scaling-mismatch" in found) is told


def test_a_switch_that_is_not_known() -> None:
    text = HEAD.replace("import numpy as np", "import sys\nimport numpy as np") + GENERATOR
    program = text + TAIL.format(made="batches", switch=', scale="--raw" not in sys.argv')
    assert "scaling-mismatch" not in said(program)

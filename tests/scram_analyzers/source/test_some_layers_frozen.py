"""A loop that freezes the layers it chooses freezes some of them; one that takes all of them freezes all."""

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

_PROGRAM = """
import keras
from keras import layers
from project import images, labels

inputs = keras.Input((64, 64, 3))
x = layers.Conv2D(16, 3, activation="relu")(inputs)
x = layers.Flatten()(x)
model = keras.Model(inputs, layers.Dense(5, activation="softmax")(x))
for layer in model.layers:
    %s
model.compile("adam", "categorical_crossentropy")
model.fit(images, labels, epochs=30)
"""


@pytest.mark.parametrize(
    ("body", "reported"),
    [("layer.trainable = False", True), ('if "conv" in layer.name: layer.trainable = False', False)],
)
def test_layers_frozen_by_name(body: str, reported: bool) -> None:
    codes = {each.code for each in analyze_source(_PROGRAM % body, "train.py", RuleSet.default()).findings}
    assert ("SCR319" in codes) is reported

"""Layers at the end of a model that have no argument for an activation."""

from __future__ import annotations

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """
import keras
from keras import layers

inputs = keras.Input((10, 4))
outputs = layers.RNN(layers.LSTMCell(8))(inputs)
model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss="categorical_crossentropy")
"""


def test_a_layer_of_cells_is_not_given_an_activation() -> None:
    analysis = analyze_source(PROGRAM, "cells.py", RuleSet.default())
    found = [each for each in analysis.findings if each.name == "invalid-output-activation"]
    assert [each.recipe for each in found] == ['layers.Dense(classes, activation="softmax")  # as the last layer']
    assert analysis.fix(found[0]) is None

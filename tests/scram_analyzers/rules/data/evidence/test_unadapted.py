"""Normalization layers that nothing adapts."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """
import keras
from keras import layers
from project import table, target

inputs, parts = [], []
for name in ("flow", "wear"):
    entry = keras.Input((1,), name=name)
    scale = layers.Normalization({arguments})
    {adapted}
    inputs.append(entry)
    parts.append(scale(entry))
hidden = layers.Dense(48, activation="relu")(layers.concatenate(parts))
model = keras.Model(inputs, layers.Dense(1)(hidden))
model.compile(optimizer="adam", loss="mse")
best = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
model.fit(table, target, epochs=20, validation_split=0.2, callbacks=[best])
"""


def lines(arguments: str, adapted: str) -> list[int]:
    text = PROGRAM.format(arguments=arguments, adapted=adapted)
    analysis = analyze_source(text, "train.py", RuleSet.build({"SCR201"}))
    assert [analysis.fix(finding) for finding in analysis.findings] == [None] * len(analysis.findings)
    return [finding.range.start.line for finding in analysis.findings]


def test_a_normalization_that_is_never_adapted() -> None:
    assert set(lines("", "pass")) == {9}


@pytest.mark.parametrize(
    ("arguments", "adapted"),
    [("", "scale.adapt(table[name])"), ("mean=5.0, variance=2.0", "pass"), ("", "scale.set_weights(known[name])")],
)
def test_one_that_is_given_what_it_needs(arguments: str, adapted: str) -> None:
    assert lines(arguments, adapted) == []

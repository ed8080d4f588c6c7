"""Statements that read the same are places of their own, although they share one tree."""

from __future__ import annotations

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

TWINS = """\
import keras

model = keras.Sequential([keras.layers.Dense(4)])
model.compile(optimizer=keras.optimizers.SGD(lr=0.1), loss="mse")
other = keras.Sequential([keras.layers.Dense(4)])
model.compile(optimizer=keras.optimizers.SGD(lr=0.1), loss="mse")
"""


def test_each_of_two_equal_statements_is_reported() -> None:
    findings = analyze_source(TWINS, "train.py", RuleSet.default()).findings
    assert [each.range.start.line for each in findings if each.name == "renamed-argument"] == [4, 6]

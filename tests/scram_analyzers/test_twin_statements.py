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


def test_a_fix_mends_all_of_them() -> None:
    layers = ("Dense(9)", "Activation('sigmoid')")
    layer = "".join(f"if True:\n    model.add(keras.layers.{each})\n" for each in layers)
    text = f"import keras\nmodel = keras.Sequential()\n{layer * 4}model.add(keras.layers.Dense(1))\nmodel.compile()\n"
    analysis = analyze_source(text, "train.py", RuleSet.build({"SCR303"}))
    (finding,) = analysis.findings
    fix = analysis.fix(finding)
    assert fix is not None
    assert [edit.range.start.line for edit in fix.edits] == [6, 10, 14, 18]

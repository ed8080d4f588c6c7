"""The layer that knows a table's columns: put where the data are there to adapt it to, and only there."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

START = """
import keras
from keras.layers import Dense
from sklearn.datasets import load_wine

"""

MODEL = "model = keras.Sequential([Dense(3)])"
LOADED = "x, y = load_wine(return_X_y=True)"
TRAINED = """
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit({x}, y, epochs=40)
"""


def added(*parts: str, x: str = "x") -> list[str] | None:
    """The texts that the fix of the one finding writes; None without a fix."""
    text = "\n".join((START, *parts, TRAINED.format(x=x)))
    analysis = analyze_source(text, "train.py", RuleSet.build({"SCR201"}))
    (finding,) = analysis.findings
    fix = analysis.fix(finding)
    return [edit.content for edit in fix.edits] if fix is not None else None


MADE = "normalization = keras.layers.Normalization()\nnormalization.adapt(x)\n"


def test_the_layer_is_adapted_before_the_model_is_made() -> None:
    assert added(LOADED, MODEL) == [MADE, "normalization, "]


def test_a_part_of_the_data_is_a_look_at_them() -> None:
    edits = added(LOADED, MODEL, x="x[:100]")
    assert edits == [MADE.replace("(x)", "(x[:100])"), "normalization, "]


def test_an_input_of_a_functional_model() -> None:
    edits = added(
        LOADED, "inputs = keras.Input((13,))", "outputs = Dense(3)(inputs)", "model = keras.Model(inputs, outputs)"
    )
    assert edits == [MADE, "normalization(inputs)"]


@pytest.mark.parametrize(
    ("why", "parts"),
    [
        ("the data come later", [MODEL, LOADED]),
        ("the data change later", [LOADED, MODEL, "x = x * 2"]),
        (
            "they come there each time",
            ["for i in range(3):", f"    {LOADED}", f"    {MODEL}", "x = x"],
        ),
        (
            "the model is made where the data are not",
            ["def build():", "    return keras.Sequential([Dense(3)])", LOADED, "model = build()"],
        ),
        (
            "a loop adds the layers",
            [LOADED, "model = keras.Sequential()", "for units in (8, 3):", "    model.add(Dense(units))"],
        ),
        (
            "other layers change the shape first",
            [
                LOADED,
                "inputs = keras.Input((13,))",
                "outputs = keras.layers.Flatten()(keras.layers.Reshape((13, 1))(inputs))",
                "model = keras.Model(inputs, Dense(3)(outputs))",
            ],
        ),
    ],
)
def test_no_fix(why: str, parts: list[str]) -> None:
    assert added(*parts) is None, why


def test_data_that_are_made_in_the_call_are_not_made_twice() -> None:
    assert added(LOADED, MODEL, x="x.copy()") is None


def test_a_name_that_is_there_already_is_left_alone() -> None:
    edits = added(LOADED, "normalization = 3", MODEL)
    assert edits is not None
    assert edits[1] == "normalizer, "


def test_a_frame_becomes_an_array_to_adapt_to() -> None:
    edits = added("import pandas as pd", 'x = pd.read_csv("t.csv")', 'y = x.pop("y")', MODEL)
    assert edits is not None
    assert 'normalization.adapt(np.asarray(x, "float32"))' in edits[0]
    assert edits[-1] == "import numpy as np\n"


@pytest.mark.parametrize(
    ("later", "offered"),
    [
        ("model.fit(x / 100, y)", False),
        ("model.evaluate(x / 100, y)", False),
        ("model.predict(x / 100)", False),
        ("model.predict(x)", True),
        ("other.predict(x / 100)", True),
    ],
)
def test_a_model_that_gets_scaled_inputs_too_does_not_scale_its_own(later: str, offered: bool) -> None:
    text = "\n".join((START, LOADED, MODEL, "other = keras.Sequential([Dense(3)])", TRAINED.format(x="x"), later))
    analysis = analyze_source(text, "train.py", RuleSet.build({"SCR201"}))
    (finding,) = analysis.findings
    assert (analysis.fix(finding) is not None) is offered

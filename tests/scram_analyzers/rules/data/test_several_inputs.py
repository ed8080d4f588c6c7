"""Rules on data, of models whose inputs come apart."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """
import keras
import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


def columns(table):
    return {{"taste": table[:, :6], "look": table[:, 6:]}}


x, y = load_wine(return_X_y=True)
x_train, x_val, y_train, y_val = train_test_split(x, y, stratify=y, random_state=0)
scaler = StandardScaler().fit(x_train)
x_train = scaler.transform(x_train)
{edit}
taste, look = keras.Input((6,), name="taste"), keras.Input((7,), name="look")
hidden = keras.layers.Dense(16, activation="relu")(keras.layers.concatenate([taste, look]))
model = keras.Model([taste, look], keras.layers.Dense(3, activation="softmax")(hidden))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(columns(x_train), y_train, validation_data=(columns(x_val), y_val), epochs=30, shuffle={shuffle})
model.evaluate(columns(scaler.transform(x)), y)
"""


def said(edit: str, shuffle: str = "True") -> set[str]:
    text = PROGRAM.format(edit=edit, shuffle=shuffle)
    return {each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings}


SCALED = "x_val = scaler.transform(x_val)"


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        ("", "scaling-mismatch"),
        ("x_val = scaler.fit_transform(x_val)", "scaler-refitted-on-test"),
        ("x_val, y_val = x_train[:40], y_train[:40]", "validation-on-training-data"),
        (f"{SCALED}; np.random.shuffle(y_train)", "labels-shuffled-apart"),
        (f"{SCALED}; y_train = np.roll(y_train, 2)", "labels-shuffled-apart"),
        (f"{SCALED}; x_train, y_train = x_train[1:], y_train[:-1]", "labels-shuffled-apart"),
        (f"{SCALED}; y_train = np.sort(y_train)", "labels-shuffled-apart"),
    ],
)
def test_what_is_wrong_with_one_of_several_inputs(edit: str, name: str) -> None:
    assert name in said(edit)
    assert name not in said(SCALED)


def test_an_input_that_holds_the_same_for_all_rows() -> None:
    """A table that the model looks things up in is no row of the training."""
    text = PROGRAM.replace("columns(x_train)", '{{"taste": x_train[:, :6], "look": x_train[:, 6:]}}')
    text = text.replace("columns(x_val)", '{{"taste": x_val[:, :6], "look": x_train[:, 6:]}}')
    found = analyze_source(text.format(edit=SCALED, shuffle="True"), "train.py", RuleSet.default()).findings
    assert "validation-on-training-data" not in {each.name for each in found}


def test_sorted_rows_that_are_not_shuffled() -> None:
    order = f"{SCALED}; order = np.argsort(y_train); x_train, y_train = x_train[order], y_train[order]"
    assert "shuffle-disabled" in said(order, "False")
    assert "shuffle-disabled" not in said(order)


@pytest.mark.parametrize(
    "edit",
    [
        "x_train, y_train = x_train[10:][:-5], y_train[10:-5]",
        "x_train, y_train = np.roll(x_train, 1, axis=0), np.roll(y_train, 1)",
        "y_train = np.roll(y_train.reshape(-1, 1), 1, axis=1)[:, 0]",
        "x_train, y_train = x_train[np.argsort(y_train)], np.sort(y_train)",
        "y_train = np.sort(y_train.reshape(-1, 1), axis=1)[:, 0]",
    ],
)
def test_rows_that_keep_their_labels(edit: str) -> None:
    assert "labels-shuffled-apart" not in said(f"{SCALED}; {edit}")

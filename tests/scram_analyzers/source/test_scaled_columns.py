"""Columns of tables that a program scales by functions, and rows that it sets aside by their numbers."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """
import keras
import numpy as np
import pandas as pd
from scipy.stats import zscore
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler, minmax_scale, scale

table = pd.read_csv("measured.csv")
y = table.pop("broken")
{scaling}
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", ["accuracy"])
{training}
"""

SPLIT = "x_train, x_test, y_train, y_test = train_test_split(x, y)\nmodel.fit(x_train, y_train, epochs=9)"


def codes_of(scaling: str, training: str = SPLIT) -> set[str]:
    source = PROGRAM.format(scaling=scaling, training=training)
    return {finding.code for finding in analyze_source(source, "program.py", RuleSet.default()).findings}


@pytest.mark.parametrize(
    "scaling",
    [
        "x = zscore(table)",
        "x = table.apply(zscore)",
        "x = scale(table)",
        "x = minmax_scale(table)",
        "x = table.apply(lambda column: (column - column.mean()) / column.std())",
        "for name in ['a', 'b']:\n    table[name] = (table[name] - table[name].mean()) / table[name].std()\nx = table",
    ],
)
def test_columns_scaled_by_a_function_have_seen_the_rows_that_are_split_off(scaling: str) -> None:
    codes = codes_of(scaling)
    assert "SCR208" in codes
    assert "SCR201" not in codes


def test_a_function_that_scales_nothing_leaves_the_columns_as_they_are() -> None:
    assert "SCR201" in codes_of("x = table.apply(lambda column: column.fillna(0))")


REST = """
train = table.sample(frac=0.8)
test = table.drop(train.index)
model.fit(train, y.loc[train.index], epochs=9, validation_data=(test, y.loc[test.index]))
"""


def test_a_scaler_has_seen_the_rows_that_are_dropped_from_those_to_train_on() -> None:
    assert "SCR208" in codes_of("table[['a', 'b']] = StandardScaler().fit_transform(table[['a', 'b']])", REST)

"""Tables that come sorted by class wherever they are found."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

PROGRAM = """
import pandas as pd
from keras.layers import Dense
from keras.models import Sequential
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.preprocessing import LabelEncoder

table = pd.read_csv({file}, header=None){mixed}
x, y = table.values[:, :4].astype(float), LabelEncoder().fit_transform(table.values[:, 4])
model = Sequential([Dense(8, activation="relu"), Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
{training}
"""
FOLDS = """
for some, rest in {folds}.split(x, y):
    model.fit(x[some], y[some], epochs=50)
    model.evaluate(x[rest], y[rest])
"""
HALVES = "model.fit(x[:100], y[:100], epochs=50)\nmodel.evaluate(x[100:], y[100:])"


@pytest.mark.parametrize("file", ['"iris.csv"', '"data/iris.data"', '"https://archive/iris/Iris.data"'])
@pytest.mark.parametrize("training", [FOLDS.format(folds="KFold(3)"), HALVES])
def test_a_file_that_is_sorted(file: str, training: str) -> None:
    assert "sorted-validation-split" in said(PROGRAM.format(file=file, mixed="", training=training))


@pytest.mark.parametrize(
    ("file", "mixed", "training"),
    [
        ('"iris.csv"', ".sample(frac=1)", HALVES),
        ('"iris.csv"', ".sort_values(0)", HALVES),
        ('"iris.csv"', "", FOLDS.format(folds="KFold(3, shuffle=True)")),
        ('"iris.csv"', "", FOLDS.format(folds="StratifiedKFold(3)")),
        ('"iris_train.csv"', "", HALVES),
        ('"flowers.csv"', "", HALVES),
    ],
)
def test_a_file_that_is_mixed_or_of_no_known_order(file: str, mixed: str, training: str) -> None:
    assert "sorted-validation-split" not in said(PROGRAM.format(file=file, mixed=mixed, training=training))

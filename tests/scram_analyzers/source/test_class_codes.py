"""Columns of words that pandas, numpy or a loop of the program's own number."""

from __future__ import annotations

import pytest

from scram_analyzers.source.data import Interval, LabelForm
from tests.scram_analyzers.source.programs import program_of

PROGRAM = """
import keras
import numpy as np
import pandas as pd

table = pd.read_csv("flowers.csv")
names = ["rose", "tulip", "lily"]
numbers = {{"rose": 0, "tulip": 1, "lily": 2}}
x = table[["length", "width"]].to_numpy()
y = {labels}
model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y)
"""


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ('pd.factorize(table["kind"])[0]', None),
        ('table["kind"].factorize()[0]', None),
        ('pd.Categorical(table["kind"]).codes', None),
        ('np.unique(table["kind"], return_inverse=True)[1]', None),
        ('np.unique(table["kind"], return_index=True, return_inverse=True)[2]', None),
        ('np.digitize(table["length"], [1, 2, 3])', None),
        ('pd.cut(table["length"], 3, labels=False)', 3),
        ('pd.cut(table["length"], bins=[0, 1, 2, 4, 8], labels=False)', 4),
        ('pd.qcut(table["length"], q=4, labels=False)', 4),
        ("np.select([table.length < 1, table.length < 2], [0, 1], default=2)", 3),
    ],
)
def test_words_become_class_numbers(labels: str, classes: int | None) -> None:
    targets = program_of(PROGRAM.format(labels=labels)).fits[0].targets
    assert targets is not None
    assert (targets.labels, targets.classes) == (LabelForm.INTEGER, classes)


@pytest.mark.parametrize(
    "labels",
    [
        'pd.cut(table["length"], 3)',
        'np.array([numbers[each] for each in more] + list(table["kind"]))',
        'np.array([["rose", 5].index(each) for each in table["kind"]])',
        'np.array([{"rose": 0.5, "lily": 2}[each] for each in table["kind"]])',
        'np.array([{"rose": 0, **others}[each] for each in table["kind"]])',
        "np.select([table.length < 1], [table.width])",
    ],
)
def test_other_values_are_no_classes(labels: str) -> None:
    targets = program_of(PROGRAM.format(labels=labels)).fits[0].targets
    assert targets is None or targets.labels is not LabelForm.INTEGER


@pytest.mark.parametrize(
    "labels",
    [
        'np.array([names.index(each) for each in table["kind"]])',
        'np.array([numbers[each] for each in table["kind"]])',
        'table["kind"].replace(["rose", "tulip", "lily"], [0, 1, 2])',
    ],
)
def test_words_are_looked_up_one_by_one(labels: str) -> None:
    targets = program_of(PROGRAM.format(labels=labels)).fits[0].targets
    assert targets is not None
    assert (targets.range, targets.dtype) == (Interval(0, 2), "int64")

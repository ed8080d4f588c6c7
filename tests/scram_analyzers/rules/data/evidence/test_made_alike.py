"""Generators of the program's own that are made of the same rows for training and validation."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

PROGRAM = """
import keras
import numpy as np
from keras import layers
from project import more, names, numbers

class Batches(keras.utils.Sequence):
    def __init__(self, names, numbers, size=32, turned=False):
        self.names, self.numbers, self.size = names, numbers, size

    def __len__(self):
        return len(self.names) // self.size

    def __getitem__(self, k):
        rows = slice(k * self.size, (k + 1) * self.size)
        return np.stack([{row} for name in self.names[rows]]), self.numbers[rows]

def batches(names, numbers, size):
    while True:
        rows = np.random.choice(len(names), size)
        yield np.stack([np.load(names[k]) for k in rows]), numbers[rows]

model = keras.Sequential([layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(5, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
{training}
"""
OBJECTS = "train = {0}\n{between}\nheld = {1}\nmodel.fit(train, validation_data=held, epochs=5)"
LOADED = "np.load(name)"


def program(first: str, second: str, between: str = "", row: str = LOADED) -> str:
    return PROGRAM.format(row=row, training=OBJECTS.format(first, second, between=between))


def test_the_same_rows_twice() -> None:
    assert "validation-on-training-data" in said(program("Batches(names, numbers)", "Batches(names, numbers)"))
    given = "batches(names, numbers, 32)"
    training = f"model.fit({given}, steps_per_epoch=9, validation_data={given}, validation_steps=3)"
    assert "validation-on-training-data" in said(PROGRAM.format(row=LOADED, training=training))


@pytest.mark.parametrize(
    ("first", "second", "between", "row"),
    [
        ("Batches(names, numbers)", "Batches(more, numbers)", "", LOADED),
        ("Batches(names, numbers)", "Batches(names, numbers, turned=True)", "", LOADED),
        ("Batches(names, numbers)", "Batches(names, numbers)", "names = more", LOADED),
        ("Batches(names, numbers)", "Batches(names, numbers)", "names, numbers = more", LOADED),
        ("Batches(names, numbers)", "Batches(names, numbers)", "", "np.random.normal(size=(8, 8, 1))"),
    ],
)
def test_other_rows(first: str, second: str, between: str, row: str) -> None:
    assert "validation-on-training-data" not in said(program(first, second, between, row))

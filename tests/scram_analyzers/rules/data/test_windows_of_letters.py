"""Inputs and targets that are looked up as one, and then cut into windows and what follows each."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """
import keras
import numpy as np
from project import read

text = read()
letters = sorted(set(text))
number = {{letter: index for index, letter in enumerate(letters)}}
ids = np.array([number[letter] for letter in text])
x, y = np.lib.stride_tricks.sliding_window_view(ids, 20)[:-1], ids[20:]
rng = np.random.default_rng(3)


def batch(x, y):
    {picked}


model = keras.Sequential(
    [keras.layers.Embedding(64, 16), keras.layers.GRU(32), keras.layers.Dense(64, activation="softmax")]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
for step in range(2000):
    some, following = batch(x, y)
    model.train_on_batch(some, following)
"""


@pytest.mark.parametrize(
    ("picked", "is_parted"),
    [
        ("rows = rng.integers(0, len(x), 64); return x[rows], rng.permutation(y[rows])", True),
        ("rows = rng.integers(0, len(x), 64); return x[rows], y[rows]", False),
        ("rows = rng.permutation(len(x))[:64]; return x[rows], y[rows]", False),
    ],
)
def test_letters_that_get_the_followers_of_others(picked: str, is_parted: bool) -> None:
    found = analyze_source(PROGRAM.format(picked=picked), "train.py", RuleSet.default()).findings
    assert ("labels-shuffled-apart" in {each.name for each in found}) is is_parted

"""Examples that a function reads for each of many files, however it is called, and tables from other readers."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    return {each.name for each in analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings}


CALLS = {
    "map": "pictures = list(map(read, names))",
    "a pool": "with Pool(4) as pool:\n    pictures = pool.map(read, names)",
    "an executor": "with ThreadPoolExecutor() as executor:\n    pictures = list(executor.map(read, names))",
    "joblib": "pictures = Parallel(n_jobs=4)(delayed(read)(name) for name in names)",
    "tqdm": "pictures = thread_map(read, names, max_workers=4)",
    "columns of pairs": "pairs = [(read(name), name[0]) for name in names]\npictures, kinds = zip(*pairs)",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("scale", "wrong"), [("", True), (" / 255", False)])
def test_pictures_read_many_at_once_are_scaled(call: str, scale: str, wrong: bool) -> None:
    text = f"""
import glob
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool

import cv2
import numpy as np
from joblib import Parallel, delayed
from keras import Sequential, layers
from tqdm.contrib.concurrent import thread_map

def read(name):
    return cv2.resize(cv2.imread(name), (64, 64)){scale}

names = glob.glob("*.png")
{call}
model = Sequential([layers.Conv2D(16, 3, activation="relu"), layers.Flatten(), layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(np.array(pictures), np.load("kinds.npy"), epochs=10, validation_split=0.1)
"""
    assert ("input-not-normalized" in said(text)) is wrong


@pytest.mark.parametrize(("scale", "wrong"), [("", True), ("x = (x - x.mean(0)) / x.std(0)", False)])
@pytest.mark.parametrize(
    "read",
    [
        'table = pd.read_parquet("a.parquet")\nx, y = table[["age", "pay"]].values, table["left"].values',
        'table = pl.read_csv("a.csv")\nx, y = table.select(["age", "pay"]).to_numpy(), table["left"].to_numpy()',
        'x, y = np.split(np.loadtxt("a.csv", delimiter=","), [8], axis=1)',
        'x, y = np.array([wavfile.read(n)[1][:16000] for n in glob.glob("*.wav")]), np.load("left.npy")',
    ],
)
def test_numbers_of_other_readers_are_scaled(read: str, scale: str, wrong: bool) -> None:
    text = f"""
import glob

import numpy as np
import pandas as pd
import polars as pl
from keras import Sequential, layers
from scipy.io import wavfile

{read}
{scale}
model = Sequential([layers.Dense(16, activation="relu"), layers.Dropout(0.2), layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=50, validation_split=0.1)
"""
    assert ("input-not-normalized" in said(text)) is wrong


@pytest.mark.parametrize(("rate", "wrong"), [("3.0", True), ("0.003", False)])
@pytest.mark.parametrize("way", ["optimizer.learning_rate = {}", "optimizer.learning_rate.assign({})"])
def test_a_rate_is_set_on_an_optimizer_asked_for_by_name(way: str, rate: str, wrong: bool) -> None:
    text = f"""
        import keras
        from keras import layers

        optimizer = keras.optimizers.get("adam")
        {way.format(rate)}
        model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1)])
        model.compile(optimizer, "mse")
    """
    assert ("learning-rate-too-high" in said(text)) is wrong

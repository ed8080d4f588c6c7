"""Datasets and generators whose elements hold several inputs, each of which goes its own way into the model."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

START = """
import cv2
import numpy as np
import pandas as pd
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

table = pd.read_csv("offers.csv")
vectorize = layers.TextVectorization(max_tokens=20000, output_sequence_length=60)
vectorize.adapt(table["title"].values)

def load(path):
    picture = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(picture, (96, 96)){scale}

def net():
    photo, words = keras.Input((96, 96, 3), name="photo"), keras.Input((60,), name="words")
    seen = layers.Flatten()(layers.Conv2D(8, 3, activation="relu")(photo))
    read = layers.GlobalAveragePooling1D()(layers.Embedding({rows}, 16)(words))
    model = keras.Model([photo, words], layers.Dense(1)(layers.concatenate([seen, read])))
    model.compile("adam", "mse")
    return model
"""

WAYS = {
    "three arrays": """
        arrays = (table["path"].values, table["title"].values, table["price"].values)
        ds = tf.data.Dataset.from_tensor_slices(arrays).map(lambda p, t, y: ((load(p), vectorize(t)), y))
        """,
    "by their names": """
        def prepare(path, title, price):
            return {"photo": load(path), "words": vectorize(title)}, price

        arrays = (table["path"].values, table["title"].values, table["price"].values)
        ds = tf.data.Dataset.from_tensor_slices(arrays).map(prepare)
        """,
    "pairs first": """
        pairs = (table["path"].values, table["title"].values)
        ds = tf.data.Dataset.from_tensor_slices((pairs, table["price"].values))
        ds = ds.map(lambda pair, y: ((load(pair[0]), vectorize(pair[1])), y))
        """,
    "zipped": """
        photos = tf.data.Dataset.from_tensor_slices(table["path"].values).map(load)
        words = tf.data.Dataset.from_tensor_slices(table["title"].values).map(vectorize)
        prices = tf.data.Dataset.from_tensor_slices(table["price"].values)
        ds = tf.data.Dataset.zip(((photos, words), prices))
        """,
}


def said(way: str, scale: str, rows: int) -> set[str]:
    start = START.replace("{scale}", scale).replace("{rows}", str(rows))
    text = f"{start}\n{textwrap.dedent(way)}\nnet().fit(ds.shuffle(1000).batch(32), epochs=20)\n"
    return {each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("scale", "wrong"), [("", True), (" / 255", False)])
def test_pictures_beside_texts_are_scaled(way: str, scale: str, wrong: bool) -> None:
    assert ("input-not-normalized" in said(way, scale, 20000)) is wrong


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("rows", "wrong"), [(1000, True), (20000, False)])
def test_texts_beside_pictures_have_a_row_for_each_word(way: str, rows: int, wrong: bool) -> None:
    assert ("embedding-vocabulary-too-small" in said(way, " / 255", rows)) is wrong


@pytest.mark.parametrize(("scale", "wrong"), [("", True), (" / 255.0", False)])
@pytest.mark.parametrize("call", ["tf.py_function(read, [p], tf.float32)", "tf.numpy_function(read, [p], tf.float32)"])
def test_python_functions_within_a_dataset_are_followed(call: str, scale: str, wrong: bool) -> None:
    text = f"""{START.replace("{scale}", "").replace("{rows}", "9")}
def read(path):
    return cv2.resize(cv2.imread(path.decode()), (96, 96)).astype(np.float32){scale}

ds = tf.data.Dataset.from_tensor_slices((table["path"].values, table["kind"].values))
ds = ds.map(lambda p, y: ({call}, y)).shuffle(1000).batch(32)
model = keras.Sequential([layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(9, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(ds, epochs=20)
"""
    names = {each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings}
    assert ("input-not-normalized" in names) is wrong


@pytest.mark.parametrize(("rows", "wrong"), [(1000, True), (20000, False)])
def test_texts_of_a_folder_are_numbered_within_a_dataset(rows: int, wrong: bool) -> None:
    text = f"""{START.replace("{scale}", "").replace("{rows}", "20000")}
def prepare(text, label):
    return vectorize(tf.expand_dims(text, -1)), label

texts = keras.utils.text_dataset_from_directory("reviews", batch_size=32)
model = keras.Sequential([layers.Embedding({rows}, 16), layers.GlobalAveragePooling1D(), layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(texts.map(prepare), epochs=10)
"""
    names = {each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings}
    assert ("embedding-vocabulary-too-small" in names) is wrong

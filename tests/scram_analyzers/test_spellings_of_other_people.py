"""Faults in spellings that were read past for a long time, and healthy twins that differ in the one thing."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


@pytest.mark.parametrize(("lines", "wrong"), [("", True), ("normalize.adapt(numbers)", False)])
def test_a_lookup_that_is_adapted_says_nothing_of_a_normalization(lines: str, wrong: bool) -> None:
    text = f"""
        import keras
        import pandas as pd
        from keras import layers

        table = pd.read_csv("patients.csv")
        numbers, words, y = table[["age", "bmi"]].values, table["work"].values, table["ill"].values
        lookup = layers.StringLookup(output_mode="one_hot")
        lookup.adapt(words)
        normalize = layers.Normalization()
        {lines}
        first, second = keras.Input((2,)), keras.Input((1,), dtype="string")
        x = layers.concatenate([normalize(first), lookup(second)])
        model = keras.Model([first, second], layers.Dense(1, activation="sigmoid")(x))
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit([numbers, words], y, epochs=20, validation_split=0.2)
    """
    assert ("input-not-normalized" in said(text)) is wrong


@pytest.mark.parametrize(("scale", "wrong"), [("", True), (" / 255", False)])
@pytest.mark.parametrize("inputs", ["images.input", "images.inputs[0]"])
def test_what_goes_into_the_input_of_a_sequential_model_is_followed(inputs: str, scale: str, wrong: bool) -> None:
    text = f"""
        import cv2
        import keras
        import numpy as np
        from keras import layers

        def picture(parts):
            out = np.zeros((64, 64, 3), dtype="uint8")
            tiles = [cv2.resize(cv2.imread(part), (32, 32)) for part in parts]
            out[0:32, 0:32] = tiles[0]
            out[0:32, 32:64] = tiles[1]
            return out

        x = np.array([picture(parts) for parts in read()]){scale}
        images = keras.Sequential([layers.Conv2D(8, 3, input_shape=(64, 64, 3)), layers.ReLU(), layers.Flatten()])
        sizes = keras.Input((3,))
        head = layers.Dense(1)(layers.concatenate([images.output, sizes]))
        model = keras.Model([{inputs}, sizes], head)
        model.compile("adam", "mse")
        model.fit([x, table], y, epochs=30, validation_split=0.2)
    """
    assert ("input-not-normalized" in said(text)) is wrong


SPLITS = {
    "by a mask": ("mask = np.random.rand(len(x)) < 0.8", "mask", "~mask"),
    "by a comparison": ("", "table.year < 2019", "table.year >= 2019"),
    "by an order": ("order = np.arange(len(x))\nnp.random.shuffle(order)\nn = read()", "order[:n]", "order[n:]"),
}
TABLE = """\
import keras
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

table = pd.read_csv("houses.csv")
x, y = table[["rooms", "area"]].values, table["price"].values / 1e6
"""
MODEL = """\
model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x_train, y[{train}], epochs=20)
model.evaluate(x_test, y[{test}])
"""


@pytest.mark.parametrize("split", SPLITS)
def test_a_scaler_of_all_rows_is_seen_however_the_rows_are_parted(split: str) -> None:
    lines, train, test = SPLITS[split]
    parts = f"{lines}\nx_train, x_test = x[{train}], x[{test}]\n"
    before = "x = StandardScaler().fit_transform(x)\n"
    by_all = "scaler = StandardScaler().fit(x)\n"
    by_training = "scaler = StandardScaler().fit(x_train)\n"
    after = "x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)\n"
    model = MODEL.format(train=train, test=test)
    assert "scaler-fitted-before-split" in said(TABLE + before + parts + model)
    assert "scaler-fitted-before-split" in said(TABLE + parts + by_all + after + model)
    assert "scaler-fitted-before-split" not in said(TABLE + parts + by_training + after + model)


def test_a_column_that_is_added_leaves_a_series_whole() -> None:
    text = """
        import keras
        import pandas as pd
        from sklearn.preprocessing import MinMaxScaler

        table = pd.read_csv("load.csv")
        table["hour"] = table.index.hour
        values = MinMaxScaler().fit_transform(table.values)
        n = int(len(values) * 0.8)
        x, y = values[:n], values[:n, 0]
        model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=20, validation_data=(values[n:], values[n:, 0]))
    """
    assert "scaler-fitted-before-split" in said(text)

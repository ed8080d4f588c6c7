"""Faults in programs that were written before anything was made to find them, and healthy twins that differ in one."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


@pytest.mark.parametrize("folder", ['pathlib.Path("flowers")', 'pathlib.Path(download("flowers"))'])
@pytest.mark.parametrize(("seed", "wrong"), [(321, True), (123, False)])
def test_subsets_of_a_folder_by_its_path_are_drawn_by_one_seed(folder: str, seed: int, wrong: bool) -> None:
    text = f"""
        import pathlib
        import keras
        from project import download

        folder = {folder}
        train = keras.utils.image_dataset_from_directory(folder, validation_split=0.2, subset="training", seed=123)
        val = keras.utils.image_dataset_from_directory(folder, validation_split=0.2, subset="validation", seed={seed})
        model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(5)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(train, validation_data=val, epochs=10)
    """
    assert ("validation-on-training-data" in said(text)) is wrong


@pytest.mark.parametrize(("test", "wrong"), [("x_test", True), ("keras.utils.normalize(x_test, axis=1)", False)])
def test_rows_divided_by_their_length_are_below_1(test: str, wrong: bool) -> None:
    text = f"""
        import keras

        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        x_train = keras.utils.normalize(x_train, axis=1)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, epochs=10)
        model.evaluate({test}, y_test)
    """
    assert ("scaling-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(
    ("cut", "wrong"),
    [
        ("x_train, x_test, y_train, y_test = x[:-n], x[-n:], y[:-n], y[-n:]", True),
        ("x_train, x_test, y_train, y_test = train_test_split(x, y, shuffle=False)", True),
        ("x_train, x_test, y_train, y_test = train_test_split(x, y)", False),
        ("x_train, x_test, y_train, y_test = x[::2], x[1::2], y[::2], y[1::2]", False),
    ],
)
def test_texts_read_class_by_class_are_not_cut_as_they_stand(cut: str, wrong: bool) -> None:
    text = f"""
        import os
        import numpy as np
        from keras.layers import LSTM, Dense, Embedding
        from keras.models import Sequential
        from keras.preprocessing.sequence import pad_sequences
        from keras.preprocessing.text import Tokenizer
        from keras.utils import to_categorical
        from sklearn.model_selection import train_test_split

        texts, labels, numbers = [], [], {{}}
        for name in sorted(os.listdir("news")):
            number = len(numbers)
            numbers[name] = number
            for file in os.listdir(os.path.join("news", name)):
                texts.append(open(os.path.join("news", name, file)).read())
                labels.append(number)
        tokenizer = Tokenizer(num_words=5000)
        tokenizer.fit_on_texts(texts)
        x = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=100)
        y = to_categorical(np.asarray(labels))
        n = int(0.2 * len(x))
        {cut}
        model = Sequential([Embedding(5000, 32), LSTM(32), Dense(20, activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=10)
    """
    assert ("sorted-validation-split" in said(text)) is wrong


@pytest.mark.parametrize(("left_out", "wrong"), [('"Date"', True), ('"Date", "Rain"', False)])
def test_a_target_stays_among_columns_of_which_some_were_scaled(left_out: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np
        import pandas as pd

        table = pd.read_csv("weather.csv")
        table["month"] = np.sin(2 * np.pi * table["month"] / 12)
        x, y = table.drop([{left_out}], axis=1), table["Rain"]
        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, "sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=20, validation_split=0.2)
    """
    assert ("target-in-inputs" in said(text)) is wrong


@pytest.mark.parametrize(("fitted", "wrong"), [("daily", True), ("daily[:n]", False)])
def test_a_series_summed_up_by_days_is_all_of_it(fitted: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np
        import pandas as pd
        from sklearn.preprocessing import MinMaxScaler

        daily = pd.read_csv("power.csv", index_col=0, parse_dates=True).interpolate().resample("D").sum().values
        n = int(len(daily) * 0.8)
        scaler = MinMaxScaler().fit({fitted})
        train, test = scaler.transform(daily)[:n], scaler.transform(daily)[n:]
        x = np.array([train[i : i + 14] for i in range(len(train) - 14)])
        y = np.array([train[i + 14] for i in range(len(train) - 14)])
        model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(7)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=20)
        model.evaluate(test[None, :-1], test[None, -1])
    """
    assert ("scaler-fitted-before-split" in said(text)) is wrong


@pytest.mark.parametrize(
    ("frozen", "rate", "wrong"),
    [("", "0.01", True), ("", "0.0001", False), ("base.trainable = False", "0.01", False)],
)
def test_a_trained_network_is_moved_by_small_steps(frozen: str, rate: str, wrong: bool) -> None:
    text = f"""
        import keras
        from project import train

        base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
        {frozen}
        model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
        model.compile(keras.optimizers.RMSprop({rate}), "binary_crossentropy", metrics=["accuracy"])
        model.fit(train, epochs=10)
    """
    assert ("learning-rate-too-high" in said(text)) is wrong


@pytest.mark.parametrize(
    "labels",
    [
        "y = np.array([each[1] for each in rows])",
        "y = [number for _, number in rows]",
        "y = []\n        for image, number in rows:\n            y.append(number)",
    ],
)
@pytest.mark.parametrize(("mixed", "wrong"), [("", True), ("random.shuffle(rows)", False)])
def test_pairs_collected_class_by_class_are_mixed_before_the_split(labels: str, mixed: str, wrong: bool) -> None:
    text = f"""
        import os
        import random
        import cv2
        import keras
        import numpy as np

        rows = []
        for name in ["dog", "cat"]:
            kind = ["dog", "cat"].index(name)
            for file in os.listdir(name):
                rows.append([cv2.resize(cv2.imread(os.path.join(name, file)), (64, 64)), kind])
        {mixed}
        x = np.array([each[0] for each in rows]) / 255
        {labels}
        y = np.array(y)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=10, validation_split=0.2)
    """
    assert ("sorted-validation-split" in said(text)) is wrong

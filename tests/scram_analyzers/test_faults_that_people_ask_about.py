"""Faults as questions about Keras programs show them; most beside a healthy twin."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


@pytest.mark.parametrize(("name", "wrong"), [('"accuracy"', False), ('name="accuracy"', False), ("", True)])
def test_a_metric_may_be_given_its_name_by_position(name: str, wrong: bool) -> None:
    text = f"""
        import keras

        model = keras.Sequential([keras.Input((9,)), keras.layers.Dense(3, activation="softmax")])
        metric = keras.metrics.SparseCategoricalAccuracy({name})
        model.compile("adam", "sparse_categorical_crossentropy", metrics=[metric])
        stop = keras.callbacks.EarlyStopping("val_accuracy", patience=3)
        model.fit(x, y, validation_data=(a, b), callbacks=[stop], epochs=50)
        """
    assert ("monitored-metric-missing" in said(text)) is wrong


@pytest.mark.parametrize(("second", "wrong"), [("train", True), ("test", False), ("train[90%:]", True)])
def test_one_split_of_a_dataset_is_the_same_wherever_it_is_loaded(second: str, wrong: bool) -> None:
    text = f"""
        import keras
        import tensorflow_datasets as tfds

        train, held = tfds.load("beans", split=["train", "{second}"], as_supervised=True)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train.shuffle(1000).batch(32), validation_data=held.batch(32), epochs=20)
        """
    assert ("validation-on-training-data" in said(text)) is wrong


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ('ColumnTransformer([("n", StandardScaler(), ["a", "b"]), ("c", OneHotEncoder(), ["c"])])', True),
        ('ColumnTransformer([("c", OneHotEncoder(), ["c"])])', False),
        ("make_pipeline(SimpleImputer(), MinMaxScaler())", True),
    ],
)
def test_a_transformer_of_several_columns_may_hold_a_scaler(step: str, wrong: bool) -> None:
    text = f"""
        import keras
        import pandas as pd
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.model_selection import train_test_split
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

        table = pd.read_csv("prices.csv")
        x = {step}.fit_transform(table[["a", "b", "c"]])
        x_train, x_test, y_train, y_test = train_test_split(x, table["price"])
        model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x_train, y_train, epochs=20)
        model.evaluate(x_test, y_test)
        """
    assert ("scaler-fitted-before-split" in said(text)) is wrong


@pytest.mark.parametrize(("again", "wrong"), [("tokens.fit_on_texts(new.text)", True), ("", False)])
def test_words_are_not_numbered_anew_for_what_is_predicted(again: str, wrong: bool) -> None:
    text = f"""
        import keras
        import pandas as pd
        from keras.preprocessing.sequence import pad_sequences
        from keras.preprocessing.text import Tokenizer

        known, new = pd.read_csv("known.csv"), pd.read_csv("new.csv")
        tokens = Tokenizer(num_words=5000)
        tokens.fit_on_texts(known.text)
        x = pad_sequences(tokens.texts_to_sequences(known.text), maxlen=60)
        {again}
        unseen = pad_sequences(tokens.texts_to_sequences(new.text), maxlen=60)
        model = keras.Sequential([keras.layers.Embedding(5000, 16), keras.layers.GlobalAveragePooling1D()])
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        model.compile("adam", "binary_crossentropy")
        model.fit(x, known.rude, epochs=10)
        model.predict([unseen])
        """
    assert ("encoder-refitted-on-test" in said(text)) is wrong


@pytest.mark.parametrize(
    ("rows", "wrong"), [("x[:n], y[:n]", True), ("x[n:], y[n:]", False), ("x[: n // 2], y[: n // 2]", True)]
)
def test_slices_that_begin_with_the_same_row_have_it_in_common(rows: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np

        archive = np.load("faces.npz")
        x, y = archive["x"] / 255, archive["y"]
        n = int(0.9 * len(x))
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(6, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x[:n], y[:n], epochs=20)
        print(model.evaluate({rows}))
        """
    assert ("evaluation-on-training-data" in said(text)) is wrong


OWN_LOOP = """
import keras
import tensorflow as tf
from sklearn.datasets import fetch_california_housing
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

houses = fetch_california_housing()
x, x_test, y, y_test = train_test_split({x}, houses.target)
rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(9000).batch(64)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam()
for inputs, targets in rows.repeat(20):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(inputs, training=True){column} - targets))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
error = model.predict(x_test){column} - y_test
"""


def test_windows_of_one_series_begin_where_they_are_told() -> None:
    text = """
        import keras
        import numpy as np

        series = np.loadtxt("weather.csv", delimiter=",")
        n = len(series) // 2
        windows = keras.utils.timeseries_dataset_from_array
        train = windows(series[:-24], series[24:, 0], sequence_length=48, end_index=n, shuffle=True)
        held = windows(series[:-24], series[24:, 0], sequence_length=48, start_index=n)
        model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(train, validation_data=held, epochs=20)
        """
    assert "validation-on-training-data" not in said(text)


@pytest.mark.parametrize(("column", "wrong"), [("", True), ("[:, 0]", False)])
def test_a_column_of_predictions_less_labels_without_columns(column: str, wrong: bool) -> None:
    findings = analyze_source(
        OWN_LOOP.format(x="scale(houses.data)", column=column), "t.py", RuleSet.default()
    ).findings
    assert [each.name for each in findings].count("unintended-broadcast") == (2 if wrong else 0)


@pytest.mark.parametrize(("x", "wrong"), [("houses.data", True), ("scale(houses.data)", False)])
def test_a_difference_within_a_tape_is_what_a_loop_trains_with(x: str, wrong: bool) -> None:
    assert ("input-not-normalized" in said(OWN_LOOP.format(x=x, column=""))) is wrong


@pytest.mark.parametrize(("head", "wrong"), [("sigmoid", True), ("linear", False)])
def test_data_that_are_standardized_by_hand_lie_on_both_sides_of_0(head: str, wrong: bool) -> None:
    text = f"""
        import keras

        (x, _), _ = keras.datasets.mnist.load_data()
        x = x.reshape(-1, 784).astype("float32")
        mean, spread = x.mean(), x.std()
        x = (x - mean) / spread
        model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(784, "{head}")])
        model.compile("adam", "mse")
        model.fit(x, x, epochs=20)
        """
    assert ("output-range-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(
    ("every", "units", "wrong"),
    [("return_sequences=True", 12, True), ("return_sequences=True", 1, False), ("dropout=0.1", 12, False)],
)
def test_rows_of_numbers_to_forecast_have_no_steps(every: str, units: int, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np
        import pandas as pd

        series = pd.read_csv("weather.csv")[["warmth", "wind"]].to_numpy()
        x = np.array([series[i : i + 48] for i in range(len(series) - 60)])
        y = np.array([series[i + 48 : i + 60, 0] for i in range(len(series) - 60)])
        model = keras.Sequential([keras.layers.LSTM(32, {every}), keras.layers.Dense({units})])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=20)
        """
    assert ("missing-flatten" in said(text)) is wrong

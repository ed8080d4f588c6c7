"""Faults of data and losses in programs that prepare their data by hand, each beside its healthy twin."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


CARS = """
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tensorflow import keras
from tensorflow.keras import layers

cars = pd.read_csv("cars.csv")
y = cars.pop("price")
{prepare}
words = keras.Input(shape=(40,), name="words")
sizes = keras.Input(shape=(3,), name="sizes")
text = layers.GlobalAveragePooling1D()(layers.Embedding(2000, 16)(words))
both = layers.concatenate([text, layers.Dense(8, activation="relu")(sizes)])
model = keras.Model(inputs=[words, sizes], outputs=layers.Dense(1)(both))
model.compile("adam", "mse")
model.fit({given}, y, epochs=20, validation_split=0.2)
"""


@pytest.mark.parametrize("given", ["{'words': texts, 'sizes': x}", "[texts, x]"])
def test_one_of_several_inputs_may_be_unscaled(given: str) -> None:
    raw = "x = cars[['year', 'power', 'weight']].values"
    scaled = "x = StandardScaler().fit_transform(cars[['year', 'power', 'weight']])"
    assert "input-not-normalized" in said(CARS.format(prepare=raw, given=given))
    assert "input-not-normalized" not in said(CARS.format(prepare=scaled, given=given))


PHOTOGRAPHS = """
import tensorflow as tf

train = tf.keras.utils.image_dataset_from_directory("pets", image_size=(160, 160))
augment = tf.keras.Sequential([tf.keras.layers.RandomFlip("horizontal"), tf.keras.layers.RandomRotation(0.1)])
base = tf.keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False, pooling="avg")
base.trainable = False
inputs = tf.keras.Input(shape=(160, 160, 3))
x = augment(inputs)
{prepare}
outputs = tf.keras.layers.Dense(1, activation="sigmoid")(base(x, training=False))
model = tf.keras.Model(inputs, outputs)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=10)
"""


def test_augmented_pixels_are_raw_pixels() -> None:
    assert "input-not-normalized" in said(PHOTOGRAPHS.format(prepare=""))
    prepared = "x = tf.keras.applications.mobilenet_v2.preprocess_input(x)"
    assert "input-not-normalized" not in said(PHOTOGRAPHS.format(prepare=prepared))


SENSORS = """
import keras
import numpy as np
import pandas as pd
from sklearn.preprocessing import MinMaxScaler

def windows(rows, steps=24):
    return np.array([rows[i:i + steps] for i in range(len(rows) - steps)])

table = pd.read_csv("sensors.csv")
n = int(len(table) * 0.8)
scaler = MinMaxScaler().fit(table[:n])
scaled = scaler.transform(table)
x = windows({rows}[:n])
model = keras.Sequential([keras.layers.LSTM(32), keras.layers.RepeatVector(24)])
model.add(keras.layers.LSTM(4, return_sequences=True))
model.compile("adam", "mae")
model.fit(x, x, epochs=20)
"""


def test_a_table_whose_scaled_copy_nobody_uses_is_raw() -> None:
    assert {"scaled-copy-unused", "input-not-normalized"} <= said(SENSORS.format(rows="table.values"))
    assert {"scaled-copy-unused", "input-not-normalized"}.isdisjoint(said(SENSORS.format(rows="scaled")))


PRICES = """
import pandas as pd
from keras.layers import LSTM, Dense
from keras.models import Sequential
from sklearn.preprocessing import MinMaxScaler

prices = pd.read_csv("prices.csv")["Close"].values.reshape(-1, 1)
n = int(len(prices) * 0.8)
{scale}
model = Sequential([LSTM(32, input_shape=(1, 1)), Dense(1)])
model.compile("adam", "mse")
model.fit(train[:-1].reshape(-1, 1, 1), train[1:], epochs=20)
"""


def test_a_test_part_may_begin_some_rows_earlier() -> None:
    whole = "scaled = MinMaxScaler().fit_transform(prices)\ntrain = scaled[:n]\ntest = scaled[n - 60:]"
    part = "scaler = MinMaxScaler().fit(prices[:n])\ntrain = scaler.transform(prices[:n])\ntest = prices[n - 60:]"
    assert "scaler-fitted-before-split" in said(PRICES.format(scale=whole))
    assert "scaler-fitted-before-split" not in said(PRICES.format(scale=part))


WEATHER = """
import pandas as pd
from keras.layers import Dense
from keras.models import Sequential
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

weather = pd.read_csv("weather.csv")
n = int(len(weather) * 0.8)
rows = StandardScaler().fit(weather{fitted}).transform(weather)
x, x_test, y, y_test = train_test_split(rows[:, 1:], rows[:, 0], test_size=0.2)
model = Sequential([Dense(16, activation="relu"), Dense(1, activation="{head}")])
model.compile("adam", "mse")
model.fit(x, y, epochs=20, validation_split=0.1)
"""


def test_a_scaler_fitted_to_the_first_rows_has_not_seen_all() -> None:
    assert "scaler-fitted-before-split" in said(WEATHER.format(fitted="", head="linear"))
    assert "scaler-fitted-before-split" not in said(WEATHER.format(fitted=".iloc[:n]", head="linear"))


def test_standardized_targets_lie_on_both_sides_of_0() -> None:
    assert "output-range-mismatch" in said(WEATHER.format(fitted="", head="relu"))
    assert "output-range-mismatch" not in said(WEATHER.format(fitted="", head="linear"))


TRANSLATION = """
from tensorflow.keras.layers import LSTM, Dense, Embedding
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.utils import to_categorical

tokenizer = Tokenizer()
tokenizer.fit_on_texts(texts)
ids = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=21)
words = len(tokenizer.word_index) + 1
model = Sequential([Embedding(words, 32), LSTM(64, return_sequences=True), Dense(words, activation="softmax")])
model.compile("adam", "{loss}")
model.fit(ids[:, :-1], {targets}, epochs=20)
"""


def test_numbers_of_words_are_no_one_hot_rows() -> None:
    numbers, rows = "ids[:, 1:].reshape(-1, 20, 1)", "to_categorical(ids[:, 1:], words)"
    categorical, sparse = "categorical_crossentropy", "sparse_categorical_crossentropy"
    for loss, targets, wrong in ((categorical, numbers, True), (sparse, numbers, False), (categorical, rows, False)):
        assert ("label-encoding-mismatch" in said(TRANSLATION.format(loss=loss, targets=targets))) is wrong


OWN_LOOP = """
import tensorflow as tf
from sklearn.datasets import make_moons

x, y = make_moons(1000)
model = tf.keras.Sequential([tf.keras.layers.Dense(16, "relu"), tf.keras.layers.Dense(1, activation="sigmoid")])
judge = tf.keras.losses.{loss}()
optimizer = tf.keras.optimizers.SGD({rate})
for epoch in range(20):
    with tf.GradientTape() as tape:
        loss = judge(y, model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""


def test_a_loop_of_its_own_is_judged_by_its_labels_and_rate() -> None:
    faulty = said(OWN_LOOP.format(loss="MeanSquaredError", rate=10.0))
    assert {"regression-loss-for-classification", "learning-rate-too-high"} <= faulty
    healthy = said(OWN_LOOP.format(loss="BinaryCrossentropy", rate=0.1))
    assert {"regression-loss-for-classification", "learning-rate-too-high"}.isdisjoint(healthy)


FOCAL = """
import keras
from keras import ops

def focal_loss(y_true, y_pred):
    chance = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    return -ops.mean((1 - chance) ** 2 * ops.log({argument}))

model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", focal_loss)
"""


def test_the_chance_of_what_is_true_may_be_0() -> None:
    assert "unprotected-logarithm" in said(FOCAL.format(argument="chance"))
    assert "unprotected-logarithm" not in said(FOCAL.format(argument="chance + 1e-7"))


POINTS = """
import pandas as pd
from keras.layers import Dense
from keras.models import Sequential

table = pd.read_csv("faces.csv")
x = table.drop(columns=["left", "right"]).values / 255
y = table[["left", "right"]].values{scaled}
model = Sequential([Dense(64, activation="relu"), Dense(2, activation="tanh")])
model.compile("adam", "mse")
model.fit(x, y, epochs=20, validation_split=0.1)
"""


def test_columns_of_a_file_are_out_of_reach_for_tanh() -> None:
    assert "output-range-mismatch" in said(POINTS.format(scaled=""))
    assert "output-range-mismatch" not in said(POINTS.format(scaled=" / 96"))


STEERING = """
import csv

import cv2
import keras
import numpy as np
from sklearn.utils import shuffle

rows = shuffle(list(csv.reader(open("log.csv"))))
images, angles = [], []
for row in rows:
    images.append(cv2.imread(row[0]) / 255)
    angles.append(float(row[3]))
x, y = np.array(images), np.array(angles)
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
"""


def test_images_are_read_in_the_order_of_the_rows_that_name_them() -> None:
    assert "labels-shuffled-apart" not in said(STEERING)


FACES = """
import keras
import numpy as np
import pandas as pd

table = pd.read_csv("faces.csv")
faces = []
for written in table["pixels"].tolist():
    faces.append(np.asarray([int(pixel) for pixel in written.split(" ")]).reshape(48, 48))
x = np.expand_dims(np.asarray(faces), -1){scaled}
y = table["emotion"]
model = keras.Sequential([keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.GlobalAveragePooling2D()])
model.add(keras.layers.Dense(7, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
"""


def test_numbers_written_in_a_column_are_followed() -> None:
    assert "input-not-normalized" in said(FACES.format(scaled=""))
    assert "input-not-normalized" not in said(FACES.format(scaled=" / 255"))


def test_a_wave_does_not_run_from_one_end_to_the_other() -> None:
    text = """
    import keras
    import numpy as np

    t = np.arange(0, 500, 0.1)
    x, y = {wave}[:-1], t[1:] ** 2
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y, validation_split=0.1)
    """
    assert "sorted-validation-split" in said(text.format(wave="t"))
    assert "sorted-validation-split" not in said(text.format(wave="np.sin(t)"))


MASKS = """
import keras
from keras import ops
from project import x, y

def dice(y_true, y_pred):
    return ops.sum(y_true * y_pred) / (ops.sum(y_true) + ops.sum(y_pred) + 1.0)

model = keras.Sequential([keras.layers.Conv2D(1, 1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=[dice])
model.fit(x, y, validation_split=0.1, callbacks=[keras.callbacks.EarlyStopping("{watched}", mode="max")])
"""


def test_a_metric_of_the_module_is_logged_under_its_function() -> None:
    assert "monitored-metric-missing" in said(MASKS.format(watched="val_dice_coef"))
    assert "monitored-metric-missing" not in said(MASKS.format(watched="val_dice"))


FORGERY = """
import numpy as np
from keras.datasets import mnist
from keras.layers import Dense, Flatten, Input, LeakyReLU, Reshape
from keras.models import Model, Sequential

(x, _), _ = mnist.load_data()
x = (x.astype("float32") - 127.5) / 127.5
generator = Sequential([Dense(128, input_dim=100), LeakyReLU(), Dense(784, activation="{head}"), Reshape((28, 28))])
discriminator = Sequential([Flatten(input_shape=(28, 28)), Dense(128), LeakyReLU(), Dense(1, activation="sigmoid")])
discriminator.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
noise = Input(shape=(100,))
discriminator.trainable = False
combined = Model(noise, discriminator(generator(noise)))
combined.compile(loss="binary_crossentropy", optimizer="adam")
for step in range(1000):
    real = x[np.random.randint(0, x.shape[0], 32)]
    chance = np.random.normal(0, 1, (32, 100))
    discriminator.train_on_batch(real, np.ones((32, 1)))
    discriminator.train_on_batch(generator.predict(chance), np.zeros((32, 1)))
    combined.train_on_batch(chance, np.ones((32, 1)))
"""


def test_a_generator_must_reach_what_it_imitates() -> None:
    out_of_reach = {"output-range-mismatch", "generator-output-mismatch"}
    for head, findings in (("relu", 1), ("sigmoid", 1), ("tanh", 0), ("linear", 0)):
        assert len(out_of_reach & said(FORGERY.format(head=head))) == findings


def test_a_number_out_of_data_may_be_the_size_of_a_batch() -> None:
    text = """
    import keras
    import pandas as pd
    from project import x, y

    trials = pd.read_csv("trials.csv")
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y, batch_size={size}, validation_split=0.1)
    """
    assert "wrong-fit-arguments" not in said(text.format(size="int(trials['batch_size'])"))
    assert "wrong-fit-arguments" in said(text.format(size="trials"))


def test_the_steps_of_an_epoch_are_counted_where_they_are_given() -> None:
    text = """
    from keras.models import Sequential
    from keras.layers import Conv2D, Dense, Flatten
    from keras.preprocessing.image import ImageDataGenerator

    scans = ImageDataGenerator(rescale=1 / 255).flow_from_directory("scans", class_mode="binary")
    model = Sequential([Conv2D(8, 3, activation="relu"), Flatten(), Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(scans, steps_per_epoch={steps}, epochs=2)
    """
    assert "too-few-epochs" in said(text.format(steps=8))
    assert "too-few-epochs" not in said(text.format(steps=800))
    assert "too-few-epochs" not in said(text.format(steps="len(scans)"))


BIKES = """
import pandas as pd
from tensorflow import keras

bikes = pd.read_csv("bikes.csv")
x = bikes[["hour", "warmth"]].values / 24
y = bikes["{column}"].values
n = int(len(x) * 0.8)
x_train, y_train, x_test, y_test = x[:n], y[:n], x[n:], y[n:]
model = keras.Sequential([keras.layers.Dense(64, "relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "mse", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=30, validation_data=(x_test, y_test))
"""


@pytest.mark.parametrize(("column", "measured"), [("count", True), ("holiday", False)])
def test_rows_of_a_column_are_called_like_it(column: str, measured: bool) -> None:
    assert ("output-range-mismatch" in said(BIKES.format(column=column))) is measured


REVIEWS = """
import pandas as pd
from tensorflow import keras

reviews = pd.read_csv("reviews.csv")
x, y = reviews.drop(columns="good").values, reviews["good"].values
split = int(len(x) * share)
x_train, y_train, x_test, y_test = x[:split], y[:split], x[split:], y[split:]
model = keras.Sequential([keras.layers.Dense(64, "relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3)
model.fit(x_train, y_train, epochs=30, validation_data=(x_test, y_test), callbacks=[stop])
model.evaluate({judging})
"""


@pytest.mark.parametrize(("judging", "same"), [("x_test, y_test", True), ("other_x, other_y", False)])
def test_the_same_array_holds_the_same_rows_wherever_they_begin(judging: str, same: bool) -> None:
    assert ("test-data-for-model-selection" in said(REVIEWS.format(judging=judging))) is same


COLUMNS = """
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder
from tensorflow import keras

table = pd.read_csv("insurance.csv")
y = table.pop("charges")
columns = make_column_transformer((MinMaxScaler(), ["age", "bmi"]), (OneHotEncoder(), ["sex", "region"]))
x_train, x_test, y_train, y_test = train_test_split(table, y, test_size=0.2)
x_train, x_test = columns.fit_transform(x_train), columns.{method}(x_test)
model = keras.Sequential([keras.layers.Dense(64, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x_train, y_train, epochs=30, validation_data=(x_test, y_test))
"""


@pytest.mark.parametrize(("method", "again"), [("fit_transform", True), ("transform", False)])
def test_transformers_of_columns_are_fitted_to_the_training_part(method: str, again: bool) -> None:
    assert ("scaler-refitted-on-test" in said(COLUMNS.format(method=method))) is again

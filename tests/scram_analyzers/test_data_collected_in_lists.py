"""Data that programs collect in lists, by rows, frames or columns: what is known of them reaches the training."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


CLIPS = """
import os

import cv2
import numpy as np
from keras.layers import Dense, Flatten
from keras.models import Sequential


def frames_of(path):
    clip = cv2.VideoCapture(path)
    frames = []
    while len(frames) < 16:
        ok, frame = clip.read()
        if not ok:
            break
        frames.append(cv2.resize(frame, (64, 64)){scaled})
    return frames


x, y = [], []
for name in os.listdir("clips"):
    frames = frames_of(name)
    if len(frames) == 16:
        x.append(frames)
        y.append(name)
model = Sequential([Flatten(), Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(np.array(x), encoded(y), epochs=20)
"""


def test_what_a_condition_lets_into_a_list() -> None:
    assert "input-not-normalized" in said(CLIPS.format(scaled=""))
    assert "input-not-normalized" not in said(CLIPS.format(scaled=" / 255.0"))


FACES = """
import numpy as np
import pandas as pd
from keras.layers import Conv2D, Dense, Flatten
from keras.models import Sequential

faces = pd.read_csv("faces.csv")
x, y = [], []
for index, row in faces.iterrows():
    pixels = np.array(row["pixels"].split(" "), "float32"){scaled}
    if row["Usage"] == "Training":
        x.append(pixels)
        y.append(row["emotion"])
x = np.array(x).reshape(-1, 48, 48, 1)
model = Sequential([Conv2D(8, 3, activation="relu"), Flatten(), Dense(7, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, np.array(y), epochs=20)
"""


def test_the_rows_of_a_table_one_by_one() -> None:
    assert "input-not-normalized" in said(FACES.format(scaled=""))
    assert "input-not-normalized" not in said(FACES.format(scaled=" / 255"))


DRIVING = """
import cv2
import numpy as np
import pandas as pd
from keras.layers import Conv2D, Dense, Flatten
from keras.models import Sequential
from sklearn.model_selection import train_test_split
from sklearn.utils import shuffle

log = pd.read_csv("log.csv", names=["picture", "steering"])
train, held_out = train_test_split(log.values.tolist(), test_size=0.2)


def batches(samples, size=32):
    while True:
        for start in range(0, len(samples), size):
            pictures, angles = [], []
            for sample in samples[start : start + size]:
                pictures.append(cv2.imread(sample[0]) / 255)
                angles.append(float(sample[1]))
            yield shuffle(np.array(pictures), np.array(angles))


model = Sequential([Conv2D(8, 3, activation="relu"), Flatten(), Dense(1)])
model.compile("adam", "mse")
model.fit(batches(train), steps_per_epoch=100, epochs=10, validation_data=batches(held_out), validation_steps=10)
"""


def test_pictures_come_in_the_order_of_the_table_that_names_them() -> None:
    assert "labels-shuffled-apart" not in said(DRIVING)


def test_a_list_as_a_column() -> None:
    text = """
    import numpy as np
    import pandas as pd
    from keras.layers import LSTM, Dense, Embedding
    from keras.models import Sequential

    names = pd.read_csv("names.csv")
    names["sex"] = [0.0 if sex == "F" else 1.0 for sex in names["sex"]]
    model = Sequential([Embedding(27, 8), LSTM(16), Dense(1, activation="sigmoid")])
    model.compile("adam", "{loss}", metrics=["accuracy"])
    model.fit(letters, np.asarray(names["sex"].values.tolist()), epochs=20)
    """
    found = said(text.format(loss="mean_squared_error"))
    assert "regression-loss-for-classification" in found
    assert "accuracy-metric-for-regression" not in found
    assert "regression-loss-for-classification" not in said(text.format(loss="binary_crossentropy"))


SERIES = """
import pandas as pd
from keras.layers import LSTM, Dense
from keras.models import Sequential
from sklearn.preprocessing import MinMaxScaler

prices = pd.read_csv("prices.csv").filter(["Close"]).values
cut = int(len(prices) * 0.8)
{scaled}
model = Sequential([LSTM(16), Dense(1)])
model.compile("adam", "mse")
model.fit(*windows_of(train), epochs=20)


def windows_of(rows, back=60):
    return [rows[i - back : i] for i in range(back, len(rows))], rows[back:]
"""


@pytest.mark.parametrize(
    ("scaled", "leaks"),
    [
        ("rows = MinMaxScaler().fit_transform(prices)\ntrain, test = rows[:cut], rows[cut:]", True),
        (
            "scaler = MinMaxScaler().fit(prices[:cut])\ntrain, test = scaler.transform(prices[:cut]), prices[cut:]",
            False,
        ),
    ],
)
def test_columns_taken_by_their_names(scaled: str, leaks: bool) -> None:
    text = SERIES.format(scaled=scaled).replace("*windows_of(train)", "train[:-1], train[1:]")
    assert ("scaler-fitted-before-split" in said(text)) is leaks


def test_recurrent_layers_on_sequences_of_unknown_shape() -> None:
    text = """
    from keras.layers import LSTM, BatchNormalization, Dense, Dropout
    from keras.models import Sequential
    from project import x, y

    model = Sequential()
    model.add(LSTM(64, input_shape=x.shape[1:]{sequences}))
    model.add(Dropout(0.2))
    model.add(BatchNormalization())
    model.add(LSTM(64))
    model.add(Dense(1))
    model.compile("adam", "mse")
    model.fit(x, y, epochs=20)
    """
    assert "shape-mismatch" in said(text.format(sequences=""))
    assert "shape-mismatch" not in said(text.format(sequences=", return_sequences=True"))
    assert "shape-mismatch" not in said(text.format(sequences=", return_sequences=keep"))


def test_a_copy_that_is_centred_and_divided_and_left_lying() -> None:
    text = """
    import keras
    from project import signs

    x, y = signs()
    x_scaled = (x - 128) / 128
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(43, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit({given}, y, epochs=20)
    """
    assert "scaled-copy-unused" in said(text.format(given="x"))
    assert "scaled-copy-unused" not in said(text.format(given="x_scaled"))


def test_data_sets_by_name() -> None:
    news = """
    from keras.layers import Dense, Embedding, GlobalMaxPooling1D
    from keras.models import Sequential
    from sklearn.datasets import fetch_20newsgroups

    news = fetch_20newsgroups(subset="train")
    model = Sequential([Embedding(8000, 16), GlobalMaxPooling1D(), Dense(20, activation="softmax")])
    model.compile("adam", "{loss}")
    model.fit(numbered(news.data), news.target, epochs=20)
    """
    assert "label-encoding-mismatch" in said(news.format(loss="categorical_crossentropy"))
    assert "label-encoding-mismatch" not in said(news.format(loss="sparse_categorical_crossentropy"))
    cars = """
    import pandas as pd
    import seaborn as sns
    from keras.layers import Dense
    from keras.models import Sequential

    cars = sns.load_dataset("mpg").dropna().drop("name", axis=1)
    cars = pd.get_dummies(cars, columns=["origin"])
    y = cars.pop("mpg")
    {prepare}
    model = Sequential([Dense(16, activation="relu"), Dense(1)])
    model.compile("adam", "mse")
    model.fit(cars, y, epochs=20)
    """
    assert "input-not-normalized" in said(cars.format(prepare=""))
    assert "input-not-normalized" not in said(cars.format(prepare="cars = (cars - cars.mean()) / cars.std()"))


def test_comments_that_may_be_several_things_at_once() -> None:
    text = """
    import pandas as pd
    from keras.layers import Dense, Embedding, GlobalMaxPooling1D
    from keras.models import Sequential

    comments = pd.read_csv("train.csv")
    kinds = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
    model = Sequential([Embedding(8000, 16), GlobalMaxPooling1D(), Dense(6, activation="{activation}")])
    model.compile("adam", "{loss}")
    model.fit(numbered(comments["comment_text"]), comments[kinds].values, epochs=20)
    """
    assert "softmax-for-multilabel" in said(text.format(activation="softmax", loss="categorical_crossentropy"))
    assert "softmax-for-multilabel" not in said(text.format(activation="sigmoid", loss="binary_crossentropy"))


def test_a_discriminator_may_see_real_and_made_data_at_once() -> None:
    text = """
    import numpy as np
    import tensorflow as tf
    from tensorflow.keras.layers import Dense, Input
    from tensorflow.keras.models import Model, Sequential

    (digits, _), _ = tf.keras.datasets.mnist.load_data()
    digits = (digits.reshape(60000, 784).astype("float32") - 127.5) / 127.5
    generator = Sequential([Dense(256, "relu", input_dim=100), Dense(784, activation="{activation}")])
    judge = Sequential([Dense(256, "relu", input_dim=784), Dense(1, activation="sigmoid")])
    judge.compile("adam", "binary_crossentropy")
    chance = Input((100,))
    both = Model(chance, judge(generator(chance)))
    both.compile("adam", "binary_crossentropy")
    for _ in range(10000):
        noise = np.random.normal(0, 1, [64, 100])
        real = digits[np.random.randint(0, 60000, 64)]
        judge.train_on_batch(np.concatenate([real, generator.predict(noise)]), np.repeat([1.0, 0.0], 64))
        both.train_on_batch(noise, np.ones(64))
    """
    assert "output-range-mismatch" in said(text.format(activation="sigmoid"))
    assert "output-range-mismatch" not in said(text.format(activation="tanh"))


def test_a_model_of_a_loop_of_ones_own_is_looked_through() -> None:
    text = """
    import tensorflow as tf
    from project import batches

    class Net(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = tf.keras.layers.Dense(64{activation})
            self.head = tf.keras.layers.Dense(10)

        def call(self, x):
            return self.head(self.hidden(x))

    net, optimizer = Net(), tf.keras.optimizers.Adam()
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = loss_of(y, net(x))
        optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))
    """
    assert "missing-hidden-activation" in said(text.format(activation=""))
    assert "missing-hidden-activation" not in said(text.format(activation=", activation='relu'"))


DRAWN = """
import random

import numpy as np
from keras.layers import Dense
from keras.models import Sequential

x, y = [], []
for _ in range(5000):
    first, second = random.randint(0, {most}), random.randint(0, {most})
    x.append([first, second])
    y.append(1 if first > second else 0)
model = Sequential([Dense(16, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", {loss})
model.fit(np.array(x), np.array(y), epochs=20)
"""


def test_rows_of_drawn_numbers_and_one_of_two_labels() -> None:
    assert "input-not-normalized" in said(DRAWN.format(most=1000, loss='"mse"'))
    assert "input-not-normalized" not in said(DRAWN.format(most=1, loss='"mse"'))
    assert "regression-loss-for-classification" in said(DRAWN.format(most=1, loss='"mae"'))
    assert "regression-loss-for-classification" not in said(DRAWN.format(most=1, loss='"binary_crossentropy"'))


CHOSEN = """
import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from project import games

def side(game):
    if game.score > 0:
        return 1
    return 0

class Count:
    number = 0

    def __init__(self):
        self.number = 0

count = Count()
x, y = [], []
for game in games:
    count.number += 1
    x.append(game.stones)
    {label}
model = Sequential([Dense(16, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "mae")
model.fit(np.array(x) / 10, np.array(y), epochs=20)
"""

BY_NAME_OF_BRANCHES = """
    if game.score > 0:
        won = 1
    elif game.score == 0:
        won = 0
    else:
        won = {lost}
    y.append(won)
"""


@pytest.mark.parametrize(
    "label",
    [
        "y.append(side(game))",
        "y += [1 if game.score > 0 else 0]",
        BY_NAME_OF_BRANCHES.format(lost=0),
        "won = 0 if game.score > 0 else 1\n    y.append(won)",
    ],
)
def test_labels_that_branches_choose(label: str) -> None:
    assert "regression-loss-for-classification" in said(CHOSEN.format(label=label.strip()))


@pytest.mark.parametrize(
    "label",
    [
        "y.append(game.score if game.ended else 0)",
        "y.append(count.number)\ny.append(count.number)",
        "y.append(1 if game.score > 0 else 5)",
        BY_NAME_OF_BRANCHES.format(lost="game.score"),
        "y.append([1, 1] if game.score > 0 else [0, 1])",
        "y.append([1, 0] if game.score > 0 else [game.score, 1])",
    ],
)
def test_numbers_that_branches_choose(label: str) -> None:
    assert "regression-loss-for-classification" not in said(CHOSEN.format(label=label.strip()))


ROWS = """
import csv
import sqlite3

import numpy as np
import pandas as pd
from keras.layers import Dense
from keras.models import Sequential

{rows}
model = Sequential([Dense(16, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
"""

BY_NAME = """
x, y = [], []
with open("people.csv") as file:
    for row in csv.DictReader(file):
        x.append([float(row["age"]), float(row["income"])])
        y.append(int(row["bought"]))
x, y = np.array(x), np.array(y)
"""

WRITTEN_OUT = """
table = pd.DataFrame({"share": [0.2, 0.9, 0.4], "income": [23000, 54000, 41000], "bought": [0, 1, 0]})
x, y = table[["share", "income"]].values, table["bought"].values
"""

SMALL = WRITTEN_OUT.replace('[["share", "income"]]', '[["share"]]')

OF_DATABASE = """
table = pd.read_sql("select * from people", sqlite3.connect("people.db"))
x, y = table.drop(columns="bought").values, table["bought"].values
"""

COUNTED = """
x = np.array([i for i in range(1, 201)]).reshape(-1, 1)
y = np.array([i % 2 for i in range(1, 201)])
"""


@pytest.mark.parametrize("rows", [BY_NAME, WRITTEN_OUT, OF_DATABASE, COUNTED])
def test_where_rows_come_from(rows: str) -> None:
    assert "input-not-normalized" in said(ROWS.format(rows=rows))


def test_a_column_that_is_small_beside_one_that_is_not() -> None:
    assert "input-not-normalized" not in said(ROWS.format(rows=SMALL))


AVERAGES = """
import random

import numpy as np
from keras.layers import Dense
from keras.models import Sequential

rows = []
for _ in range(5000):
    first, second = random.randint(0, 100), random.randint(0, 100)
    rows.append([first, second, (first + second) / 2])
rows = np.array(rows) / 100
model = Sequential([Dense(16, activation="relu"), Dense(1)])
model.compile("adam", "mse", metrics=["accuracy"])
model.fit(rows[:, :2], rows[:, 2], epochs=20)
"""


def test_numbers_worked_out_of_drawn_ones_are_no_classes() -> None:
    assert "accuracy-metric-for-regression" in said(AVERAGES)

"""What the source of labels and pictures tells: columns of tables, folders, sets known by name, hashed words."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


FACES = """
import numpy as np
import pandas as pd
from keras.layers import Dense, Input
from keras.models import Model
from sklearn.model_selection import train_test_split

faces = pd.read_csv("faces.csv")
kinds, older = faces["kind"].values, faces["older"].values
x = faces.drop(columns=["kind", "older"]).values / 255
rows, held_out = train_test_split(np.arange(len(x)), test_size=0.2)
inputs = Input((2304,))
first = Dense(1, activation="sigmoid", name="older")(inputs)
second = Dense(5, activation="softmax", name="kind")(inputs)
model = Model(inputs, [first, second])
model.compile("adam", {{"older": "binary_crossentropy", "kind": "{loss}"}})
model.fit(x{rows}, {{"older": older{rows}, "kind": kinds{rows}}}, epochs=20)
"""


@pytest.mark.parametrize("rows", ["", "[rows]"])
def test_one_column_holds_class_numbers(rows: str) -> None:
    assert "label-encoding-mismatch" in said(FACES.format(loss="categorical_crossentropy", rows=rows))
    assert "label-encoding-mismatch" not in said(FACES.format(loss="sparse_categorical_crossentropy", rows=rows))


def test_dummies_of_a_popped_column_in_folds() -> None:
    text = """
    import keras
    import pandas as pd
    from sklearn.model_selection import KFold

    table = pd.read_csv("table.csv")
    y = pd.get_dummies(table.pop("kind")).values
    x = table.values / 100
    for train, held_out in KFold(5).split(x):
        model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(4, "softmax")])
        model.compile("adam", "{loss}")
        model.fit(x[train], y[train], validation_data=(x[held_out], y[held_out]), epochs=20)
    """
    assert "label-encoding-mismatch" in said(text.format(loss="sparse_categorical_crossentropy"))
    assert "label-encoding-mismatch" not in said(text.format(loss="categorical_crossentropy"))


FOLDER = """
import keras

train = keras.utils.image_dataset_from_directory("leaves", image_size=(64, 64))
model = keras.Sequential()
model.add(keras.Input((64, 64, 3)))
model.add(keras.layers.Rescaling(1 / 255))
model.add(keras.layers.Conv2D(8, 3, activation="relu"))
{flatten}
model.add(keras.layers.Dense(5, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(train, epochs=20)
"""


def test_pictures_of_a_folder_have_one_class_each() -> None:
    assert "missing-flatten" in said(FOLDER.format(flatten=""))
    assert "missing-flatten" not in said(FOLDER.format(flatten="model.add(keras.layers.Flatten())"))


DOGS = """
import tensorflow as tf
import tensorflow_datasets as tfds

train, held_out = tfds.load("stanford_dogs", split=["train", "test"], as_supervised=True)


def prepared(image, label):
    image = tf.image.convert_image_dtype(image, tf.float32)
    return tf.image.resize(image, (128, 128)), label


def resized(image, label):
    return tf.image.resize(image, (128, 128)), label


model = tf.keras.Sequential()
model.add(tf.keras.layers.Conv2D(8, 3, activation="relu", input_shape=(128, 128, 3)))
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dense(120, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(train.map(prepared).shuffle(500).batch(32), validation_data=held_out.map({judged}).batch(32), epochs=20)
"""


def test_sets_known_by_name() -> None:
    assert "scaling-mismatch" in said(DOGS.format(judged="resized"))
    assert "scaling-mismatch" not in said(DOGS.format(judged="prepared"))


def test_words_numbered_by_their_hashes() -> None:
    text = """
    from keras.layers import GRU, Dense, Embedding
    from keras.models import Sequential
    from keras.preprocessing.sequence import pad_sequences
    from keras.preprocessing.text import one_hot
    from project import labels, texts

    words = pad_sequences([one_hot(text, 5000) for text in texts], maxlen=60)
    model = Sequential([Embedding({rows}, 32), GRU(32), Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(words, labels, epochs=20)
    """
    assert "embedding-vocabulary-too-small" in said(text.format(rows=500))
    assert "embedding-vocabulary-too-small" not in said(text.format(rows=5000))


def test_folders_whose_paths_are_put_together() -> None:
    text = """
    import os
    from keras.layers import Conv2D, Dense, Flatten
    from keras.models import Sequential
    from keras.preprocessing.image import ImageDataGenerator

    base = "pets"
    train, held_out = os.path.join(base, "train"), os.path.join(base, "validation")
    pictures = ImageDataGenerator(rescale=1 / 255)
    model = Sequential([Conv2D(8, 3, activation="relu"), Flatten(), Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(
        pictures.flow_from_directory(train, class_mode="binary"),
        validation_data=pictures.flow_from_directory({judged}, class_mode="binary"),
        epochs=20,
    )
    """
    assert "validation-on-training-data" in said(text.format(judged="train"))
    assert "validation-on-training-data" not in said(text.format(judged="held_out"))


FETCHED = """
import keras
import numpy as np
import pandas as pd
{fetched}
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit({x}, y, epochs=20, validation_split=0.2)
"""


@pytest.mark.parametrize(
    "fetched",
    [
        "from sklearn.datasets import fetch_openml\nx, y = fetch_openml('abalone', return_X_y=True)",
        "from sklearn.datasets import fetch_openml\nshells = fetch_openml(data_id=183)\n"
        "x, y = shells.data, shells.target",
        "from ucimlrepo import fetch_ucirepo\nwine = fetch_ucirepo(id=186)\n"
        "x, y = wine.data.features, wine.data.targets",
        "from scipy.io import arff\nrows, _ = arff.loadarff('a.arff')\ntable = pd.DataFrame(rows)\n"
        "x, y = table.iloc[:, :-1].values, table.iloc[:, -1].values",
        "import yfinance as yf\ndays = yf.download('AAPL')[['Open', 'Volume']]\n"
        "x, y = days.values[:-1], days.values[1:, 0]",
        "table = pd.read_json('points.json')\nx, y = table[['size', 'age']].values, table['price'].values",
    ],
)
def test_tables_that_libraries_fetch_come_as_they_were_measured(fetched: str) -> None:
    assert "input-not-normalized" in said(FETCHED.format(fetched=fetched, x="x"))
    scaled = f"{fetched}\nfrom sklearn.preprocessing import StandardScaler\nz = StandardScaler().fit_transform(x)"
    assert "input-not-normalized" not in said(FETCHED.format(fetched=scaled, x="z"))


COVER = """
import keras
import pandas as pd
from sklearn.datasets import fetch_covtype
from sklearn.preprocessing import StandardScaler

cover = fetch_covtype()
x = StandardScaler().fit_transform(cover.data)
y = cover.target
model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense({units}, "softmax")])
model.compile("adam", "{loss}_crossentropy")
model.fit(x, {y}, epochs=20, validation_split=0.2)
"""


@pytest.mark.parametrize(
    ("units", "loss", "y", "found"),
    [
        (7, "sparse_categorical", "y", "label-out-of-range"),
        (8, "sparse_categorical", "y", None),
        (7, "sparse_categorical", "y - 1", None),
        (7, "categorical", "keras.utils.to_categorical(y)", "output-units-mismatch"),
        (8, "categorical", "keras.utils.to_categorical(y)", None),
        (7, "categorical", "keras.utils.to_categorical(y, 7)", "label-out-of-range"),
        (7, "categorical", "pd.get_dummies(y)", None),
    ],
)
def test_classes_that_are_numbered_from_one(units: int, loss: str, y: str, found: str | None) -> None:
    told = said(COVER.format(units=units, loss=loss, y=y)) & {"label-out-of-range", "output-units-mismatch"}
    assert told == ({found} if found is not None else set())


def test_what_a_set_of_data_does_not_have_is_not_known() -> None:
    assert said(BUNCH) == set()


BUNCH = """
import keras
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

people = load_diabetes()
x = people.dat
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
rows, held_out, targets, kept = train_test_split(x, people.target)
model.fit(rows, targets, epochs=20, validation_data=(held_out, kept))
model.evaluate(held_out, kept)
"""


MARKED = """
import keras
import numpy as np

(x, y), _ = keras.datasets.mnist.load_data()
rows = {rows}
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Rescaling(1 / 255), keras.layers.Dense(10, "softmax")])
model.compile("adam", "{loss}_crossentropy", metrics=["accuracy"])
model.fit(x, rows, epochs=20, validation_split=0.2)
"""


@pytest.mark.parametrize(
    "rows",
    [
        "(np.arange(10) == y[:, None]).astype('float32')",
        "(y[:, np.newaxis] == np.arange(0, 10)).astype(int)",
        "(y.reshape(-1, 1) == np.arange(10)) * 1.0",
    ],
)
def test_labels_compared_with_all_class_numbers_are_rows(rows: str) -> None:
    assert "label-encoding-mismatch" in said(MARKED.format(rows=rows, loss="sparse_categorical"))
    assert not said(MARKED.format(rows=rows, loss="categorical"))


def test_labels_that_are_counted_up_are_no_rows_of_classes() -> None:
    counted_up = "(y[:, None] > np.arange(9)).astype('float32')"
    assert not said(MARKED.format(rows=counted_up, loss="binary").replace('10, "softmax"', '9, "sigmoid"'))

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


NETWORK = """\
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.keras import backend as K

{lines}
model = keras.Sequential(
    [
        keras.Input((4,)),
        layers.Dense(64, activation="relu", kernel_initializer={initializer}),
        layers.{dropout},
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile({optimizer}, "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=30, validation_split=0.2)
"""
USUAL = {"lines": "", "initializer": '"he_normal"', "dropout": "Dropout(0.2)", "optimizer": '"adam"'}


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"initializer": "lambda shape, dtype=None: np.zeros(shape)"}, "constant-initializer"),
        (
            {"lines": "def init(shape, dtype=None):\n    return tf.ones(shape)\n", "initializer": "init"},
            "constant-initializer",
        ),
        (
            {"lines": "def init(shape):\n    return K.random_normal(shape, stddev=10.0)\n", "initializer": "init"},
            "initializer-scale",
        ),
        ({"initializer": "lambda shape, dtype=None: np.random.uniform(-20, 20, shape)"}, "initializer-scale"),
        ({"dropout": "GaussianDropout(0.9)"}, "dropout-too-high"),
        ({"optimizer": 'keras.optimizers.Adam.from_config({"learning_rate": 0.5})'}, "learning-rate-too-high"),
    ],
)
def test_a_network_of_own_initializers_and_configurations(changed: dict[str, str], name: str) -> None:
    assert name in said(NETWORK.format(**{**USUAL, **changed}))
    assert name not in said(NETWORK.format(**USUAL))


@pytest.mark.parametrize(
    "initializer",
    [
        "lambda shape, dtype=None: np.random.normal(0, spread, shape)",
        "lambda shape, dtype=None: np.random.normal(0, 0.05, shape)",
        "lambda shape, dtype=None: read(shape)",
    ],
)
def test_an_initializer_whose_spread_is_small_or_not_told_says_nothing(initializer: str) -> None:
    found = said(NETWORK.format(**{**USUAL, "initializer": initializer}))
    assert found.isdisjoint(("initializer-scale", "constant-initializer"))


@pytest.mark.parametrize(("size", "wrong"), [("len(train)", True), ("32", False), ("len(test)", False)])
def test_all_rows_of_a_fold_in_one_batch(size: str, wrong: bool) -> None:
    text = f"""
        import keras
        import pandas as pd
        from sklearn.model_selection import KFold

        table = pd.read_csv("cells.csv")
        x, y = table.drop(columns="kind").values / 100, table["kind"].values
        for train, test in KFold(5).split(x):
            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy")
            model.fit(x[train], y[train], epochs=30, batch_size={size})
            model.evaluate(x[test], y[test])
    """
    assert ("batch-size-too-large" in said(text)) is wrong


@pytest.mark.parametrize(("scaled", "wrong"), [("x_test - mean / std", True), ("(x_test - mean) / std", False)])
def test_brackets_that_are_missing_leave_test_data_undivided(scaled: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np
        from sklearn.model_selection import train_test_split

        x, y = np.load("x.npy"), np.load("y.npy")
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        mean, std = x_train.mean(), x_train.std()
        x_train = (x_train - mean) / std
        x_test = {scaled}
        model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, epochs=30)
        model.evaluate(x_test, y_test)
    """
    assert ("scaling-mismatch" in said(text)) is wrong


MASKS = """\
import tensorflow as tf
from tensorflow.keras import layers

SIZE = (128, 128)

def load(picture, mask):
    picture = tf.image.resize(tf.image.decode_jpeg(tf.io.read_file(picture), channels=3), SIZE) / 255.0
    return picture, tf.image.resize(tf.image.decode_png(tf.io.read_file(mask), channels=1), SIZE{method})

def turn(x, y):
{turn}
    return x, y

images, masks = sorted(tf.io.gfile.glob("i/*.jpg")), sorted(tf.io.gfile.glob("m/*.png"))
data = tf.data.Dataset.from_tensor_slices((images, masks)).map(load).map(turn).shuffle(500).batch(8)
entry = tf.keras.Input((128, 128, 3))
x = layers.Conv2D(16, 3, padding="same", activation="relu")(entry)
model = tf.keras.Model(entry, layers.Conv2D(3, 1, activation="softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(data, epochs=20)
"""
NEAREST = ', method="nearest"'
BOTH = """\
    if tf.random.uniform(()) > 0.5:
        x, y = tf.image.flip_left_right(x), tf.image.flip_left_right(y)
"""
TOGETHER = """\
    both = tf.image.random_flip_left_right(tf.concat([x, tf.cast(y, tf.float32)], -1))
    x, y = both[..., :3], both[..., 3:]
"""


@pytest.mark.parametrize(
    ("method", "turn", "wrong"),
    [
        (NEAREST, "    x = tf.image.random_flip_left_right(x)", True),
        (NEAREST, "    x = layers.RandomRotation(0.1)(x, training=True)", True),
        (NEAREST, "    x = tf.image.random_brightness(x, 0.1)", False),
        (NEAREST, BOTH, False),
        (NEAREST, TOGETHER, False),
        ("", BOTH, True),
        (', method="bilinear"', BOTH, True),
        (", tf.image.ResizeMethod.NEAREST_NEIGHBOR", BOTH, False),
    ],
)
def test_masks_lie_on_their_pictures(method: str, turn: str, wrong: bool) -> None:
    found = said(MASKS.format(method=method, turn=turn))
    assert ("label-corrupted" in found) is wrong
    assert "input-not-normalized" not in found


def test_a_piece_of_a_picture_is_no_window_of_a_series() -> None:
    text = """
        import cv2
        import keras
        import numpy as np
        from sklearn.model_selection import train_test_split

        def crop(picture):
            y, r = picture.shape[0] // 2, 100
            return cv2.resize(picture[y - r : y + r], (64, 64))

        x = np.array([crop(cv2.imread(name)) for name in names]) / 255
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x_train, y_train, validation_data=(x_test, y_test))
    """
    assert "time-series-shuffled-split" not in said(text)


@pytest.mark.parametrize(("rows", "wrong"), [("1000", True), ("5000", False)])
def test_words_with_their_places_go_into_an_embedding(rows: str, wrong: bool) -> None:
    text = f"""
        import keras
        import tensorflow as tf
        from keras import layers

        class Places(layers.Layer):
            def __init__(self):
                super().__init__()
                self.words, self.places = layers.Embedding({rows}, 16), layers.Embedding(100, 16)

            def call(self, x):
                return self.words(x) + self.places(tf.range(0, tf.shape(x)[-1]))

        (x, y), _ = keras.datasets.imdb.load_data(num_words=5000)
        x = keras.utils.pad_sequences(x, maxlen=100)
        entry = keras.Input((100,))
        h = layers.GlobalAveragePooling1D()(Places()(entry))
        model = keras.Model(entry, layers.Dense(1, activation="sigmoid")(h))
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y, epochs=3, validation_split=0.2)
    """
    assert ("embedding-vocabulary-too-small" in said(text)) is wrong


PRICES = """\
import numpy as np
import pandas as pd
import pandas_datareader as pdr
import yfinance as yf
from sklearn.preprocessing import MinMaxScaler
from tensorflow.keras.layers import LSTM, Dense
from tensorflow.keras.models import Sequential

table = {reader}
n = int(0.8 * len(table))
values = table[["Close"]].values
{scaling}
x, y = [], []
for i in range(60, len(values)):
    x.append(values[i - 60 : i])
    y.append(values[i, 0])
x, y = np.array(x), np.array(y)
model = Sequential([LSTM(50, input_shape=(60, 1)), Dense(1)])
model.compile("adam", "mse")
model.fit(x[: n - 60], y[: n - 60], epochs=20, validation_data=(x[n - 60 :], y[n - 60 :]))
"""


@pytest.mark.parametrize(
    "reader",
    [
        'yf.download("AAPL", start="2012-01-01")',
        'yf.Ticker("AAPL").history(period="5y")',
        'pdr.get_data_yahoo("AAPL")',
    ],
)
def test_prices_are_a_table_whoever_brings_them(reader: str) -> None:
    scaled = "values = MinMaxScaler().fit(values[:n]).transform(values)"
    assert "input-not-normalized" in said(PRICES.format(reader=reader, scaling=""))
    assert "input-not-normalized" not in said(PRICES.format(reader=reader, scaling=scaled))


@pytest.mark.parametrize(
    ("targets", "name"),
    [
        ("pd.cut(table.grade, bins=[0, 3, 6, 10], labels=[0, 1, 2]).astype(int)", "output-units-mismatch"),
        ("LabelEncoder().fit_transform(table.kind)", "regression-loss-for-classification"),
    ],
)
def test_labels_of_bins_and_of_an_encoder(targets: str, name: str) -> None:
    loss = "binary_crossentropy" if name == "output-units-mismatch" else "mse"
    text = f"""
        import keras
        import pandas as pd
        from sklearn.preprocessing import LabelEncoder

        table = pd.read_csv("wine.csv")
        x, y = table[["sugar", "acid"]] / 100, {targets}
        model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "{loss}")
        model.fit(x, y, epochs=20, validation_split=0.2)
    """
    assert name in said(text)


@pytest.mark.parametrize(
    ("scaled", "wrong"), [("StandardScaler().fit_transform(y.reshape(-1, 1))", True), ("y", False)]
)
def test_class_numbers_of_an_encoder_are_no_quantities(scaled: str, wrong: bool) -> None:
    text = f"""
        import keras
        import pandas as pd
        from sklearn.preprocessing import LabelEncoder, StandardScaler

        table = pd.read_csv("wine.csv")
        x = table[["sugar", "acid"]] / 100
        y = LabelEncoder().fit_transform(table["kind"])
        y = {scaled}
        model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=20, validation_split=0.2)
    """
    assert ("label-corrupted" in said(text)) is wrong


@pytest.mark.parametrize(
    "together",
    [
        "sum(blocks, [])",
        "itertools.chain(*blocks)",
        "itertools.chain.from_iterable(blocks)",
        "chain(blocks[0], blocks[1])",
    ],
)
@pytest.mark.parametrize(("activation", "wrong"), [("", True), (', activation="relu"', False)])
def test_layers_of_several_lists_are_put_together(together: str, activation: str, wrong: bool) -> None:
    text = f"""
        import itertools
        from itertools import chain
        import keras
        from keras import layers

        blocks = [[layers.Conv2D(n, 3{activation}), layers.MaxPooling2D()] for n in (16, 32)]
        head = [layers.Flatten(), layers.Dense(10, activation="softmax")]
        model = keras.Sequential([keras.Input((32, 32, 3)), *{together}, *head])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=20, validation_split=0.2)
    """
    assert ("missing-hidden-activation" in said(text)) is wrong


@pytest.mark.parametrize(
    ("returned", "wrong"),
    [
        ("K.mean(y_true * K.log(y_pred + 1e-7), axis=-1)", True),
        ("-K.mean(y_true * K.log(y_pred + 1e-7), axis=-1)", False),
        ("K.mean(y_true * K.log(y_pred + 1e-7) + (1 - y_true) * K.log(1 - y_pred + 1e-7))", True),
        ("K.mean(-y_true * K.log(y_pred + 1e-7) - (1 - y_true) * K.log(1 - y_pred + 1e-7))", False),
        ("-1 * K.sum(y_true * K.log(y_pred + 1e-7))", False),
        ("K.sum(weights * K.log(y_pred + 1e-7))", False),
        ("K.sum(y_true * K.log(y_true / y_pred + 1e-7))", False),
        ("K.sum(y_true * K.log(1 / y_pred + 1e-7))", False),
    ],
)
def test_a_likelihood_wants_its_minus(returned: str, wrong: bool) -> None:
    text = f"""
        import keras
        from keras import backend as K

        def loss(y_true, y_pred):
            return {returned}

        model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", loss, metrics=["accuracy"])
        model.fit(x, y, epochs=20, validation_split=0.2)
    """
    assert ("loss-without-minimum" in said(text)) is wrong

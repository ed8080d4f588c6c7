"""Ways of writing healthy programs, met in public code, that were once taken for faults; most beside a faulty twin."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


GAN = """
from keras.models import Model, Sequential
from keras.layers import Dense, Input
import numpy as np

generator = Sequential([Dense(256, activation="relu", input_dim=100), Dense(784, activation="tanh")])
generator.compile(loss="binary_crossentropy", optimizer="adam")
judge = Sequential([Dense(64, activation="relu", input_dim=784), Dense(1, activation="sigmoid")])
judge.compile(loss="binary_crossentropy", optimizer="adam")
judge.trainable = False
noise = Input(shape=(100,))
gan = Model(noise, judge(generator(noise)))
gan.compile(loss="binary_crossentropy", optimizer="adam")
for step in range(1000):
    gan.train_on_batch(np.random.normal(size=(32, 100)), np.ones(32))
{more}
"""


def test_a_generator_has_a_loss_of_its_own_only_where_it_is_trained_alone() -> None:
    trained = "    generator.train_on_batch(np.random.normal(size=(32, 100)), np.ones((32, 784)))"
    assert "invalid-output-activation" not in said(GAN.format(more=""))
    assert "invalid-output-activation" in said(GAN.format(more=trained))


@pytest.mark.parametrize(("axis", "wrong"), [("axis=1", False), ("axis=-1", True), ("", True)])
def test_softmax_over_places_may_have_one_value_at_each(axis: str, wrong: bool) -> None:
    text = f"""
        import tensorflow as tf
        from tensorflow.keras import Input, Model, layers

        words = Input(shape=(40, 64))
        weights = tf.nn.softmax(layers.Dense(1)(layers.Dense(32, activation="tanh")(words)), {axis})
        model = Model(words, weights)
        model.compile("adam", "categorical_crossentropy")
        """
    assert ("softmax-single-unit" in said(text)) is wrong


@pytest.mark.parametrize(
    ("layers", "wrong"), [("model.layers[:172]", False), ("model.layers[:-1]", False), ("model.layers", True)]
)
def test_a_network_taken_apart_lists_its_own_layers(layers: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from tensorflow.keras.applications import InceptionV3
        from tensorflow.keras import Model, layers

        base = InceptionV3(weights="imagenet", include_top=False, pooling="avg")
        model = Model(base.input, layers.Dense(2, activation="softmax")(base.output))
        for layer in {layers}:
            layer.trainable = False
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(np.load("x.npy"), np.load("y.npy"), epochs=10, validation_split=0.1)
        """
    assert ("nothing-to-train" in said(text)) is wrong


def test_layers_on_data_change_their_shape() -> None:
    text = """
        import numpy as np
        from tensorflow import keras
        from tensorflow.keras import layers

        (x, y), _ = keras.datasets.mnist.load_data()
        edges = layers.Conv2D(1, 3)(x[:1].reshape(1, 28, 28, 1) / 255)
        print(edges.numpy().reshape(26, 26))
        flat = layers.Flatten()(x / 255)
        decoder = layers.Dense(flat.shape[-1], activation="sigmoid")
        model = keras.Sequential([layers.Flatten(), decoder, layers.Reshape([28, 28])])
        """
    assert said(text).isdisjoint(("shape-mismatch", "reshape-size-mismatch"))


def test_a_shape_that_is_worked_out_may_have_any_number_of_axes() -> None:
    text = """
        import numpy as np
        from tensorflow import keras

        x = np.array([read(name) for name in names])
        x = x.reshape(x.shape + (1,))
        model = keras.Sequential([keras.layers.Conv2D(8, 3, activation="relu", input_shape=(256, 256, 1))])
        model.compile("adam", "mse")
        model.fit(x, x, epochs=5, validation_split=0.1)
        """
    assert "input-shape-mismatch" not in said(text)


@pytest.mark.parametrize(("held_out", "wrong"), [("x_val", False), ("x_train", True)])
def test_arrays_of_one_file_have_rows_of_their_own(held_out: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from tensorflow import keras

        file = np.load("faces.npz")
        x_train, y_train, x_val, y_val = file["x_train"], file["y_train"], file["{held_out}"], file["y_val"]
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(7, activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=5)
        """
    assert ("validation-on-training-data" in said(text)) is wrong


def test_numbers_of_words_are_in_the_order_of_the_words() -> None:
    text = """
        import numpy as np
        import pandas as pd
        from keras.preprocessing.sequence import pad_sequences
        from keras.preprocessing.text import Tokenizer
        from keras.models import Sequential
        from keras.layers import Dense, Embedding, GlobalMaxPooling1D
        from sklearn.model_selection import train_test_split

        tweets = pd.read_csv("tweets.csv")
        signs = sorted(set(tweets["sign"]))
        number_of = {sign: number for number, sign in enumerate(signs)}
        train, test = train_test_split(tweets, test_size=0.1)
        tokenizer = Tokenizer(num_words=5000)
        tokenizer.fit_on_texts(train["text"])
        x = pad_sequences(tokenizer.texts_to_sequences(train["text"]), maxlen=40)
        y = np.asarray([number_of[sign] for sign in train["sign"]])
        model = Sequential([Embedding(5000, 32), GlobalMaxPooling1D(), Dense(len(signs), activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=5)
        """
    assert "labels-shuffled-apart" not in said(text)


@pytest.mark.parametrize(("argument", "wrong"), [("normalize=True", False), ("normalise=True", True)])
def test_functions_that_join_take_what_their_layers_take(argument: str, wrong: bool) -> None:
    text = f"""
        from tensorflow.keras import layers

        likeness = layers.dot([layers.Input((32,)), layers.Input((32,))], axes=1, {argument})
        """
    assert ("invalid-argument" in said(text)) is wrong


def levels(text: str) -> dict[str, str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name: each.severity.value for each in findings}


def test_either_of_two_tensors_may_go_on() -> None:
    text = """
        import keras
        from keras import layers

        def block(x, width):
            rest = x if x.shape[3] == width else layers.Conv2D(width, 1)(x)
            x = layers.BatchNormalization()(x)
            x = layers.Conv2D(width, 3, padding="same", activation="swish")(x)
            return {join}

        image, noise = keras.Input((64, 64, 3)), keras.Input((64, 64, 1))
        x = layers.Concatenate()([layers.Conv2D(32, 1)(image), noise])
        model = keras.Model([image, noise], layers.Conv2D(3, 1)(block(x, 32)))
        model.compile("adam", "mse")
        """
    for join in ("x + rest", "layers.add([x, rest])"):
        assert "missing-hidden-activation" not in said(text.format(join=join))
    assert "missing-hidden-activation" in said(text.format(join="x"))


def test_a_block_may_begin_with_its_activation() -> None:
    text = """
        from keras import Input, Model
        from keras.layers import Conv2D, Dense, Flatten, LeakyReLU

        x = image = Input((28, 28, 1))
        for filters in (32, 64, 128):
            {before}
            x = Conv2D(filters, 5, strides=2, padding="same")(x)
        model = Model(image, Dense(1, activation="sigmoid")(Flatten()(x)))
        model.compile("adam", "binary_crossentropy")
        """
    assert "missing-hidden-activation" not in said(text.format(before="x = LeakyReLU(0.2)(x)"))
    assert "missing-hidden-activation" in said(text.format(before="pass"))


@pytest.mark.parametrize(("compiled", "wrong"), [('wide.compile("adam", "mse")', False), ("", True)])
def test_the_head_of_one_model_may_feed_another(compiled: str, wrong: bool) -> None:
    text = f"""
        from keras import Input, Model
        from keras.layers import Dense, concatenate

        one, two = Input((40,)), Input((8,))
        wide = Model(one, Dense(4)(Dense(32, activation="relu")(one)))
        {compiled}
        deep = Dense(16, activation="relu")(two)
        both = Model([one, two], Dense(1)(concatenate([wide.output, deep])))
        both.compile("adam", "mse")
        """
    assert ("missing-hidden-activation" in said(text)) is wrong


@pytest.mark.parametrize(("after", "level"), [("concatenate([lstm, ways])", "info"), ("lstm", "warning")])
def test_dropout_that_values_go_around_is_no_hurdle(after: str, level: str) -> None:
    text = f"""
        from keras import Input, Model
        from keras.layers import LSTM, Conv1D, Dense, Dropout, GlobalAveragePooling1D, concatenate

        series = Input((100, 1))
        lstm = Dropout(0.8)(LSTM(8)(series))
        ways = GlobalAveragePooling1D()(Conv1D(128, 8, activation="relu")(series))
        model = Model(series, Dense(5, activation="softmax")({after}))
        """
    assert levels(text)["dropout-too-high"] == level


RATES = """
import argparse
import numpy as np
from keras import Sequential
from keras.callbacks import LearningRateScheduler
from keras.layers import Dense
from keras.optimizers import Adam, SGD

x, y = np.load("x.npy"), np.load("y.npy")
model = Sequential([Dense(10, activation="relu"), Dense(10, activation="relu"), Dense(1)])
"""


@pytest.mark.parametrize(
    ("callbacks", "wrong"), [("[LearningRateScheduler(lambda e: 1e-8 * 10**e)]", False), ("[]", True)]
)
def test_a_rate_may_be_the_best_of_many(callbacks: str, wrong: bool) -> None:
    text = f"""
model.compile(SGD(momentum=0.9), "mse")
model.fit(x, y, epochs=100, callbacks={callbacks})
model = Sequential([Dense(10, activation="relu"), Dense(1)])
model.compile(SGD(4e-8, momentum=0.9), "mse")
model.fit(x, y, epochs=500)
"""
    assert ("learning-rate-too-low" in said(RATES + text)) is wrong


@pytest.mark.parametrize(("first", "wrong"), [("", True), ('model.compile("adam", "mse")\nmodel.fit(x, y)', False)])
def test_a_trained_model_is_tuned_with_small_steps(first: str, wrong: bool) -> None:
    text = f"{RATES}{first}\nmodel.compile(Adam(2e-7), 'mse')\nmodel.fit(x, y, epochs=5)\n"
    assert ("learning-rate-too-low" in said(text)) is wrong


def test_the_default_rate_of_one_optimizer_is_not_the_other_ones() -> None:
    text = """
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--opt", default="sgd")
args = parser.parse_args()

def optimizer(name, lr):
    if name == "sgd":
        return SGD(lr, momentum=0.9)
    return Adam(lr)

model.compile({chosen}, "mse")
model.fit(x, y, epochs=5)
"""
    assert "learning-rate-too-high" not in said(RATES + text.format(chosen="optimizer(args.opt, args.lr)"))
    assert "learning-rate-too-high" in said(RATES + text.format(chosen="Adam(args.lr)"))


def test_one_layer_alone_is_shown_untrained() -> None:
    text = """
        import numpy as np
        from keras import Sequential
        from keras.layers import Dense, Embedding, Flatten

        model = Sequential([Embedding(10, 50){more}])
        model.compile("rmsprop", "mse")
        print(model.predict(np.arange(10)))
        """
    assert "never-trained" not in said(text.format(more=""))
    assert "never-trained" in said(text.format(more=", Flatten(), Dense(1)"))


@pytest.mark.parametrize(("optimizer", "level"), [("adam", "info"), ("sgd", "warning")])
def test_a_sum_changes_the_steps_of_plain_descent(optimizer: str, level: str) -> None:
    text = f"""
        import tensorflow as tf
        from tensorflow import keras

        def triplet_loss(y_true, y_pred):
            anchor, same, other = y_pred[0], y_pred[1], y_pred[2]
            gap = tf.reduce_sum(tf.square(anchor - same), -1) - tf.reduce_sum(tf.square(anchor - other), -1)
            return tf.reduce_sum(tf.maximum(gap + 0.2, 0.0))

        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(128)])
        model.compile("{optimizer}", triplet_loss)
        """
    assert levels(text)["summed-loss"] == level


def test_accuracy_of_logits_is_told_and_no_more() -> None:
    text = """
        import keras

        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        """
    assert levels(text)["metric-mismatch"] == "info"


@pytest.mark.parametrize(("spread", "wrong"), [("0.5", False), ("3", True)])
def test_nearly_all_of_what_is_drawn_is_within_two_spreads(spread: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from keras import Sequential
        from keras.layers import Dense

        model = Sequential([Dense(8, activation="relu"), Dense(50, activation="tanh")])
        model.compile("adam", "mse")
        codes = np.random.normal(0.0, {spread}, (1000, 50))
        model.fit(np.random.rand(1000, 8), codes, epochs=20)
        """
    assert ("output-range-mismatch" in said(text)) is wrong


def test_columns_are_scaled_one_after_another() -> None:
    text = """
        import pandas as pd
        from keras import Sequential
        from keras.layers import Dense

        def scale(table, name):
            table[name] = (table[name] - table[name].mean()) / table[name].std()

        table = pd.read_csv("calls.csv")
        for name in table.columns:
            {scaled}
        x = table.values
        model = Sequential([Dense(8, activation="relu"), Dense(3, activation="relu"), Dense(40)])
        model.compile("adam", "mse")
        model.fit(x, x, epochs=100)
        """
    assert "input-not-normalized" not in said(text.format(scaled="scale(table, name)"))
    assert "input-not-normalized" in said(
        text.format(scaled="print(name)").replace("(table[name] - table[name].mean()) / table[name].std()", "0")
    )


def test_what_is_made_elsewhere_may_judge() -> None:
    text = """
        from gan import discriminator, generator
        from keras import Input, Model

        noise = Input((100,))
        adversarial = Model(noise, discriminator(generator(noise)))
        adversarial.compile(loss="mse", optimizer="rmsprop", metrics=["accuracy"])
        """
    assert "accuracy-metric-for-regression" not in said(text)


@pytest.mark.parametrize(("turned", "wrong"), [(".T", False), (".transpose()", False), ("", True)])
def test_columns_may_be_written_as_rows(turned: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from keras import Sequential
        from keras.layers import Dense

        x = np.array([range(10), range(21, 31), range(201, 211)]){turned}
        y = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        model = Sequential([Dense(8, activation="relu", input_dim=3), Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=100)
        """
    assert ("input-shape-mismatch" in said(text)) is wrong


def test_long_ranges_of_numbers_are_measured() -> None:
    text = """
        import numpy as np
        from keras import Sequential
        from keras.layers import Dense

        x = np.array([range(100), range(301, 401)]).T
        model = Sequential([Dense(8, activation="relu", input_dim=2), Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, np.array(range(3001, 3101)), epochs=100, validation_split=0.2)
        """
    assert "input-not-normalized" in said(text)


def test_a_series_is_whole_without_its_gaps() -> None:
    text = """
        import numpy as np
        import pandas as pd
        from keras import Sequential
        from keras.layers import LSTM, Dense
        from sklearn.preprocessing import MinMaxScaler

        table = pd.read_csv("shares.csv"){rows}
        series = MinMaxScaler().fit_transform(((table["High"] + table["Low"]) / 2).values.reshape(-1, 1))
        x, y = [], []
        for start in range(len(series) - 50):
            x.append(series[start:start + 50])
            y.append(series[start + 50])
        x, y = np.array(x), np.array(y)
        row = int(round(len(x) * 0.9))
        model = Sequential([LSTM(50, input_shape=(50, 1)), Dense(1)])
        model.compile("adam", "mse")
        model.fit(x[:row], y[:row], validation_data=(x[row:], y[row:]), epochs=20)
        """
    assert "scaler-fitted-before-split" in said(text.format(rows=".dropna()"))
    assert "scaler-fitted-before-split" not in said(text.format(rows='.query("year < 2015")'))


def test_a_test_rules_defaults_out() -> None:
    text = """
        from keras import Sequential
        from keras.layers import Dense

        def make(loss="cross_entropy"):
            model = Sequential([Dense(8, activation="relu"), Dense(1)])
            if loss == {named}:
                model.compile("adam", "mse")
            else:
                model.compile("adam", loss)
            return model
        """
    assert "unknown-metric" not in said(text.format(named="'cross_entropy'"))
    assert "unknown-metric" in said(text.format(named="'distance'"))
    after = (
        "def make(loss='cross_entropy'):\n    if loss == 'mse':\n        print(loss)\n    model.compile('adam', loss)\n"
    )
    head = "from keras import Sequential\nfrom keras.layers import Dense\nmodel = Sequential([Dense(1)])\n"
    assert "unknown-metric" in said(head + after)


def test_a_generator_scales_what_a_file_holds() -> None:
    text = """
        import csv
        import numpy as np
        from tensorflow import keras
        from tensorflow.keras.preprocessing.image import ImageDataGenerator

        rows = [row for row in csv.reader(open("signs.csv"))]
        images, labels = np.array([row[1:] for row in rows]).astype(float), np.array([row[0] for row in rows])
        images = images.reshape(-1, 28, 28, 1)
        model = keras.Sequential([keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.Flatten()])
        model.add(keras.layers.Dense(26, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(ImageDataGenerator({scale}).flow(images, labels, batch_size=32), epochs=15)
        """
    assert "input-not-normalized" not in said(text.format(scale="rescale=1 / 255"))
    assert "input-not-normalized" in said(text.format(scale="horizontal_flip=True"))


@pytest.mark.parametrize(
    ("made", "later", "wrong"), [("trainable=False", "", False), ("", "first.trainable = False", True)]
)
def test_a_layer_may_be_made_to_stay_random(made: str, later: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from keras import Sequential
        from keras.layers import Dense

        first = Dense(128, activation="relu", {made})
        {later}
        model = Sequential([first, Dense(64, activation="relu"), Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.random.rand(1000, 2), np.load("y.npy"), epochs=100, validation_split=0.2)
        """
    assert ("frozen-before-training" in said(text)) is wrong


SKIP = """
    import keras
    from keras import layers
    from project import deeper

    inputs = keras.Input((32, 32, 3))
    early = layers.Conv2D(32, 3, padding="same")(inputs)
    late = layers.Conv2D(32, 3, padding="same", activation="relu")({late})
    outputs = layers.Conv2D(3, 3, padding="same", activation="sigmoid")(layers.Concatenate()([late, early]))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")
"""


@pytest.mark.parametrize(("late", "told"), [("deeper.features", False), ("inputs", True)])
def test_a_layer_that_joins_something_unknown_may_have_other_readers(late: str, told: bool) -> None:
    assert ("missing-hidden-activation" in said(SKIP.format(late=late))) is told

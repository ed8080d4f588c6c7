"""Faults in the forms that questions on the web show them in, and healthy twins that look alike."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


TWO_TAPES = """
import tensorflow as tf
from tensorflow.keras import Sequential, layers, losses, optimizers

g = Sequential([layers.Dense(64, "relu"), layers.Dense(784, "tanh")])
d = Sequential([layers.Dense(64, "relu"), layers.Dropout(0.3), layers.Dense(1)])
bce = losses.BinaryCrossentropy(from_logits=True)
g_opt, d_opt = optimizers.Adam(2e-4), optimizers.Adam(2e-4)

def step(real, noise):
    with tf.GradientTape() as t:
        p = d(real, training={judge})
        loss = bce(tf.ones_like(p), p)
    d_opt.apply_gradients(zip(t.gradient(loss, d.trainable_weights), d.trainable_weights))
    with tf.GradientTape() as t:
        p = d(g(noise, training=True), training=False)
        loss = bce(tf.ones_like(p), p)
    g_opt.apply_gradients(zip(t.gradient(loss, g.trainable_weights), g.trainable_weights))

for real in batches:
    step(real, tf.random.normal((32, 100)))
"""


def test_two_tapes_of_one_name_are_asked_for_their_own_gradients() -> None:
    assert "training-in-inference-mode" not in said(TWO_TAPES.format(judge="True"))
    assert "training-in-inference-mode" in said(TWO_TAPES.format(judge="False"))


@pytest.mark.parametrize(
    ("loss", "wrong"),
    [
        ("-K.sum(y_true * K.log(y_pred + 1e-7))", True),
        ("0.5 * K.sum(K.square(y_true - y_pred))", True),
        ("-K.sum(y_true * K.log(y_pred + 1e-7), axis=-1)", False),
        ("K.sum(K.square(y_true - y_pred)) / 32", False),
    ],
)
def test_a_sign_or_a_factor_does_not_average_a_sum(loss: str, wrong: bool) -> None:
    text = f"""
        import tensorflow.keras.backend as K
        from tensorflow.keras import Sequential, layers

        def own(y_true, y_pred):
            return {loss}

        model = Sequential([layers.Dense(4, activation="softmax")])
        model.compile(optimizer="sgd", loss=own)
        """
    assert ("summed-loss" in said(text)) is wrong


@pytest.mark.parametrize(("units", "wrong"), [(42, True), (43, False)])
def test_one_hot_rows_need_their_units_under_any_loss(units: int, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from tensorflow.keras import Sequential, layers
        from tensorflow.keras.utils import to_categorical

        y = to_categorical(np.load("labels.npy"), 43)
        model = Sequential([layers.Dense(64, activation="relu"), layers.Dense({units}, activation="softmax")])
        model.compile("adam", "mean_squared_error")
        model.fit(np.load("x.npy") / 255, y)
        """
    assert ("output-units-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(("method", "wrong"), [("fit_transform", True), ("transform", False)])
def test_a_scaler_of_one_input_of_several(method: str, wrong: bool) -> None:
    text = f"""
        import pandas as pd
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import MinMaxScaler
        from tensorflow.keras import Input, Model, layers

        (train, test, train_pictures, test_pictures) = train_test_split(pd.read_csv("houses.txt"), pictures / 255)
        scaler = MinMaxScaler()
        train_x = scaler.fit_transform(train[["rooms", "area"]])
        test_x = scaler.{method}(test[["rooms", "area"]])
        numbers, picture = Input((2,)), Input((64, 64, 3))
        joined = layers.concatenate([layers.Dense(8, "relu")(numbers), layers.Flatten()(picture)])
        model = Model([numbers, picture], layers.Dense(1)(joined))
        model.compile("adam", "mse")
        judging = ([test_x, test_pictures], test["price"] / 1e6)
        model.fit([train_x, train_pictures], train["price"] / 1e6, validation_data=judging)
        """
    assert ("scaler-refitted-on-test" in said(text)) is wrong


@pytest.mark.parametrize(
    ("between", "wrong"),
    [
        ("layers.MaxPooling1D(2)", True),
        ("layers.Conv1D(32, 5, strides=2, activation='relu')", True),
        ("layers.Conv1D(32, 5, padding='same', activation='relu')", False),
        ("layers.GlobalMaxPooling1D()", False),
    ],
)
def test_pooled_places_have_no_labels_of_their_own(between: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from keras import Sequential, layers
        from keras.utils import to_categorical

        y = to_categorical(np.load("labels.npy"), 5)
        model = Sequential([
            layers.Input((187, 1)),
            layers.Conv1D(32, 5, activation="relu", padding="same"),
            {between},
            layers.Dense(5, activation="softmax"),
        ])
        model.compile("adam", "categorical_crossentropy")
        model.fit(np.load("beats.npy"), y)
        """
    assert ("missing-flatten" in said(text)) is wrong


@pytest.mark.parametrize(("start", "wrong"), [("", True), (", recurrent_initializer='identity'", False)])
def test_relu_in_a_plain_recurrent_layer(start: str, wrong: bool) -> None:
    text = f"""
        from keras import Sequential, layers

        model = Sequential([layers.Input((20, 1)), layers.SimpleRNN(32, activation="relu"{start}), layers.Dense(1)])
        model.compile("adam", "mse")
        """
    assert ("relu-in-recurrent-layer" in said(text)) is wrong


SEARCHED = """
import keras
import keras_tuner as kt

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()

class Classifier(kt.HyperModel):
    def build(self, hp):
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(self, hp, model, x, y, **kwargs):
        {scaling}
        return model.fit(x, y, **kwargs)

tuner = kt.Hyperband(Classifier(), objective="val_accuracy", max_epochs=10)
tuner.search(x, y, epochs=10, validation_split=0.1)
"""


def test_a_searched_model_may_train_in_a_way_of_its_own() -> None:
    assert "input-not-normalized" not in said(SEARCHED.format(scaling="x = x / 255 if hp.Boolean('scale') else x"))
    assert "input-not-normalized" in said(SEARCHED.format(scaling="print(hp)"))


@pytest.mark.parametrize(
    ("activation", "loss", "wrong"),
    [("softmax", "hinge", True), ("tanh", "hinge", False), ("softmax", "categorical_hinge", False)],
)
def test_probabilities_under_a_hinge(activation: str, loss: str, wrong: bool) -> None:
    text = f"""
        from keras import Sequential, layers

        model = Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="{activation}")])
        model.compile("adam", loss="{loss}")
        """
    assert ("invalid-output-activation" in said(text)) is wrong


@pytest.mark.parametrize(
    ("steps", "wrong"), [("batch(64).shuffle(1000)", True), ("shuffle(1000).batch(64)", False), ("batch(64)", False)]
)
def test_batches_of_a_loaded_dataset_are_shuffled_too_late(steps: str, wrong: bool) -> None:
    text = f"""
        import tensorflow as tf
        import tensorflow_datasets as tfds

        data, info = tfds.load("ag_news_subset", with_info=True, as_supervised=True)
        words = tf.keras.layers.TextVectorization(max_tokens=10000)
        model = tf.keras.Sequential([words, tf.keras.layers.Embedding(10000, 8), tf.keras.layers.LSTM(8)])
        model.add(tf.keras.layers.Dense(4, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(data["train"].{steps}, validation_data=data["test"].batch(64))
        """
    assert ("dataset-not-shuffled" in said(text)) is wrong


def test_the_datasets_of_all_splits_are_known_by_their_names() -> None:
    text = """
        import tensorflow as tf
        import tensorflow_datasets as tfds

        data = tfds.load("mnist", as_supervised=True)
        model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense({units}, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(data["train"].shuffle(9999).batch(64), validation_data=data["{part}"].batch(64))
        """
    assert {"output-units-mismatch", "input-not-normalized"} <= said(text.replace("{units}", "9"))
    assert "validation-on-training-data" in said(text.replace("{units}", "10").replace("{part}", "train"))
    assert "validation-on-training-data" not in said(text.replace("{units}", "10").replace("{part}", "test"))


@pytest.mark.parametrize(("target", "wrong"), [("v[i + n, 0]", True), ("v[i + n - 24:i + n, :1]", False)])
def test_steps_for_one_value_of_a_scaled_table(target: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        import pandas as pd
        from sklearn.preprocessing import MinMaxScaler
        from keras import Sequential, layers

        table = pd.read_csv("energy.csv")
        values = MinMaxScaler().fit_transform(table[["load", "temp", "wind"]].values)

        def windows(v, n=24):
            x, y = [], []
            for i in range(len(v) - n):
                x.append(v[i:i + n])
                y.append({target})
            return np.array(x), np.array(y)

        x, y = windows(values)
        model = Sequential([layers.Input((24, 3)), layers.LSTM(64, return_sequences=True), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """
    assert ("missing-flatten" in said(text)) is wrong


@pytest.mark.parametrize(("columns", "wrong"), [(5, True), (3, False)])
def test_columns_named_one_by_one_are_counted(columns: int, wrong: bool) -> None:
    text = f"""
        import pandas as pd
        from keras import Sequential, layers
        from sklearn.preprocessing import StandardScaler

        table = pd.read_csv("houses.csv")
        x = StandardScaler().fit_transform(table[["rooms", "area", "age"]])
        model = Sequential([layers.Input(({columns},)), layers.Dense(8, activation="relu"), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, table["price"] / 1e6)
        """
    assert ("input-shape-mismatch" in said(text)) is wrong


def test_a_column_by_its_number_has_a_range_of_its_own() -> None:
    text = """
        import numpy as np
        import pandas as pd
        from keras import Sequential, layers

        table = pd.read_csv("mitbih_train.csv", header=None)
        y = np.array(table[187].values).astype(np.int8)
        model = Sequential([layers.Dense(64, activation="relu"), layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(table[list(range(187))].values, y, validation_split=0.1)
        """
    assert "output-units-mismatch" not in said(text)


@pytest.mark.parametrize(("metrics", "wrong"), [('["mae"]', True), ('["mae", "accuracy"]', False), ("[own]", False)])
def test_distances_do_not_tell_how_often_a_classifier_is_right(metrics: str, wrong: bool) -> None:
    text = f"""
        import keras
        from project import own

        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics={metrics})
        model.fit(x / 255, y, validation_split=0.1)
        """
    assert ("classification-without-metric" in said(text)) is wrong


@pytest.mark.parametrize(("momentum", "wrong"), [("1.5", True), ("1.0", True), ("0.9", False)])
def test_a_momentum_of_more_than_everything(momentum: str, wrong: bool) -> None:
    text = f"""
        import keras

        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.SGD(0.001, momentum={momentum}), loss="mse")
        """
    assert ("momentum-too-high" in said(text)) is wrong


@pytest.mark.parametrize(
    ("sets", "wrong"),
    [
        ("self.model.optimizer.learning_rate.assign(1e-7 * 1.1 ** batch)", False),
        ("K.set_value(self.model.optimizer.lr, 1e-7 * 1.1 ** batch)", False),
        ("print(logs['loss'], self.model.optimizer.lr)", True),
    ],
)
def test_a_callback_of_ones_own_may_raise_the_rate(sets: str, wrong: bool) -> None:
    text = f"""
        import keras
        import keras.backend as K

        class Finder(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                {sets}

        model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10)])
        model.compile(keras.optimizers.SGD(1e-7), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x, y, callbacks=[Finder()])
        """
    assert ("learning-rate-too-low" in said(text)) is wrong


@pytest.mark.parametrize(("weights", "wrong"), [("sample_weight=m[0], ", False), ("", True)])
def test_weights_may_tell_the_parts_of_a_graph_apart(weights: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np

        x, y, m = np.load("x.npy"), np.load("y.npy"), np.load("masks.npy")
        model = keras.Sequential([keras.layers.Dense(7, activation="softmax")])
        model.compile("adam", "categorical_crossentropy", weighted_metrics=["accuracy"])
        model.fit(x, y, {weights}validation_data=(x, y, m[1]))
        """
    assert ("validation-on-training-data" in said(text)) is wrong


@pytest.mark.parametrize(
    ("condition", "wrong"), [("model.output_shape[-1] > 1", False), ("len(p[0]) > 1", False), ("verbose", True)]
)
def test_a_helper_for_models_of_any_size_asks_first(condition: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np

        def plot(model, x, verbose):
            p = model.predict(x)
            if {condition}:
                p = np.argmax(p, axis=1)
            else:
                p = np.round(p)
            show(p)

        dense = keras.layers.Dense
        model = keras.Sequential([dense(8, activation="relu"), dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=10)
        plot(model, x, wanted)
        """
    assert ("argmax-single-output" in said(text)) is wrong


@pytest.mark.parametrize(("momentum", "wrong"), [(0.9997, False), (0.9999, True)])
def test_the_slow_averages_of_published_networks(momentum: float, wrong: bool) -> None:
    text = f"""
        from keras import Sequential, layers

        model = Sequential([layers.Dense(64, use_bias=False), layers.BatchNormalization(momentum={momentum})])
        model.add(layers.Activation("relu"))
        model.add(layers.Dense(1))
        model.compile("adam", "mse")
        """
    assert ("momentum-too-high" in said(text)) is wrong


def test_columns_of_which_one_was_scaled_on_its_way_are_as_large_as_their_largest() -> None:
    text = """
        import keras
        import numpy as np

        rng = np.random.default_rng(1)
        area = rng.uniform(30, 250, 2000)
        rooms = area / 30 + rng.normal(0, 1, 2000)
        x = np.column_stack([area, rooms])
        model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, rng.normal(0, 1, 2000))
        """
    assert "input-not-normalized" in said(text)

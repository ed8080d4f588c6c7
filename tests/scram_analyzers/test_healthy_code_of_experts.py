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

"""Forms that programs on the web take: pasted parts, tuners, loops of their own, old names."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


def test_code_without_any_import_is_read() -> None:
    assert "softmax-single-unit" in said(
        """
        model = Sequential()
        model.add(LSTM(32, input_shape=(X_train.shape[1], X_train.shape[2])))
        model.add(Dense(1, activation="softmax"))
        model.compile(loss="binary_crossentropy", optimizer="adam")
        model.fit(X_train, y_train, epochs=10)
        """
    )


def test_a_module_of_another_library_is_not() -> None:
    assert not said("class Dense:\n    pass\n\nmodel = Sequential(Dense(1)).compile()\nmodel.fit(x)\n")


TUNED = """
import keras
import keras_tuner as kt

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
{scaling}

def build(hp):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

tuner = kt.RandomSearch(build, objective="val_accuracy")
tuner.search(x, y, epochs=5, validation_split=0.1)
model = {model}
model.evaluate(x_test, y_test)
"""

MODELS = ("tuner.get_best_models(1)[0]", "tuner.hypermodel.build(tuner.get_best_hyperparameters()[0])")


@pytest.mark.parametrize("model", MODELS)
def test_a_tuner_trains_what_its_function_makes(model: str) -> None:
    assert "input-not-normalized" in said(TUNED.format(scaling="", model=model))
    assert "scaling-mismatch" in said(TUNED.format(scaling="x = x / 255", model=model))
    assert said(TUNED.format(scaling="x, x_test = x / 255, x_test / 255", model=model)) <= {"no-seed"}


LOOP = """
import tensorflow as tf

(x, y), _ = tf.keras.datasets.cifar10.load_data()
data = tf.data.Dataset.from_tensor_slices(({x}, {y})).shuffle(1000).batch(64)
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10, activation="softmax")])
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy()
optimizer = tf.keras.optimizers.Adam()

@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        loss = loss_fn(labels, model(images, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))

for epoch in range(10):
    for images, labels in data:
        train_step(images, labels)
"""


def test_a_loop_of_the_programs_own_shows_its_data() -> None:
    assert "input-not-normalized" in said(LOOP.format(x="x.astype('float32')", y="y"))
    assert "label-encoding-mismatch" in said(LOOP.format(x="x / 255", y="tf.keras.utils.to_categorical(y)"))
    assert said(LOOP.format(x="x / 255", y="y")) <= {"no-seed"}


def test_tensorflows_own_root_shows_keras_losses() -> None:
    wrong = LOOP.replace("tf.keras.losses.Sparse", "tf.losses.Sparse").replace('"softmax"', '"relu"')
    assert "invalid-output-activation" in said(wrong.format(x="x / 255", y="y"))


def test_units_that_are_worked_out_are_several() -> None:
    assert "label-encoding-mismatch" in said(
        """
        import keras
        import numpy as np
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(count(y), activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x / 255, y, epochs=5)
        """
    )


def test_a_regressors_targets_are_numbers() -> None:
    assert "classification-loss-for-regression" in said(
        """
        from keras.layers import Dense
        from keras.models import Sequential
        from scikeras.wrappers import KerasRegressor

        def build():
            model = Sequential([Dense(8, activation="relu"), Dense(1)])
            model.compile("adam", "binary_crossentropy")
            return model

        KerasRegressor(model=build, epochs=10).fit(x, y)
        """
    )


@pytest.mark.parametrize("target", ["values[0][action] = reward", "values[0, action] = reward"])
def test_q_learning_wants_numbers(target: str) -> None:
    names = said(
        f"""
        import keras
        class Agent:
            def __init__(self, actions):
                self.model = keras.Sequential([keras.layers.Dense(actions, activation="softmax")])
                self.model.compile("adam", "mse")
            def learn(self, state, action, reward):
                values = self.model.predict(state)
                {target}
                self.model.fit(state, values, epochs=1)
        """
    )
    assert "output-range-mismatch" in names
    assert "regression-loss-for-classification" not in names


REFIT = """
import keras
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import MinMaxScaler
from keras.preprocessing.text import Tokenizer

train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
{lines}
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, train["label"], epochs=5)
model.predict(x_test)
"""


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("t = TfidfVectorizer()\nx = t.fit_transform(train['a'])\nx_test = t.fit_transform(test['a'])", "encoder"),
        (
            "s = MinMaxScaler()\nx = s.fit_transform(train[['a']])\n"
            "whole = pd.concat([train['a'], test['a']])\n"
            "x_test = s.fit_transform(whole[len(whole) - len(test) - 60:].values.reshape(-1, 1))",
            "scaler",
        ),
        (
            "t = Tokenizer()\nt.fit_on_texts(train['a'])\nx = t.texts_to_matrix(train['a'])\n"
            "u = Tokenizer()\nu.fit_on_texts(test['a'])\nx_test = u.texts_to_matrix(test['a'])",
            "encoder",
        ),
    ],
)
def test_what_is_fitted_again_for_the_test_is_seen(lines: str, name: str) -> None:
    assert f"{name}-refitted-on-test" in said(REFIT.format(lines=lines))


def test_a_vectorizer_that_only_transforms_the_test_is_right() -> None:
    lines = "t = TfidfVectorizer()\nx = t.fit_transform(train['a'])\nx_test = t.transform(test['a'])"
    assert "encoder-refitted-on-test" not in said(REFIT.format(lines=lines))


def test_small_optimizers_are_gone_but_understood() -> None:
    names = said(
        """
        from keras import layers, models, optimizers
        model = models.Sequential([layers.Dense(1)])
        model.compile(optimizer=optimizers.adam(lr=5.0), loss="mse")
        """
    )
    assert {"removed-api", "learning-rate-too-high"} <= names

"""Faults in programs of several outputs, of losses of their own, and of sizes that are not written out."""

from __future__ import annotations

import textwrap

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    return {each.name for each in analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings}


TWO_HEADS = """
import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

digits = load_digits()
x = digits.data / 16
inputs = keras.Input((64,))
trunk = layers.Dense({width}, activation={activation})(inputs)
trunk = layers.Dropout(0.2)(trunk)
digit = layers.Dense(10, activation="softmax", name="digit")(trunk)
ink = layers.Dense(1, name="ink")(trunk)
model = keras.Model(inputs, {{"digit": digit, "ink": ink}})
model.compile(
    optimizer="adam",
    loss={{"digit": "sparse_categorical_crossentropy", "ink": "mse"}},
    metrics={{"digit": ["accuracy"], "ink": [{metric}]}},
)
model.fit(x, {{"digit": {labels}, "ink": x.mean(axis=1)}}, epochs=20, validation_split=0.2)
"""
HEALTHY = {"width": 64, "activation": '"relu"', "metric": '"mae"', "labels": "digits.target"}


def of_two_heads(**changes: object) -> set[str]:
    return said(TWO_HEADS.format(**(HEALTHY | changes)))


def test_a_healthy_model_of_two_heads() -> None:
    assert of_two_heads() <= {"no-seed"}


def test_a_metric_is_judged_with_the_loss_of_its_output() -> None:
    assert "accuracy-metric-for-regression" in of_two_heads(metric='"accuracy"')


def test_a_linear_layer_before_several_heads() -> None:
    assert "missing-hidden-activation" in of_two_heads(activation="None or None")
    assert "missing-hidden-activation" not in of_two_heads(activation="None or None", width=4)  # of lower rank


def test_labels_of_one_output_that_are_shuffled() -> None:
    assert "labels-shuffled-apart" in of_two_heads(labels="np.random.permutation(digits.target)")


WEIGHED = """
import keras
from keras import layers

def build():
    inputs = keras.Input((64,))
    trunk = layers.Dense(32, activation="relu")(inputs)
    return keras.Model(inputs, [layers.Dense(3, name="one")(trunk), layers.Dense(3, name="other")(trunk)])

model = build()
model.compile(optimizer="adam", loss=["mse", "mae"], loss_weights={weights})
{then}
"""


def weighed(weights: str, then: str = "") -> bool:
    return "weight-without-gradient" in said(WEIGHED.format(weights=weights, then=then))


def test_an_output_whose_loss_counts_nothing() -> None:
    assert weighed("[1, 0]")
    assert weighed('{"one": 0.0, "other": 1.0}')
    assert not weighed("[1, 1]")
    assert not weighed("[1, share]")
    assert not weighed("[1, 0]", 'model.compile(optimizer="adam", loss=["mse", "mae"])')  # one after the other


OWN_LOSS = """
import keras
from keras import layers, ops
from sklearn.datasets import load_diabetes

class Squared(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.{reduction}

x, y = load_diabetes(return_X_y=True)
model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1)])
model.compile(optimizer="adam", loss=Squared(), metrics=[{metric}])
model.fit(x, y / 346, epochs=20, validation_split=0.2)
"""


def test_a_loss_of_ones_own_class() -> None:
    mean, total = "mean(ops.square(y_true - y_pred), axis=-1)", "sum(ops.square(y_true - y_pred))"
    assert said(OWN_LOSS.format(reduction=mean, metric='"mae"')) <= {"no-seed"}
    assert "summed-loss" in said(OWN_LOSS.format(reduction=total, metric='"mae"'))
    assert "accuracy-metric-for-regression" in said(OWN_LOSS.format(reduction=mean, metric='"accuracy"'))


OF_UNKNOWN_SIZE = """
import keras
from keras import layers
from project import classes, size, x, y

model = keras.Sequential()
model.add(keras.Input(shape=size))
model.add(layers.Dense(16, activation="tanh", kernel_initializer=keras.initializers.RandomUniform({spread})))
model.add(layers.Dense(classes, activation="softmax"))
model.compile(optimizer="adam", loss="{loss}", metrics=["accuracy"])
model.fit(x, y, epochs=20, validation_split=0.2)
"""


def test_sizes_that_are_not_written_out() -> None:
    healthy = said(OF_UNKNOWN_SIZE.format(spread="-0.5, 0.5", loss="categorical_crossentropy"))
    assert healthy <= {"no-seed"}
    assert "initializer-scale" in said(OF_UNKNOWN_SIZE.format(spread="-60, 60", loss="categorical_crossentropy"))
    assert "softmax-with-binary-loss" in said(OF_UNKNOWN_SIZE.format(spread="-0.5, 0.5", loss="binary_crossentropy"))


MOVED = """
import keras
from keras import layers
from sklearn.datasets import load_digits

x, y = load_digits(return_X_y=True)
model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense({units}, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x / 16, y + 1, epochs=20, validation_split=0.2)
"""


def test_labels_that_are_numbered_from_one() -> None:
    assert "label-out-of-range" in said(MOVED.format(units=10))
    assert "label-out-of-range" not in said(MOVED.format(units=11))


BUFFER = """
import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

images = load_digits().images / 16
np.random.default_rng(4).shuffle(images)
train = tf.data.Dataset.from_tensor_slices((images, images)).shuffle({size}).batch(64)
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(64), keras.layers.Reshape((8, 8))])
model.compile(optimizer="adam", loss="mse")
model.fit(train, epochs=20)
"""


def test_a_shuffle_buffer_of_one() -> None:
    assert "dataset-not-shuffled" in said(BUFFER.format(size=1))
    assert "dataset-not-shuffled" not in said(BUFFER.format(size=1000))


WRAPPED = """
import keras
from keras.wrappers import SKLearnClassifier
from sklearn.datasets import {data}
from sklearn.model_selection import KFold, cross_val_score

def network(X, y):
    model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model

X, y = {data}(return_X_y=True)
scores = cross_val_score(SKLearnClassifier(network, fit_kwargs={{"epochs": 40}}), X, y, cv=KFold({folds}))
"""


def test_folds_of_rows_that_are_sorted_by_class() -> None:
    assert "sorted-validation-split" in said(WRAPPED.format(data="load_iris", folds="3"))
    assert "sorted-validation-split" not in said(WRAPPED.format(data="load_iris", folds="3, shuffle=True"))
    assert "sorted-validation-split" not in said(WRAPPED.format(data="load_iris", folds="3, shuffle=mixed"))
    assert "sorted-validation-split" not in said(WRAPPED.format(data="load_breast_cancer", folds="3"))


OWN_LOOP = """
import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

x, y = load_wine(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y)
{scaling}
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3)])
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam()
for epoch in range(40):
    with tf.GradientTape() as tape:
        loss = loss_fn(y_train, model(x_train, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    print(float(loss_fn(y_test, model(x_test))))
"""


def of_loop(*scaling: str) -> bool:
    return "scaler-refitted-on-test" in said(OWN_LOOP.format(scaling="\n".join(scaling)))


def test_a_test_part_scaled_by_numbers_of_its_own() -> None:
    assert of_loop("x_train -= x_train.mean(axis=0)", "x_test -= x_test.mean(axis=0)")
    assert of_loop("x_train = x_train - np.mean(x_train, 0)", "mean = np.mean(x_test, 0)", "x_test = x_test - mean")
    assert not of_loop("mean = x_train.mean(axis=0)", "x_train, x_test = x_train - mean, x_test - mean")
    assert not of_loop("x_train, x_test = x_train - x.mean(axis=0), x_test - x.mean(axis=0)")
    assert not of_loop(
        "x_train = x_train - x_train.mean(axis=1, keepdims=True)",
        "x_test = x_test - x_test.mean(axis=1, keepdims=True)",
    )


PART = """
import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

x, y = load_digits(return_X_y=True)
x_train, x_val, y_train, y_val = train_test_split(x / 16, y, {size})
rate = keras.optimizers.schedules.CosineDecay(0.001, decay_steps=20)
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=12, validation_data=(x_val, y_val))
"""


def test_a_schedule_that_is_over_early_in_a_training_on_a_part_that_was_split() -> None:
    assert "schedule-does-not-fit-run" in said(PART.format(size="stratify=y"))
    assert "schedule-does-not-fit-run" in said(PART.format(size="test_size=0.3"))
    assert "schedule-does-not-fit-run" in said(PART.format(size="test_size=400"))
    assert "schedule-does-not-fit-run" not in said(PART.format(size="train_size=50"))
    assert "schedule-does-not-fit-run" not in said(PART.format(size="test_size=share"))

"""Random numbers that a dataset's function adds to its rows."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

PROGRAM = """
import keras
import tensorflow as tf

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()


def scale(image, label):
    return tf.cast(image, tf.float32) / 255.0, label


def change(image, label):
    {change}
    return tf.clip_by_value(image, 0.0, 1.0), {target}


train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(60_000).map(scale).map(change).batch(64)
test = tf.data.Dataset.from_tensor_slices((x_test, y_test)).map(scale){also}.batch(64)
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=5, validation_data=test)
"""
NOISE = "image += 0.1 * tf.random.normal(tf.shape(image))"
NAMED = "noise = tf.random.uniform(shape=tf.shape(image), maxval=0.1); image = noise + image"
BRIGHTNESS = "image = tf.image.random_brightness(image, 0.1)"


@pytest.mark.parametrize("change", [NOISE, NAMED, BRIGHTNESS])
def test_noise_on_what_judges_the_model(change: str) -> None:
    assert "augmentation-on-validation" in said(PROGRAM.format(change=change, target="label", also=".map(change)"))
    assert "augmentation-on-validation" not in said(PROGRAM.format(change=change, target="label", also=""))


def test_noise_that_the_model_is_to_take_away() -> None:
    program = PROGRAM.format(change=f"clean = image; {NOISE}", target="clean", also=".map(change)")
    assert "augmentation-on-validation" not in said(program)


def test_the_same_for_every_row() -> None:
    program = PROGRAM.format(change="image = image + 0.1", target="label", also=".map(change)")
    assert "augmentation-on-validation" not in said(program)

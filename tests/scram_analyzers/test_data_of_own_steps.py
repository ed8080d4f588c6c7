"""What a `train_step` of the program's own is given: a batch of what `fit` is."""

from __future__ import annotations

import textwrap

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

CODER = """
import keras
import numpy as np
import tensorflow as tf
from keras import layers

(x, y), (x_test, _) = keras.datasets.mnist.load_data()
x = {pixels}

class Coder(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.calls = 0

    def train_step(self, data):
        {unpacked}
        with tf.GradientTape() as tape:
            given = self.decoder(self.encoder(pictures))
            loss = keras.ops.mean(keras.losses.mean_squared_error(pictures, given))
        slopes = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_weights))
        return {{"loss": loss}}

encoder = keras.Sequential([keras.Input((784,)), {first}layers.Dense(32, activation="relu")])
decoder = keras.Sequential([keras.Input((32,)), layers.Dense(784)])
coder = Coder(encoder, decoder)
coder.compile(optimizer="adam")
coder.fit({given}, epochs=10)
"""
RAW = 'x.reshape(-1, 784).astype("float32")'
BATCHES = "tf.data.Dataset.from_tensor_slices(x).shuffle(60000).batch(64)"
PAIRS = "tf.data.Dataset.from_tensor_slices((x, y)).shuffle(60000).batch(64)"


def program(pixels: str = RAW, unpacked: str = "pictures = data", first: str = "", given: str = "x") -> str:
    return textwrap.dedent(CODER.format(pixels=pixels, unpacked=unpacked, first=first, given=given))


@pytest.mark.parametrize(
    ("unpacked", "given"),
    [
        ("pictures = data", "x"),
        ("pictures = data", BATCHES),
        ("pictures, _ = data", "x, y"),
        ("pictures, _ = data", PAIRS),
    ],
)
def test_raw_pixels_reach_the_step(unpacked: str, given: str) -> None:
    assert "input-not-normalized" in said(program(unpacked=unpacked, given=given))


def test_pixels_that_are_scaled_outside_or_inside() -> None:
    assert "input-not-normalized" not in said(program(f"{RAW} / 255"))
    assert "input-not-normalized" not in said(program(unpacked="pictures = data / 255"))
    assert "input-not-normalized" not in said(program(first="layers.Rescaling(1 / 255), "))

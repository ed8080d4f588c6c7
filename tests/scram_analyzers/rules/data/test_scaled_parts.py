"""Training data put together of parts, some of which the program scales, where nothing tells how the others came."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

PROGRAM = """
import numpy as np
from tensorflow import keras
from tensorflow.keras.preprocessing.image import ImageDataGenerator

x_train, y_train = np.load("x_train.npy"), np.load("y_train.npy")
x_test, y_test = np.load("x_test.npy"), np.load("y_test.npy")
generator = ImageDataGenerator(rescale=1.0 / 255, horizontal_flip=True)
rows = np.random.randint(len(x_train), size=400)
more = generator.flow(x_train[rows], y_train[rows], batch_size=400, shuffle=False).next()[0]
x_train = {put_together}
model = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, np.concatenate([y_train, y_train[rows]]), epochs=5)
print(model.evaluate(x_test, y_test))
"""


@pytest.mark.parametrize(
    ("put_together", "told"),
    [
        ("np.concatenate([x_train, more])", False),
        ("np.concatenate([x_train / 255.0, more])", True),
        ("more", True),
    ],
)
def test_parts_of_which_some_are_scaled(put_together: str, told: bool) -> None:
    assert ("scaling-mismatch" in said(PROGRAM.format(put_together=put_together))) is told

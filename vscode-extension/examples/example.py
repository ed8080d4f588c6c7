"""An example: it learns nothing.

What is underlined says why: hold the pointer over it, or press F8.
"""

import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(1000, 8)).astype("float32")
y = (x[:, 0] + x[:, 1] > 0).astype("int32")

model = keras.Sequential(
    [
        keras.Input(shape=(8,)),
        layers.Dense(16, activation="relu"),
        layers.Dense(1, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=10.0),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)
model.fit(x, y, epochs=20, validation_split=0.2)

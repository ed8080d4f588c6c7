"""Learn the digits 0 to 4, then reuse what was learned for 5 to 9."""

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from scram_lsp import ScramCallback

keras.utils.set_random_seed(1)

x, y = load_digits(return_X_y=True)
x = (x / 16.0).reshape(-1, 8, 8, 1)
low, high = y < 5, y >= 5

base = keras.Sequential(
    [
        keras.Input(shape=(8, 8, 1)),
        layers.Conv2D(16, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
    ],
    name="base",
)
first = keras.Sequential([base, layers.Dense(5, activation="softmax")])
first.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
first.fit(x[low], y[low], epochs=8, batch_size=32, validation_split=0.1, verbose=0)

base.trainable = False
x_train, x_val, y_train, y_val = train_test_split(x[high], y[high] - 5, test_size=0.25, random_state=1)
second = keras.Sequential([base, layers.Dense(32, activation="relu"), layers.Dense(5, activation="softmax")])
second.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.9),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=["accuracy"],
)
second.fit(
    x_train,
    y_train,
    epochs=20,
    batch_size=32,
    validation_data=(x_val, y_val),
    callbacks=[ScramCallback()],
    verbose=0,
)
print(np.round(second.evaluate(x_val, y_val, verbose=0), 3))

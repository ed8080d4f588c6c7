"""Read each digit row by row with a recurrent network."""

import numpy as np
from keras import Sequential
from keras.layers import GRU, Dense, Dropout, Input
from keras.losses import CategoricalCrossentropy
from keras.optimizers import Adam
from keras.utils import set_random_seed, to_categorical
from sklearn.datasets import load_digits

from scram_lsp import ScramCallback

set_random_seed(1)

config = {"lr": 0.002, "epochs": 20, "batch_size": 64, "units": 48}

digits = load_digits()
order = np.random.permutation(len(digits.images))
sequences = digits.images[order].astype("float32")  # 8 steps of 8 values
sequences /= 16.0
targets = to_categorical(digits.target[order], num_classes=10)

split = int(0.8 * len(sequences))
x_train, x_test = sequences[:split], sequences[split:]
y_train, y_test = targets[:split], targets[split:]

model = Sequential()
model.add(Input(shape=(8, 8)))
model.add(GRU(config["units"]))
model.add(Dropout(0.3))
model.add(Dense(10, activation="softmax"))

model.compile(optimizer=Adam(config["lr"]), loss=CategoricalCrossentropy(), metrics=["accuracy"])
model.summary()

model.fit(
    x_train,
    y_train,
    epochs=config["epochs"],
    batch_size=config["batch_size"],
    validation_split=0.15,
    callbacks=[ScramCallback()],
    verbose=0,
)
print(model.evaluate(x_test, y_test, verbose=0))

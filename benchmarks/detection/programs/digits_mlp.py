"""Read handwritten digits with a small dense network."""

import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from scram_lsp import ScramCallback

EPOCHS = 24
BATCH_SIZE = 64
LEARNING_RATE = 1e-3

keras.utils.set_random_seed(1)


def load_data():
    x, y = load_digits(return_X_y=True)
    x = x / 16.0
    return train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)


def build_model():
    model = keras.Sequential(
        [
            keras.Input(shape=(64,)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=LEARNING_RATE),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


x_train, x_val, y_train, y_val = load_data()
model = build_model()
history = model.fit(
    x_train,
    y_train,
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
    validation_data=(x_val, y_val),
    callbacks=[ScramCallback()],
    verbose=2,
)
print("best validation accuracy:", max(history.history["val_accuracy"]))

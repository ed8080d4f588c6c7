"""Read the handwritten digits that come with scikit-learn."""

import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from scram_lsp import ScramCallback

digits = load_digits()
images = digits.data / 16.0  # the pixels of these images go from 0 to 16

x_rest, x_test, y_rest, y_test = train_test_split(images, digits.target, test_size=0.2, random_state=0)
x_train, x_val, y_train, y_val = train_test_split(x_rest, y_rest, test_size=0.2, random_state=0)

model = keras.Sequential(
    [
        keras.Input(shape=(64,)),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax"),
    ]
)

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)

stop_early = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)

model.fit(
    x_train,
    y_train,
    epochs=40,
    batch_size=64,
    validation_data=(x_val, y_val),
    callbacks=[stop_early, ScramCallback()],
)

test_loss, test_accuracy = model.evaluate(x_test, y_test)
print(f"test accuracy: {test_accuracy:.3f}")

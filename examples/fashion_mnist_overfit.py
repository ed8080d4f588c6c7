"""Sort Fashion-MNIST images into ten kinds of clothes with a large fully connected network."""

import keras
from keras import layers

from scram_lsp import ScramCallback

(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()

# Work with part of the images, so that trying things out stays quick.
x_val = x_train[1000:1500] / 255.0
y_val = y_train[1000:1500]
x_train = x_train[:1000] / 255.0
y_train = y_train[:1000]
x_test = x_test / 255.0

model = keras.Sequential(
    [
        keras.Input(shape=(28, 28)),
        layers.Flatten(),
        layers.Dense(1024, activation="relu"),
        layers.Dense(512, activation="relu"),
        layers.Dense(256, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)

model.fit(
    x_train,
    y_train,
    epochs=20,
    batch_size=64,
    validation_data=(x_val, y_val),
    callbacks=[ScramCallback()],
)

test_loss, test_accuracy = model.evaluate(x_test, y_test)
print(f"test accuracy: {test_accuracy:.3f}")

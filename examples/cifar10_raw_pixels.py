"""Recognize the ten kinds of objects in CIFAR-10 photographs with a small convolutional network."""

import tensorflow as tf

from scram_lsp import ScramCallback

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.cifar10.load_data()

# 2,000 photographs are enough to see whether it learns.
x_train, y_train = x_train[:2000], y_train[:2000]

inputs = tf.keras.Input(shape=(32, 32, 3))
x = tf.keras.layers.Conv2D(16, 3, activation="relu", padding="same")(inputs)
x = tf.keras.layers.MaxPooling2D()(x)
x = tf.keras.layers.Conv2D(32, 3, activation="relu", padding="same")(x)
x = tf.keras.layers.MaxPooling2D()(x)
x = tf.keras.layers.Flatten()(x)
x = tf.keras.layers.Dropout(0.4)(x)
outputs = tf.keras.layers.Dense(10, activation="softmax")(x)
model = tf.keras.Model(inputs, outputs)

model.compile(
    optimizer="adam",
    loss=tf.keras.losses.SparseCategoricalCrossentropy(),
    metrics=["accuracy"],
)

model.fit(
    x_train,
    y_train,
    epochs=3,
    batch_size=32,
    validation_split=0.2,
    callbacks=[ScramCallback()],
)

print("test:", model.evaluate(x_test, y_test, return_dict=True))

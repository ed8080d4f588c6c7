"""A convolutional network on 8x8 digits, fed by tf.data, with a functional model and logits."""

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from scram_lsp import ScramCallback

tf.keras.utils.set_random_seed(1)

digits = load_digits()
images = digits.images.astype("float32") / 16.0
labels = digits.target.astype("int64")
images = images[..., np.newaxis]

train_images, test_images, train_labels, test_labels = train_test_split(images, labels, test_size=0.25, random_state=3)

train_ds = tf.data.Dataset.from_tensor_slices((train_images, train_labels))
train_ds = train_ds.shuffle(2000).batch(32).prefetch(tf.data.AUTOTUNE)
test_ds = tf.data.Dataset.from_tensor_slices((test_images, test_labels)).batch(64)

inputs = tf.keras.Input(shape=(8, 8, 1))
x = tf.keras.layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
x = tf.keras.layers.MaxPooling2D()(x)
x = tf.keras.layers.Conv2D(32, 3, padding="same", activation="relu")(x)
x = tf.keras.layers.MaxPooling2D()(x)
x = tf.keras.layers.Flatten()(x)
x = tf.keras.layers.Dropout(0.4)(x)
x = tf.keras.layers.Dense(64, activation="relu")(x)
outputs = tf.keras.layers.Dense(10)(x)
model = tf.keras.Model(inputs, outputs)

optimizer = tf.keras.optimizers.RMSprop(learning_rate=1e-3)
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer=optimizer, loss=loss_fn, metrics=["accuracy"])

early = tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=4, restore_best_weights=True)
model.fit(train_ds, validation_data=test_ds, epochs=14, callbacks=[early, ScramCallback()], verbose=2)

loss, accuracy = model.evaluate(test_ds, verbose=0)
print(f"accuracy {accuracy:.3f}")

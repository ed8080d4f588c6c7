"""Cultivars of wine with a loop written by hand around a GradientTape."""

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

from scram_lsp import Watcher

EPOCHS = 60
BATCH_SIZE = 16
LEARNING_RATE = 5e-3

keras.utils.set_random_seed(1)

x, y = load_wine(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, stratify=y, random_state=0)
mean, std = x_train.mean(axis=0), x_train.std(axis=0)
x_train = ((x_train - mean) / std).astype("float32")
x_test = ((x_test - mean) / std).astype("float32")

model = keras.Sequential(
    [
        keras.Input(shape=(13,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(3),
    ]
)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam(learning_rate=LEARNING_RATE)
train_accuracy = keras.metrics.SparseCategoricalAccuracy()
val_accuracy = keras.metrics.SparseCategoricalAccuracy()

batches = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(len(x_train)).batch(BATCH_SIZE)


@tf.function
def train_step(features, labels):
    with tf.GradientTape() as tape:
        logits = model(features, training=True)
        loss = loss_fn(labels, logits)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    train_accuracy.update_state(labels, logits)
    return loss


with Watcher(model) as watcher:
    for epoch in range(EPOCHS):
        losses = []
        for features, labels in batches:
            loss = train_step(features, labels)
            watcher.step(loss, inputs=features, targets=labels)
            losses.append(float(loss))
        test_logits = model(x_test, training=False)
        val_loss = float(loss_fn(y_test, test_logits))
        val_accuracy.update_state(y_test, test_logits)
        watcher.epoch(
            loss=float(np.mean(losses)),
            accuracy=float(train_accuracy.result()),
            val_loss=val_loss,
            val_accuracy=float(val_accuracy.result()),
        )
        if epoch % 10 == 9:
            print(epoch + 1, np.mean(losses), float(train_accuracy.result()), val_loss, float(val_accuracy.result()))
        train_accuracy.reset_state()
        val_accuracy.reset_state()

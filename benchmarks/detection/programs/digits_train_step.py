"""Handwritten digits with a convolutional network whose training step is written by hand."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from scram_lsp import ScramCallback

NUM_CLASSES = 10


class DigitNet(keras.Model):
    """Two convolution blocks and a linear head; its outputs are logits."""

    def __init__(self, filters=16, **kwargs):
        super().__init__(**kwargs)
        self.rescale = layers.Rescaling(1.0 / 16)
        self.conv1 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norm1 = layers.BatchNormalization(momentum=0.9)
        self.conv2 = layers.Conv2D(2 * filters, 3, padding="same", use_bias=False)
        self.norm2 = layers.BatchNormalization(momentum=0.9)
        self.relu = layers.ReLU()
        self.pool = layers.MaxPooling2D()
        self.gap = layers.GlobalAveragePooling2D()
        self.drop = layers.Dropout(0.2)
        self.head = layers.Dense(NUM_CLASSES)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def call(self, images, training=False):
        x = self.rescale(images)
        x = self.pool(self.relu(self.norm1(self.conv1(x), training=training)))
        x = self.relu(self.norm2(self.conv2(x), training=training))
        x = self.drop(self.gap(x), training=training)
        return self.head(x)

    @property
    def metrics(self):
        return [self.loss_tracker, self.accuracy]

    def train_step(self, data):
        images, labels = data
        with tf.GradientTape() as tape:
            logits = self(images, training=True)
            loss = self.compute_loss(x=images, y=labels, y_pred=logits)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.loss_tracker.update_state(loss)
        self.accuracy.update_state(labels, logits)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, data):
        images, labels = data
        logits = self(images, training=False)
        self.loss_tracker.update_state(self.compute_loss(x=images, y=labels, y_pred=logits))
        self.accuracy.update_state(labels, logits)
        return {m.name: m.result() for m in self.metrics}


keras.utils.set_random_seed(1)
digits = load_digits()
images = digits.images[..., np.newaxis].astype("float32")
labels = digits.target.astype("int64")
x_train, x_val, y_train, y_val = train_test_split(images, labels, test_size=0.25, stratify=labels, random_state=3)

model = DigitNet()
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.02, momentum=0.9),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
model.fit(
    x_train,
    y_train,
    batch_size=32,
    epochs=15,
    validation_data=(x_val, y_val),
    callbacks=[ScramCallback()],
    verbose=2,
)
predicted = model.predict(x_val, verbose=0).argmax(axis=-1)
print("right:", np.mean(predicted == y_val))

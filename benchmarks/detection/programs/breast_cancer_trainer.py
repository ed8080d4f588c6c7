"""Benign or malignant, in the form of a small trainer class."""

from dataclasses import dataclass

import keras
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from scram_lsp import ScramCallback


@dataclass
class Settings:
    hidden: int = 32
    learning_rate: float = 1e-3
    l2: float = 1e-4
    epochs: int = 40
    batch_size: int = 32


class Trainer:
    def __init__(self, settings):
        self.settings = settings
        self.load()
        self.build()

    def load(self):
        data = load_breast_cancer()
        x = data.data.astype("float32")
        y = data.target.astype("float32")
        self.x_train, self.x_test, self.y_train, self.y_test = train_test_split(
            x, y, test_size=0.25, random_state=11, stratify=y
        )

    def build(self):
        normalize = keras.layers.Normalization()
        normalize.adapt(self.x_train)
        inputs = keras.Input(shape=(30,), name="features")
        x = normalize(inputs)
        regularizer = keras.regularizers.L2(self.settings.l2)
        x = keras.layers.Dense(self.settings.hidden, activation="relu", kernel_regularizer=regularizer)(x)
        x = keras.layers.Dropout(0.4)(x)
        outputs = keras.layers.Dense(1, activation="sigmoid")(x)
        self.model = keras.Model(inputs, outputs)
        self.model.compile(
            optimizer=keras.optimizers.Adam(learning_rate=self.settings.learning_rate),
            loss=keras.losses.BinaryCrossentropy(),
            metrics=["accuracy", keras.metrics.AUC(name="auc")],
        )

    def train(self):
        return self.model.fit(
            self.x_train,
            self.y_train,
            validation_split=0.2,
            epochs=self.settings.epochs,
            batch_size=self.settings.batch_size,
            callbacks=[ScramCallback(), keras.callbacks.EarlyStopping(patience=8, restore_best_weights=True)],
            verbose=0,
        )

    def test(self):
        return self.model.evaluate(self.x_test, self.y_test, verbose=0, return_dict=True)


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    trainer = Trainer(Settings())
    trainer.train()
    print({name: float(np.round(value, 3)) for name, value in trainer.test().items()})

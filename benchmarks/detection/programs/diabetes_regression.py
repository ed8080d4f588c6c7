"""Predict how far diabetes has progressed after a year."""

import argparse

import keras
from keras import layers
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from scram_lsp import ScramCallback

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--lr", type=float, default=0.003)
args = parser.parse_args()

keras.utils.set_random_seed(1)

x, y = load_diabetes(return_X_y=True, scaled=False)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=2)

x_scaler = StandardScaler().fit(x_train)
x_train, x_test = x_scaler.transform(x_train), x_scaler.transform(x_test)
y_mean, y_std = y_train.mean(), y_train.std()
y_train, y_test = (y_train - y_mean) / y_std, (y_test - y_mean) / y_std

regularizer = keras.regularizers.l2(0.001)
model = keras.Sequential(
    [
        layers.Input((10,)),
        layers.Dense(16, activation="relu", kernel_regularizer=regularizer),
        layers.Dropout(0.2),
        layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=args.lr), loss="mse", metrics=["mae"])
model.fit(
    x_train,
    y_train,
    validation_data=(x_test, y_test),
    epochs=args.epochs,
    batch_size=32,
    callbacks=[ScramCallback()],
    verbose=0,
)
mse, mae = model.evaluate(x_test, y_test, verbose=0)
print(f"mean absolute error {mae * y_std:.1f} of a spread of {y_std:.1f}")

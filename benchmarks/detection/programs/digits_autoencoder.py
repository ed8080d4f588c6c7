"""Squeeze digits through a few numbers and draw them again."""

import keras
from keras import layers
from sklearn import datasets, model_selection

from scram_lsp import ScramCallback

keras.utils.set_random_seed(1)

CODE = 12


def make_encoder():
    image = keras.Input(shape=(64,))
    hidden = layers.Dense(48, activation="relu")(image)
    code = layers.Dense(CODE, activation="relu", name="code")(hidden)
    return keras.Model(image, code, name="encoder")


def make_decoder():
    code = keras.Input(shape=(CODE,))
    hidden = layers.Dense(48, activation="relu")(code)
    image = layers.Dense(64, activation="sigmoid")(hidden)
    return keras.Model(code, image, name="decoder")


pixels = datasets.load_digits().data
pixels = pixels / pixels.max()
train, held_out = model_selection.train_test_split(pixels, test_size=0.2, random_state=4)

encoder, decoder = make_encoder(), make_decoder()
image = keras.Input(shape=(64,))
autoencoder = keras.Model(image, decoder(encoder(image)))
autoencoder.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mean_squared_error")

autoencoder.fit(
    train,
    train,
    epochs=30,
    batch_size=64,
    validation_data=(held_out, held_out),
    callbacks=[ScramCallback()],
    verbose=0,
)
print("reconstruction error", autoencoder.evaluate(held_out, held_out, verbose=0))

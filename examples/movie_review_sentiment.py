"""Tell positive from negative IMDB film reviews with word embeddings."""

from tensorflow import keras
from tensorflow.keras import layers

from scram_lsp import ScramCallback

VOCABULARY = 10000
REVIEW_LENGTH = 200

(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=VOCABULARY)

# Cut long reviews and fill up short ones, so that all have the same length.
x_train = keras.utils.pad_sequences(x_train, maxlen=REVIEW_LENGTH)
x_test = keras.utils.pad_sequences(x_test, maxlen=REVIEW_LENGTH)

model = keras.Sequential()
model.add(layers.Embedding(VOCABULARY, 16))
model.add(layers.GlobalAveragePooling1D())
model.add(layers.Dropout(0.3))
model.add(layers.Dense(16, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))

optimizer = keras.optimizers.Adam(learning_rate=1e10)
model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])

model.fit(
    x_train,
    y_train,
    epochs=3,
    batch_size=128,
    validation_split=0.2,
    callbacks=[ScramCallback()],
)

test_loss, test_accuracy = model.evaluate(x_test, y_test)
print(f"test accuracy: {test_accuracy:.3f}")

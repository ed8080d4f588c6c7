"""Three cultivars of wine from their chemistry, with a subclassed model."""

import keras
from keras import layers, ops
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from scram_lsp import ScramCallback

keras.utils.set_random_seed(1)


class WineClassifier(keras.Model):
    def __init__(self, units=24, rate=0.3):
        super().__init__()
        self.hidden = layers.Dense(units, activation="tanh")
        self.dropout = layers.Dropout(rate)
        self.head = layers.Dense(3, activation="softmax")

    def call(self, inputs, training=None):
        x = self.hidden(inputs)
        x = self.dropout(x, training=training)
        return self.head(x)


wine = load_wine()
encoder = OneHotEncoder(sparse_output=False)
labels = encoder.fit_transform(wine.target.reshape(-1, 1))
X_train, X_test, y_train, y_test = train_test_split(wine.data, labels, test_size=0.3, random_state=5)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)

classifier = WineClassifier()
classifier.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.005),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=[keras.metrics.CategoricalAccuracy()],
)
classifier.fit(
    X_train,
    y_train,
    batch_size=16,
    epochs=40,
    validation_data=(X_test, y_test),
    callbacks=[ScramCallback()],
    verbose=0,
)
predicted = ops.argmax(classifier.predict(X_test, verbose=0), axis=1)
print("accuracy", float(ops.mean(ops.equal(predicted, y_test.argmax(axis=1)))))

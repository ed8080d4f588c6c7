"""Faults in the subclassed model on wine."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "wine_subclassed"
OPTIMIZER = "optimizer=keras.optimizers.Adam(learning_rate=0.005),"
LOSS = "loss=keras.losses.CategoricalCrossentropy(),"
HIDDEN = 'self.hidden = layers.Dense(units, activation="tanh")'
HEAD = 'self.head = layers.Dense(3, activation="softmax")'
SPLIT = "X_train, X_test, y_train, y_test = train_test_split(wine.data, labels, test_size=0.3, random_state=5)"
SCALING = "X_train = scaler.fit_transform(X_train)\nX_test = scaler.transform(X_test)\n"
FIT = "classifier.fit(\n    X_train,\n    y_train,"
MODEL = "classifier = WineClassifier()"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, swap("learning_rate=0.005", "learning_rate=1e10")),
    _plant(kinds.RATE_HIGH, swap("learning_rate=0.005", "learning_rate=1.0")),
    _plant(kinds.RATE_LOW, swap("learning_rate=0.005", "learning_rate=1e-8")),
    _plant(kinds.RATE_ZERO, swap("learning_rate=0.005", "learning_rate=0")),
    _plant(kinds.UNSCALED, swap("scaler = StandardScaler()\n" + SCALING, ""), at=(FIT, SPLIT)),
    _plant(
        kinds.SCALED_APART,
        swap("X_test = scaler.transform(X_test)\n", ""),
        at=(FIT, "X_train = scaler.fit_transform(X_train)", "validation_data=(X_test, y_test),"),
    ),
    _plant(
        kinds.SCALER_LEAK,
        swap("scaler = StandardScaler()\n" + SCALING, ""),
        swap(SPLIT, "features = StandardScaler().fit_transform(wine.data)\n" + SPLIT.replace("wine.data", "features")),
    ),
    _plant(kinds.SCALER_REFIT, swap("X_test = scaler.transform(X_test)", "X_test = scaler.fit_transform(X_test)")),
    _plant(kinds.LOGITS, swap(HEAD, "self.head = layers.Dense(3)"), at=(LOSS,)),
    _plant(kinds.LOGITS_TWICE, swap(LOSS, "loss=keras.losses.CategoricalCrossentropy(from_logits=True),"), at=(HEAD,)),
    _plant(kinds.SIGMOID_HEAD, swap(HEAD, 'self.head = layers.Dense(3, activation="sigmoid")'), at=(LOSS,)),
    _plant(kinds.MSE_CLASSES, swap(LOSS, "loss=keras.losses.MeanSquaredError(),"), at=(HEAD,)),
    _plant(
        kinds.ZERO_INIT,
        swap(HIDDEN, 'self.hidden = layers.Dense(units, activation="tanh", kernel_initializer="zeros")'),
    ),
    _plant(kinds.FROZEN, after(MODEL, "classifier.trainable = False"), at=(FIT,)),
    _plant(
        kinds.DETACHED,
        swap("return self.head(x)", "return self.head(ops.stop_gradient(x))"),
        at=(HIDDEN, "x = self.hidden(inputs)"),
    ),
    _plant(kinds.BOTTLENECK, swap("units=24", "units=1"), at=(HIDDEN,)),
    _plant(kinds.NAN_ROW, after("X_test = scaler.transform(X_test)", 'X_train[7, 3] = float("nan")'), at=(FIT,)),
    _plant(
        kinds.NAN_LAYER,
        swap("x = self.dropout(x, training=training)", "x = ops.log(self.dropout(x, training=training))"),
        at=("return self.head(x)", HEAD),
    ),
    _plant(
        kinds.CONSTANT_FEATURES,
        after(SPLIT, "X_train[:, 4:10] = 1.0\nX_test[:, 4:10] = 1.0"),
        at=(FIT,),
    ),
    _plant(kinds.BATCH_ALL, swap("batch_size=16,", "batch_size=512,")),
    _plant(kinds.FEW_EPOCHS, swap("epochs=40,", "epochs=3,")),
    _plant(kinds.DROPOUT, swap("rate=0.3", "rate=0.95"), at=("self.dropout = layers.Dropout(rate)",)),
    _plant(kinds.OVERLAP, swap("validation_data=(X_test, y_test),", "validation_data=(X_train, y_train),"), at=(FIT,)),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(PROGRAM, "relu", (swap('activation="tanh"', 'activation="relu"'),)),
    Variant(PROGRAM, "wide", (swap("units=24", "units=64"),)),
    Variant(PROGRAM, "nadam", (swap("keras.optimizers.Adam(", "keras.optimizers.Nadam("),)),
    Variant(PROGRAM, "eager", (swap(LOSS, LOSS + "\n    run_eagerly=True,"), swap("epochs=40", "epochs=20"))),
)

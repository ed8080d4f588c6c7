"""Faults in the recurrent network on digits."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "digits_rnn"
CONFIG = 'config = {"lr": 0.002, "epochs": 20, "batch_size": 64, "units": 48}'
ORDER = "order = np.random.permutation(len(digits.images))"
LAYER = 'model.add(GRU(config["units"]))'
HEAD = 'model.add(Dense(10, activation="softmax"))'
COMPILE = 'model.compile(optimizer=Adam(config["lr"]), loss=CategoricalCrossentropy(), metrics=["accuracy"])'
TARGETS = "targets = to_categorical(digits.target[order], num_classes=10)"
FIT = "model.fit(\n    x_train,\n    y_train,"
SPLIT = "validation_split=0.15,"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, swap('"lr": 0.002', '"lr": 1e10'), at=(COMPILE,)),
    _plant(kinds.RATE_HIGH, swap('"lr": 0.002', '"lr": 0.5'), at=(COMPILE,)),
    _plant(kinds.RATE_LOW, swap('"lr": 0.002', '"lr": 1e-8'), at=(COMPILE,)),
    _plant(kinds.RATE_NEGATIVE, swap('"lr": 0.002', '"lr": -0.002'), at=(COMPILE,)),
    _plant(kinds.UNSCALED, swap("sequences /= 16.0", "sequences *= 10.0"), at=(FIT,)),
    _plant(kinds.SORTED, swap(ORDER, "order = np.argsort(digits.target)"), at=(FIT, SPLIT)),
    _plant(kinds.LOGITS, swap(HEAD, "model.add(Dense(10))"), at=(COMPILE,)),
    _plant(
        kinds.LOGITS_TWICE,
        swap("loss=CategoricalCrossentropy()", "loss=CategoricalCrossentropy(from_logits=True)"),
        at=(HEAD,),
    ),
    _plant(kinds.SIGMOID_HEAD, swap(HEAD, 'model.add(Dense(10, activation="sigmoid"))'), at=(COMPILE,)),
    _plant(kinds.SOFTMAX_BINARY, swap("loss=CategoricalCrossentropy()", 'loss="binary_crossentropy"'), at=(HEAD,)),
    _plant(kinds.MSE_CLASSES, swap("loss=CategoricalCrossentropy()", 'loss="mean_squared_error"'), at=(HEAD,)),
    _plant(
        kinds.ENCODING,
        swap("loss=CategoricalCrossentropy()", 'loss="sparse_categorical_crossentropy"'),
        at=(FIT, TARGETS),
    ),
    _plant(
        kinds.SHUFFLED_APART,
        after(
            "y_train, y_test = targets[:split], targets[split:]",
            "x_train = x_train[np.random.permutation(len(x_train))]",
        ),
        at=(FIT,),
    ),
    _plant(
        kinds.ZERO_INIT,
        swap(LAYER, 'model.add(GRU(config["units"], kernel_initializer="zeros", recurrent_initializer="zeros"))'),
    ),
    _plant(
        kinds.FROZEN,
        after(LAYER, "model.layers[-1].trainable = False"),
        swap(HEAD, HEAD + "\nmodel.layers[-1].trainable = False"),
        at=(FIT,),
    ),
    _plant(kinds.NAN_ROW, after(TARGETS, "sequences[50, 2, 4] = np.nan"), at=(FIT,)),
    _plant(kinds.NAN_TARGET, after(TARGETS, "targets[50, 2] = np.nan"), at=(FIT,)),
    _plant(
        kinds.BATCH_ONE,
        swap('"epochs": 20, "batch_size": 64', '"epochs": 2, "batch_size": 1'),
        at=('batch_size=config["batch_size"],',),
    ),
    _plant(kinds.FEW_EPOCHS, swap('"epochs": 20', '"epochs": 3'), at=('epochs=config["epochs"],',)),
    _plant(kinds.DROPOUT, swap("Dropout(0.3)", "Dropout(0.95)")),
    _plant(
        kinds.IMBALANCE,
        swap(
            ORDER,
            ORDER + "\nkept = (digits.target[order] != 3) | (np.random.rand(len(order)) < 0.03)\norder = order[kept]",
        ),
        at=(FIT,),
    ),
    _plant(
        kinds.OVERLAP,
        swap(SPLIT, "validation_data=(x_train[:200], y_train[:200]),"),
        at=(FIT,),
    ),
    _plant(
        kinds.PENALTY,
        swap(LAYER, 'model.add(GRU(config["units"], kernel_regularizer="l2", recurrent_regularizer=L2(3.0)))'),
        swap("from keras.utils", "from keras.regularizers import L2\nfrom keras.utils"),
    ),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(
        PROGRAM,
        "lstm",
        (
            swap("import GRU,", "import LSTM,"),
            swap("model.add(GRU(", "model.add(LSTM("),
            swap('"epochs": 20', '"epochs": 25'),
        ),
    ),
    Variant(PROGRAM, "small batches", (swap('"batch_size": 64', '"batch_size": 16'),)),
    Variant(PROGRAM, "wide", (swap('"units": 48', '"units": 96'),)),
    Variant(
        PROGRAM,
        "simple",
        (
            swap("import GRU,", "import SimpleRNN,"),
            swap("model.add(GRU(", "model.add(SimpleRNN("),
            swap('"epochs": 20', '"epochs": 40'),
        ),
    ),
)

"""Faults in the dense network on digits."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "digits_mlp"
RATE = "LEARNING_RATE = 1e-3"
OPTIMIZER = "optimizer=keras.optimizers.Adam(learning_rate=LEARNING_RATE),"
HIDDEN = '            layers.Dense(64, activation="relu"),'
SECOND = '            layers.Dense(32, activation="relu"),'
HEAD = 'layers.Dense(10, activation="softmax"),'
LOSS = 'loss="sparse_categorical_crossentropy",'
SCALING = "    x = x / 16.0\n"
CALL = "history = model.fit(\n    x_train,\n    y_train,"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, swap(RATE, "LEARNING_RATE = 1e10"), at=(OPTIMIZER,)),
    _plant(kinds.RATE_HIGH, swap(RATE, "LEARNING_RATE = 0.5"), at=(OPTIMIZER,)),
    _plant(kinds.RATE_LOW, swap(RATE, "LEARNING_RATE = 1e-8"), at=(OPTIMIZER,)),
    _plant(kinds.RATE_ZERO, swap(RATE, "LEARNING_RATE = 0.0"), at=(OPTIMIZER,)),
    _plant(kinds.RATE_NEGATIVE, swap(RATE, "LEARNING_RATE = -1e-3"), at=(OPTIMIZER,)),
    _plant(
        kinds.CLIPPING,
        swap(OPTIMIZER, "optimizer=keras.optimizers.SGD(learning_rate=0.01, clipnorm=1e-5),"),
    ),
    _plant(kinds.UNSCALED, swap(SCALING, "    x = x * 16.0\n"), at=(CALL,)),
    _plant(
        kinds.SCALED_TWICE,
        after("            keras.Input(shape=(64,)),", "            layers.Rescaling(1 / 255),"),
        at=(SCALING.strip(), CALL),
    ),
    _plant(kinds.LOGITS, swap(HEAD, "layers.Dense(10),"), at=(LOSS,)),
    _plant(kinds.RELU_HEAD, swap(HEAD, 'layers.Dense(10, activation="relu"),'), at=(LOSS,)),
    _plant(kinds.SIGMOID_HEAD, swap(HEAD, 'layers.Dense(10, activation="sigmoid"),'), at=(LOSS,)),
    _plant(kinds.MSE_CLASSES, swap(LOSS, 'loss="mse",'), at=(HEAD,)),
    _plant(kinds.ENCODING, swap(LOSS, 'loss="categorical_crossentropy",'), at=(CALL,)),
    _plant(kinds.ONE_UNIT, swap(HEAD, 'layers.Dense(1, activation="sigmoid"),'), at=(LOSS,)),
    _plant(kinds.LABELS_BEYOND, swap(HEAD, 'layers.Dense(9, activation="softmax"),'), at=(CALL,)),
    _plant(
        kinds.SHUFFLED_APART,
        swap("import keras\n", "import keras\nimport numpy as np\n"),
        after("x_train, x_val, y_train, y_val = load_data()", "np.random.shuffle(y_train)"),
        at=(CALL,),
    ),
    _plant(
        kinds.WRITTEN_OVER,
        after("x_train, x_val, y_train, y_val = load_data()", "y_train[: len(y_train) // 2] = 0"),
        at=(CALL,),
    ),
    _plant(
        kinds.RATE_HELD,
        swap(
            "    callbacks=[ScramCallback()],",
            "    callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 1e-9 * (epoch + 1)), ScramCallback()],",
        ),
        at=(OPTIMIZER,),
    ),
    _plant(
        kinds.ZERO_INIT,
        swap(HIDDEN, '            layers.Dense(64, activation="relu", kernel_initializer="zeros"),'),
        swap(SECOND, '            layers.Dense(32, activation="relu", kernel_initializer="zeros"),'),
    ),
    _plant(
        kinds.HUGE_INIT,
        swap(
            HIDDEN,
            '            layers.Dense(64, "relu", kernel_initializer=keras.initializers.RandomNormal(stddev=20)),',
        ),
    ),
    _plant(
        kinds.DEAD,
        swap(
            HIDDEN,
            '            layers.Dense(64, activation="relu", bias_initializer=keras.initializers.Constant(-10)),',
        ),
    ),
    _plant(
        kinds.VANISHING,
        swap(
            HIDDEN,
            '            *[layers.Dense(64, activation="sigmoid") for _ in range(8)],',
        ),
    ),
    _plant(
        kinds.LINEAR_STACK,
        swap(HIDDEN, "            layers.Dense(64),"),
        swap(SECOND, "            layers.Dense(32),"),
    ),
    _plant(
        kinds.NAN_ROW,
        after("x_train, x_val, y_train, y_val = load_data()", 'x_train[237, 20] = float("nan")'),
        at=(CALL,),
    ),
    _plant(
        kinds.NAN_LAYER,
        swap(
            "def build_model():",
            "class Contrast(layers.Layer):\n"
            "    def call(self, inputs):\n"
            "        return inputs / keras.ops.max(inputs, axis=-1, keepdims=True)\n\n\n"
            "def build_model():",
        ),
        swap(SECOND, SECOND + "\n            Contrast(),"),
    ),
    _plant(
        kinds.BATCH_ONE,
        swap("BATCH_SIZE = 64", "BATCH_SIZE = 1"),
        swap("EPOCHS = 24", "EPOCHS = 3"),
        at=("batch_size=BATCH_SIZE,",),
    ),
    _plant(kinds.BATCH_ALL, swap("BATCH_SIZE = 64", "BATCH_SIZE = 2000"), at=("batch_size=BATCH_SIZE,",)),
    _plant(kinds.FEW_EPOCHS, swap("EPOCHS = 24", "EPOCHS = 2"), at=("epochs=EPOCHS,",)),
    _plant(kinds.DROPOUT, swap("layers.Dropout(0.3)", "layers.Dropout(0.95)")),
    _plant(
        kinds.PENALTY,
        swap(HIDDEN, '            layers.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.L2(5.0)),'),
    ),
    _plant(
        kinds.OVERLAP,
        swap("validation_data=(x_val, y_val),", "validation_data=(x_train, y_train),"),
        at=(CALL,),
    ),
    _plant(kinds.HEAD_DROPOUT, swap(HEAD, HEAD + "\n            layers.Dropout(0.5),")),
    _plant(
        kinds.FROZEN,
        after(
            "model = build_model()",
            'model.trainable = False\nmodel.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])',
        ),
        at=(CALL,),
    ),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(PROGRAM, "wide", (swap("Dense(64,", "Dense(256,"),)),
    Variant(PROGRAM, "sgd", (swap(OPTIMIZER, "optimizer=keras.optimizers.SGD(0.1, momentum=0.9),"),)),
    Variant(
        PROGRAM, "adamw", (swap(OPTIMIZER, "optimizer=keras.optimizers.AdamW(LEARNING_RATE, weight_decay=1e-3),"),)
    ),
    Variant(
        PROGRAM, "large batches", (swap("BATCH_SIZE = 64", "BATCH_SIZE = 128"), swap("EPOCHS = 24", "EPOCHS = 60"))
    ),
    Variant(PROGRAM, "elu", (swap(HIDDEN, '            layers.Dense(64, activation="elu"),'),)),
)

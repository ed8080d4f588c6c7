"""Faults in the trainer class on breast cancer."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "breast_cancer_trainer"
RATE = "learning_rate: float = 1e-3"
OPTIMIZER = "optimizer=keras.optimizers.Adam(learning_rate=self.settings.learning_rate),"
LOSS = "loss=keras.losses.BinaryCrossentropy(),"
HIDDEN = 'x = keras.layers.Dense(self.settings.hidden, activation="relu", kernel_regularizer=regularizer)(x)'
DROPOUT = "        x = keras.layers.Dropout(0.4)(x)\n"
HEAD = 'outputs = keras.layers.Dense(1, activation="sigmoid")(x)'
NORMALIZED = "        normalize = keras.layers.Normalization()\n        normalize.adapt(self.x_train)\n"
SPLIT_END = "random_state=11, stratify=y\n        )"
LABELS = 'y = data.target.astype("float32")'
FIT = "return self.model.fit(\n            self.x_train,\n            self.y_train,"
STOP = ", keras.callbacks.EarlyStopping(patience=8, restore_best_weights=True)"
MODEL = "self.model = keras.Model(inputs, outputs)"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, swap(RATE, "learning_rate: float = 1e10"), at=(OPTIMIZER,)),
    _plant(kinds.RATE_HIGH, swap(RATE, "learning_rate: float = 1.0"), at=(OPTIMIZER,)),
    _plant(kinds.RATE_LOW, swap(RATE, "learning_rate: float = 1e-8"), at=(OPTIMIZER,)),
    _plant(kinds.RATE_ZERO, swap(RATE, "learning_rate: float = 0.0"), at=(OPTIMIZER,)),
    _plant(
        kinds.UNSCALED,
        swap(NORMALIZED, ""),
        swap("x = normalize(inputs)", "x = inputs"),
        at=(FIT, 'x = data.data.astype("float32")'),
    ),
    _plant(
        kinds.SCALER_LEAK,
        swap(
            'x = data.data.astype("float32")\n',
            "scaler = StandardScaler()\n        x = scaler.fit_transform(data.data)\n",
        ),
        after(
            "from sklearn.model_selection import train_test_split",
            "from sklearn.preprocessing import StandardScaler",
        ),
        swap(NORMALIZED, ""),
        swap("x = normalize(inputs)", "x = inputs"),
    ),
    _plant(kinds.SOFTMAX_ONE, swap(HEAD, 'outputs = keras.layers.Dense(1, activation="softmax")(x)')),
    _plant(kinds.LOGITS, swap(HEAD, "outputs = keras.layers.Dense(1)(x)"), at=(LOSS,)),
    _plant(kinds.LOGITS_TWICE, swap(LOSS, "loss=keras.losses.BinaryCrossentropy(from_logits=True),"), at=(HEAD,)),
    _plant(kinds.RELU_HEAD, swap(HEAD, 'outputs = keras.layers.Dense(1, activation="relu")(x)'), at=(LOSS,)),
    _plant(kinds.ONE_UNIT, swap(LOSS, 'loss="sparse_categorical_crossentropy",'), at=(HEAD,)),
    _plant(kinds.MSE_CLASSES, swap(LOSS, 'loss="mse",'), at=(HEAD,)),
    _plant(kinds.LABELS_SIGNED, swap(LABELS, 'y = data.target.astype("float32") * 2 - 1'), at=(FIT, HEAD, LOSS)),
    _plant(
        kinds.NAN_ROW,
        after(SPLIT_END, "        self.x_train[33, 4] = np.nan"),
        at=(FIT, "normalize.adapt(self.x_train)"),
    ),
    _plant(
        kinds.NAN_TARGET,
        after(SPLIT_END, "        self.y_train[33] = np.nan"),
        at=(FIT,),
    ),
    _plant(
        kinds.HUGE_INIT,
        swap(
            'activation="relu", kernel_reg',
            'activation="relu", kernel_initializer=keras.initializers.RandomNormal(0.0, 30.0), kernel_reg',
        ),
    ),
    _plant(
        kinds.DEAD,
        swap(
            'activation="relu", kernel_reg',
            'activation="relu", bias_initializer=keras.initializers.Constant(-30.0), kernel_reg',
        ),
    ),
    _plant(
        kinds.IMBALANCE,
        after(
            LABELS,
            "        rare = np.flatnonzero(y == 0)[:15]\n"
            "        kept = np.concatenate([np.flatnonzero(y == 1), rare])\n"
            "        x, y = x[kept], y[kept]",
        ),
        at=(FIT,),
    ),
    _plant(
        kinds.OVERFIT,
        swap("hidden: int = 32", "hidden: int = 512"),
        swap(HIDDEN, 'x = keras.layers.Dense(self.settings.hidden, activation="relu")(x)'),
        swap(DROPOUT, '        x = keras.layers.Dense(self.settings.hidden, activation="relu")(x)\n'),
        swap(STOP, ""),
        swap("epochs: int = 40", "epochs: int = 80"),
        at=(FIT, MODEL),
    ),
    _plant(
        kinds.PENALTY,
        swap("l2: float = 1e-4", "l2: float = 10.0"),
        at=("regularizer = keras.regularizers.L2(self.settings.l2)", HIDDEN),
    ),
    _plant(kinds.DROPOUT, swap("Dropout(0.4)", "Dropout(0.95)")),
    _plant(
        kinds.BATCH_ONE,
        swap("batch_size: int = 32", "batch_size: int = 1"),
        swap("epochs: int = 40", "epochs: int = 5"),
        at=("batch_size=self.settings.batch_size,",),
    ),
    _plant(kinds.FEW_EPOCHS, swap("epochs: int = 40", "epochs: int = 2"), at=("epochs=self.settings.epochs,",)),
    _plant(kinds.TINY_VALIDATION, swap("validation_split=0.2,", "validation_split=0.01,")),
    _plant(
        kinds.SORTED,
        swap(
            "random_state=11, stratify=y\n        )",
            "random_state=11, stratify=y\n"
            "        )\n"
            "        order = np.argsort(self.y_train)\n"
            "        self.x_train, self.y_train = self.x_train[order], self.y_train[order]",
        ),
        at=(FIT, "validation_split=0.2,"),
    ),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(PROGRAM, "wide", (swap("hidden: int = 32", "hidden: int = 64"),)),
    Variant(PROGRAM, "sgd", (swap(OPTIMIZER, "optimizer=keras.optimizers.SGD(0.05, momentum=0.9),"),)),
    Variant(PROGRAM, "adagrad", (swap(OPTIMIZER, "optimizer=keras.optimizers.Adagrad(0.05),"),)),
    Variant(
        PROGRAM,
        "logits",
        (
            swap(HEAD, "outputs = keras.layers.Dense(1)(x)"),
            swap("BinaryCrossentropy()", "BinaryCrossentropy(from_logits=True)"),
            swap(
                'metrics=["accuracy", keras.metrics.AUC(name="auc")]',
                "metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)]",
            ),
        ),
    ),
)

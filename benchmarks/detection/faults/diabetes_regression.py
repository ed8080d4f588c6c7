"""Faults in the regression on diabetes."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "diabetes_regression"
RATE = 'parser.add_argument("--lr", type=float, default=0.003)'
COMPILE = 'model.compile(optimizer=keras.optimizers.Adam(learning_rate=args.lr), loss="mse", metrics=["mae"])'
HIDDEN = 'layers.Dense(16, activation="relu", kernel_regularizer=regularizer),'
HEAD = "        layers.Dense(1),"
DROPOUT = "        layers.Dropout(0.2),\n"
X_SCALING = "x_train, x_test = x_scaler.transform(x_train), x_scaler.transform(x_test)"
Y_SCALING = "y_train, y_test = (y_train - y_mean) / y_std, (y_test - y_mean) / y_std"
LOAD = "x, y = load_diabetes(return_X_y=True, scaled=False)"
FIT = "model.fit(\n    x_train,\n    y_train,"
EPOCHS = 'parser.add_argument("--epochs", type=int, default=30)'


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, swap("default=0.003", "default=1e10"), at=(COMPILE,)),
    _plant(kinds.RATE_HIGH, swap("default=0.003", "default=2.0"), at=(COMPILE,)),
    _plant(kinds.RATE_LOW, swap("default=0.003", "default=1e-8"), at=(COMPILE,)),
    _plant(kinds.RATE_NEGATIVE, swap("default=0.003", "default=-0.001"), at=(COMPILE,)),
    _plant(kinds.UNSCALED, swap(X_SCALING + "\n", ""), at=(FIT, LOAD)),
    _plant(
        kinds.SCALED_APART,
        swap(X_SCALING, "x_train = x_scaler.transform(x_train)"),
        at=(FIT, "validation_data=(x_test, y_test),"),
    ),
    _plant(
        kinds.TARGET_UNSCALED, swap(Y_SCALING + "\n", ""), swap(" * y_std:.1f} of", ":.1f} of"), at=(FIT, LOAD, COMPILE)
    ),
    _plant(kinds.RELU_HEAD, swap(HEAD, '        layers.Dense(1, activation="relu"),'), at=(FIT,)),
    _plant(kinds.BOUNDED_HEAD, swap(HEAD, '        layers.Dense(1, activation="sigmoid"),'), at=(FIT,)),
    _plant(kinds.CLASS_LOSS, swap('loss="mse"', 'loss="binary_crossentropy"'), at=(HEAD, FIT)),
    _plant(kinds.ACCURACY, swap('metrics=["mae"]', 'metrics=["accuracy"]')),
    _plant(
        kinds.SHUFFLED_APART,
        after(Y_SCALING, "y_train = np.random.permutation(y_train)"),
        swap("import keras\n", "import keras\nimport numpy as np\n"),
        at=(FIT,),
    ),
    *(
        _plant(kind, after(Y_SCALING, edit), swap("import keras\n", "import keras\nimport numpy as np\n"), at=(FIT,))
        for kind, edit in (
            (kinds.MOVED_ALONG, "y_train = np.roll(y_train, 1)"),
            (kinds.SORTED_APART, "y_train = np.sort(y_train)"),
        )
    ),
    _plant(
        kinds.NAN_ROW,
        after(X_SCALING, 'x_train[12, 5] = float("inf")'),
        at=(FIT,),
    ),
    _plant(kinds.NAN_TARGET, after(Y_SCALING, 'y_train[17] = float("nan")'), at=(FIT,)),
    _plant(kinds.ZERO_INIT, swap(HIDDEN, HIDDEN.replace('"relu",', '"relu", kernel_initializer="zeros",'))),
    _plant(
        kinds.OVERFIT,
        swap(
            "        " + HIDDEN + "\n",
            '        layers.Dense(256, activation="relu"),\n        layers.Dense(256, activation="relu"),\n',
        ),
        swap(DROPOUT, ""),
        swap(EPOCHS, EPOCHS.replace("30", "80")),
        at=(FIT, "model = keras.Sequential("),
    ),
    _plant(kinds.PENALTY, swap("regularizers.l2(0.001)", "regularizers.l2(5.0)"), at=(HIDDEN,)),
    _plant(kinds.BATCH_ALL, swap("batch_size=32,", "batch_size=len(x_train),")),
    _plant(kinds.FEW_EPOCHS, swap("default=30", "default=4"), at=("epochs=args.epochs,",)),
    _plant(kinds.DROPOUT, swap("layers.Dropout(0.2)", "layers.Dropout(0.95)")),
    _plant(
        kinds.CONSTANT_FEATURES,
        after(LOAD, "x[:, 2:6] = 0.0"),
        at=(FIT,),
    ),
    _plant(
        kinds.VANISHING,
        swap("        " + HIDDEN, '        *(layers.Dense(16, activation="sigmoid") for _ in range(10)),'),
    ),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(PROGRAM, "huber", (swap('loss="mse"', 'loss="huber"'),)),
    Variant(PROGRAM, "rmsprop", (swap("optimizers.Adam", "optimizers.RMSprop"),)),
    Variant(
        PROGRAM,
        "two layers",
        (swap(DROPOUT, '        layers.Dropout(0.3),\n        layers.Dense(8, activation="relu"),\n'),),
    ),
)

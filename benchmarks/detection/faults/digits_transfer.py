"""Faults in the transfer from some digits to others."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "digits_transfer"
OPTIMIZER = "optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.9),"
LOSS = "loss=keras.losses.SparseCategoricalCrossentropy(),"
MODEL = 'second = keras.Sequential([base, layers.Dense(32, activation="relu"), layers.Dense(5, activation="softmax")])'
SPLIT = "x_train, x_val, y_train, y_val = train_test_split(x[high], y[high] - 5, test_size=0.25, random_state=1)"
FIT = "second.fit(\n    x_train,\n    y_train,"
FREEZE = "base.trainable = False\n"
SCALING = "x = (x / 16.0).reshape(-1, 8, 8, 1)"
VALIDATION = "validation_data=(x_val, y_val),\n    callbacks"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, swap("learning_rate=0.05", "learning_rate=1e10")),
    _plant(kinds.RATE_HIGH, swap("learning_rate=0.05, momentum=0.9", "learning_rate=50.0")),
    _plant(kinds.RATE_LOW, swap("learning_rate=0.05, momentum=0.9", "learning_rate=1e-8")),
    _plant(kinds.UNSCALED, swap(SCALING, "x = (x * 16.0).reshape(-1, 8, 8, 1)"), at=(FIT,)),
    _plant(
        kinds.LATE_FREEZE,
        swap(FREEZE, ""),
        swap(
            '    metrics=["accuracy"],\n)\nsecond.fit(',
            '    metrics=["accuracy"],\n)\nbase.trainable = False\nsecond.fit(',
        ),
        at=("second.compile(",),
    ),
    _plant(kinds.FROZEN, after(MODEL, "for layer in second.layers:\n    layer.trainable = False"), at=(FIT,)),
    _plant(kinds.LABELS_BEYOND, swap(MODEL, MODEL.replace("Dense(5,", "Dense(3,")), at=(FIT,)),
    _plant(
        kinds.LOGITS, swap(MODEL, MODEL.replace('layers.Dense(5, activation="softmax")', "layers.Dense(5)")), at=(LOSS,)
    ),
    _plant(
        kinds.LOGITS_TWICE,
        swap(LOSS, "loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),"),
        at=(MODEL,),
    ),
    _plant(kinds.RELU_HEAD, swap(MODEL, MODEL.replace('"softmax"', '"relu"')), at=(LOSS,)),
    _plant(kinds.NAN_ROW, after(SPLIT, "x_train[15, 2, 2, 0] = np.nan"), at=(FIT,)),
    _plant(kinds.SHUFFLED_APART, after(SPLIT, "y_train = np.random.permutation(y_train)"), at=(FIT,)),
    _plant(
        kinds.OVERLAP, swap(VALIDATION, "validation_data=(x_train[:100], y_train[:100]),\n    callbacks"), at=(FIT,)
    ),
    _plant(
        kinds.DEAD,
        swap(
            MODEL,
            MODEL.replace(
                'layers.Dense(32, activation="relu")',
                'layers.Dense(32, activation="relu", bias_initializer=keras.initializers.Constant(-30.0))',
            ),
        ),
    ),
    _plant(kinds.FEW_EPOCHS, swap("epochs=20,", "epochs=2,")),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(PROGRAM, "adam", (swap("SGD(learning_rate=0.05, momentum=0.9)", "Adam(2e-3)"),)),
    Variant(PROGRAM, "unfrozen", (swap(FREEZE, ""), swap("learning_rate=0.05", "learning_rate=0.01"))),
)

"""Faults in the autoencoder of digits."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "digits_autoencoder"
COMPILE = 'autoencoder.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mean_squared_error")'
HEAD = 'image = layers.Dense(64, activation="sigmoid")(hidden)'
SCALING = "pixels = pixels / pixels.max()"
SPLIT = "train, held_out = model_selection.train_test_split(pixels, test_size=0.2, random_state=4)"
FIT = "autoencoder.fit(\n    train,\n    train,"
CODE = 'code = layers.Dense(CODE, activation="relu", name="code")(hidden)'
FIRST = 'hidden = layers.Dense(48, activation="relu")(image)'
SECOND = 'hidden = layers.Dense(48, activation="relu")(code)'


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, swap("Adam(1e-3)", "Adam(1e10)")),
    _plant(kinds.RATE_HIGH, swap("Adam(1e-3)", "Adam(0.5)")),
    _plant(kinds.RATE_LOW, swap("Adam(1e-3)", "Adam(1e-8)")),
    _plant(kinds.RATE_NEGATIVE, swap("Adam(1e-3)", "Adam(-1e-3)")),
    _plant(kinds.UNSCALED, swap(SCALING, "pixels = pixels * 16"), at=(FIT, HEAD)),
    _plant(kinds.BOUNDED_HEAD, swap(SCALING, "pixels = (pixels - pixels.mean()) / pixels.std()"), at=(FIT, HEAD)),
    _plant(
        kinds.DEAD,
        swap(
            FIRST,
            'hidden = layers.Dense(48, activation="relu", bias_initializer=keras.initializers.Constant(-15.0))(image)',
        ),
    ),
    _plant(
        kinds.ZERO_INIT, swap(SECOND, 'hidden = layers.Dense(48, activation="relu", kernel_initializer="zeros")(code)')
    ),
    _plant(kinds.BOTTLENECK, swap("CODE = 12", "CODE = 1"), at=(CODE,)),
    _plant(
        kinds.LINEAR_STACK,
        swap(FIRST, "hidden = layers.Dense(48)(image)"),
        swap(CODE, 'code = layers.Dense(CODE, name="code")(hidden)'),
        swap(SECOND, "hidden = layers.Dense(48)(code)"),
    ),
    _plant(kinds.LATE_FREEZE, after(COMPILE, "encoder.trainable = False"), at=(COMPILE,)),
    _plant(kinds.FROZEN, swap(COMPILE, "autoencoder.trainable = False\n" + COMPILE), at=(FIT,)),
    _plant(kinds.NAN_ROW, after(SPLIT, 'train[300, 10] = float("nan")'), at=(FIT,)),
    _plant(kinds.OVERLAP, swap("validation_data=(held_out, held_out),", "validation_data=(train, train),"), at=(FIT,)),
    _plant(kinds.ACCURACY, swap('loss="mean_squared_error")', 'loss="mean_squared_error", metrics=["accuracy"])')),
    _plant(kinds.BATCH_ALL, swap("batch_size=64,", "batch_size=1437,")),
    _plant(kinds.FEW_EPOCHS, swap("epochs=30,", "epochs=2,")),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(PROGRAM, "cross-entropy", (swap('loss="mean_squared_error"', 'loss="binary_crossentropy"'),)),
    Variant(PROGRAM, "larger code", (swap("CODE = 12", "CODE = 20"),)),
    Variant(PROGRAM, "nadam", (swap("Adam(1e-3)", "Nadam(1e-3)"),)),
)

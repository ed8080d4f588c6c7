"""Faults in the loop written by hand on wine."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "wine_loop"
OPTIMIZER = "optimizer = keras.optimizers.Adam(learning_rate=LEARNING_RATE)"
LOSS = "loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
HEAD = "        keras.layers.Dense(3),"
FORWARD = "        logits = model(features, training=True)\n"
TAPE = "    with tf.GradientTape() as tape:\n"
APPLY = "    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))\n"
GRADIENTS = "gradients = tape.gradient(loss, model.trainable_variables)"
DATA = "batches = tf.data.Dataset.from_tensor_slices"
SCALED = 'x_test = ((x_test - mean) / std).astype("float32")'
WATCHED = "with Watcher(model) as watcher:"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_HIGH, swap("LEARNING_RATE = 5e-3", "LEARNING_RATE = 3.0"), at=(OPTIMIZER,)),
    _plant(kinds.RATE_LOW, swap("LEARNING_RATE = 5e-3", "LEARNING_RATE = 5e-8"), at=(OPTIMIZER,)),
    _plant(
        kinds.DECAY,
        swap(OPTIMIZER, "optimizer = keras.optimizers.AdamW(learning_rate=LEARNING_RATE, weight_decay=50.0)"),
    ),
    _plant(kinds.NOT_APPLIED, swap(APPLY, ""), at=(GRADIENTS, TAPE.strip(), WATCHED)),
    _plant(kinds.OUTSIDE_TAPE, swap(TAPE + FORWARD, FORWARD[4:] + TAPE), at=(GRADIENTS,)),
    _plant(kinds.INFERENCE_MODE, swap(FORWARD, FORWARD.replace("True", "False"))),
    _plant(kinds.LOGITS, swap(LOSS, "loss_fn = keras.losses.SparseCategoricalCrossentropy()"), at=(HEAD,)),
    _plant(
        kinds.UNSCALED,
        swap("x_train = ((x_train - mean) / std)", "x_train = x_train"),
        swap("x_test = ((x_test - mean) / std)", "x_test = x_test"),
        at=(WATCHED, DATA, "x, y = load_wine(return_X_y=True)"),
    ),
    _plant(kinds.NAN_ROW, after(SCALED, 'x_train[7, 3] = float("nan")'), at=(WATCHED, DATA)),
)

VARIANTS = (Variant(PROGRAM, "as written"),)

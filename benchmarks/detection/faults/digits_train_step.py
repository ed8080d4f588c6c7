"""Faults in the convolutional network with a training step of its own."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, swap

PROGRAM = "digits_train_step"
OPTIMIZER = "optimizer=keras.optimizers.SGD(learning_rate=0.02, momentum=0.9),"
LOSS = "loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),"
HEAD = "self.head = layers.Dense(NUM_CLASSES)"
FIT = "model.fit(\n    x_train,\n    y_train,"
FORWARD = "            logits = self(images, training=True)\n"
TAPE = "        with tf.GradientTape() as tape:\n"
APPLY = "        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))\n"
GRADIENTS = "gradients = tape.gradient(loss, self.trainable_variables)"
SPLIT = "train_test_split(images, labels, test_size=0.25, stratify=labels, random_state=3)"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_HIGH, swap("learning_rate=0.02", "learning_rate=20.0")),
    _plant(kinds.RATE_LOW, swap("learning_rate=0.02, momentum=0.9", "learning_rate=1e-7")),
    _plant(kinds.MOMENTUM, swap("momentum=0.9),\n    loss", "momentum=0.9999),\n    loss")),
    _plant(kinds.NOT_APPLIED, swap(APPLY, ""), at=(GRADIENTS, TAPE.strip(), FIT)),
    _plant(kinds.OUTSIDE_TAPE, swap(TAPE + FORWARD, FORWARD[4:] + TAPE), at=(GRADIENTS,)),
    _plant(kinds.INFERENCE_MODE, swap(FORWARD, FORWARD.replace("True", "False"))),
    _plant(
        kinds.WRONG_AXIS,
        swap("self.norm1 = layers.BatchNormalization(", "self.norm1 = layers.BatchNormalization(axis=1, "),
    ),
    _plant(kinds.LOGITS, swap(LOSS, "loss=keras.losses.SparseCategoricalCrossentropy(),"), at=(HEAD,)),
    _plant(kinds.RELU_HEAD, swap("return self.head(x)", "return self.relu(self.head(x))"), at=(HEAD,)),
    _plant(kinds.LABELS_BEYOND, swap("NUM_CLASSES = 10", "NUM_CLASSES = 5"), at=(HEAD,)),
    _plant(
        kinds.SORTED,
        swap(
            "x_train, x_val, y_train, y_val = " + SPLIT,
            "order = np.argsort(labels)\nimages, labels = images[order], labels[order]\n"
            "x_train, x_val, y_train, y_val = train_test_split(images, labels, test_size=0.25, shuffle=False)",
        ),
        at=(FIT, "validation_data=(x_val, y_val),"),
    ),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(
        PROGRAM,
        "averages by default",
        (
            swap("self.norm1 = layers.BatchNormalization(momentum=0.9)", "self.norm1 = layers.BatchNormalization()"),
            swap("self.norm2 = layers.BatchNormalization(momentum=0.9)", "self.norm2 = layers.BatchNormalization()"),
        ),
    ),
)

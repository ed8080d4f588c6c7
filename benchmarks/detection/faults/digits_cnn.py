"""Faults in the convolutional network on digits."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "digits_cnn"
SCALING = 'images = digits.images.astype("float32") / 16.0'
OPTIMIZER = "optimizer = tf.keras.optimizers.RMSprop(learning_rate=1e-3)"
HEAD = "outputs = tf.keras.layers.Dense(10)(x)"
LOSS = "loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
COMPILE = 'model.compile(optimizer=optimizer, loss=loss_fn, metrics=["accuracy"])'
FIRST = 'x = tf.keras.layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)'
SECOND = 'x = tf.keras.layers.Conv2D(32, 3, padding="same", activation="relu")(x)'
DENSE = 'x = tf.keras.layers.Dense(64, activation="relu")(x)'
DROPOUT = "x = tf.keras.layers.Dropout(0.4)(x)"
SHUFFLE = "train_ds = train_ds.shuffle(2000).batch(32).prefetch(tf.data.AUTOTUNE)"
FIT = "model.fit(train_ds, validation_data=test_ds, epochs=14, callbacks=[early, ScramCallback()], verbose=2)"
SPLIT = (
    "train_images, test_images, train_labels, test_labels = train_test_split("
    "images, labels, test_size=0.25, random_state=3)"
)
TRAIN = "train_ds = tf.data.Dataset.from_tensor_slices((train_images, train_labels))"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, swap(OPTIMIZER, "optimizer = tf.keras.optimizers.RMSprop(learning_rate=1e10)")),
    _plant(kinds.RATE_HIGH, swap(OPTIMIZER, "optimizer = tf.keras.optimizers.SGD(learning_rate=20.0)")),
    _plant(kinds.RATE_LOW, swap(OPTIMIZER, "optimizer = tf.keras.optimizers.RMSprop(learning_rate=1e-8)")),
    _plant(
        kinds.SCHEDULE,
        swap(
            OPTIMIZER,
            "schedule = tf.keras.optimizers.schedules.ExponentialDecay(1e-3, decay_steps=5, decay_rate=0.5)\n"
            "optimizer = tf.keras.optimizers.RMSprop(learning_rate=schedule)",
        ),
    ),
    _plant(
        kinds.UNSCALED,
        swap(SCALING, 'images = digits.images.astype("float32") * 16.0'),
        at=(FIT, TRAIN),
    ),
    _plant(
        kinds.SCALED_APART,
        swap(
            TRAIN,
            "train_images = train_images * 255.0\n" + TRAIN,
        ),
        at=(FIT, "test_ds = tf.data.Dataset.from_tensor_slices((test_images, test_labels)).batch(64)"),
    ),
    _plant(kinds.LOGITS, swap(LOSS, "loss_fn = tf.keras.losses.SparseCategoricalCrossentropy()"), at=(HEAD,)),
    _plant(kinds.LOGITS_TWICE, swap(HEAD, 'outputs = tf.keras.layers.Dense(10, activation="softmax")(x)'), at=(LOSS,)),
    _plant(kinds.RELU_HEAD, swap(HEAD, 'outputs = tf.keras.layers.Dense(10, activation="relu")(x)'), at=(LOSS,)),
    _plant(
        kinds.SUMMED,
        swap(LOSS, 'loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")'),
    ),
    _plant(kinds.LABELS_BEYOND, swap(HEAD, "outputs = tf.keras.layers.Dense(8)(x)"), at=(FIT, TRAIN)),
    _plant(
        kinds.ZERO_INIT,
        swap(FIRST, FIRST.replace('"relu")', '"relu", kernel_initializer="zeros")')),
    ),
    _plant(
        kinds.HUGE_INIT,
        swap(
            DENSE,
            "wide = tf.keras.initializers.RandomUniform(-50, 50)\n"
            'x = tf.keras.layers.Dense(64, activation="relu", kernel_initializer=wide)(x)',
        ),
    ),
    _plant(
        kinds.DEAD,
        swap(
            DENSE,
            "low = tf.keras.initializers.Constant(-20.0)\n"
            'x = tf.keras.layers.Dense(64, activation="relu", bias_initializer=low)(x)',
        ),
    ),
    _plant(kinds.LINEAR_STACK, swap(DENSE, "x = tf.keras.layers.Dense(64)(x)")),
    _plant(kinds.SOFTMAX_HIDDEN, swap(DENSE, 'x = tf.keras.layers.Dense(64, activation="softmax")(x)')),
    _plant(kinds.NAN_ROW, after(SPLIT, "train_images[100, 3, 3, 0] = np.nan"), at=(FIT, TRAIN)),
    _plant(
        kinds.NAN_LAYER,
        swap(
            "inputs = tf.keras.Input(shape=(8, 8, 1))",
            "class Energy(tf.keras.layers.Layer):\n"
            "    def call(self, x):\n"
            "        return tf.math.log(x - 0.4)\n\n\n"
            "inputs = tf.keras.Input(shape=(8, 8, 1))",
        ),
        swap(DENSE, DENSE + "\nx = Energy()(x)"),
    ),
    _plant(
        kinds.UNSHUFFLED,
        swap(
            "images = images[..., np.newaxis]",
            "images = images[..., np.newaxis]\n"
            "order = np.argsort(labels)\n"
            "images, labels = images[order], labels[order]",
        ),
        swap(
            SPLIT,
            "train_images, test_images = images[::2], images[1::2]\n"
            "train_labels, test_labels = labels[::2], labels[1::2]",
        ),
        swap(SHUFFLE, "train_ds = train_ds.batch(32).prefetch(tf.data.AUTOTUNE)"),
        at=(FIT, TRAIN),
    ),
    _plant(
        kinds.BATCH_ALL,
        swap(SHUFFLE, "train_ds = train_ds.shuffle(2000).batch(1400).prefetch(tf.data.AUTOTUNE)"),
        at=(FIT,),
    ),
    _plant(kinds.FEW_EPOCHS, swap("epochs=14,", "epochs=1,")),
    _plant(kinds.DROPOUT, swap(DROPOUT, "x = tf.keras.layers.Dropout(0.95)(x)")),
    _plant(
        kinds.LATE_FREEZE,
        after(COMPILE, "for layer in model.layers[:4]:\n    layer.trainable = False"),
        at=(COMPILE,),
    ),
    _plant(kinds.OVERLAP, swap("validation_data=test_ds", "validation_data=train_ds")),
    _plant(kinds.MONITOR, swap('monitor="val_loss"', 'monitor="val_acc"')),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(PROGRAM, "adam", (swap("RMSprop(", "Adam("),)),
    Variant(PROGRAM, "narrow", (swap("Conv2D(16,", "Conv2D(8,"), swap("epochs=14", "epochs=20"))),
    Variant(PROGRAM, "strides", (swap(FIRST, FIRST.replace('activation="relu"', 'activation="swish"')),)),
    Variant(PROGRAM, "clipped", (swap("learning_rate=1e-3", "learning_rate=1e-3, clipnorm=1.0"),)),
    Variant(PROGRAM, "jit", (swap('metrics=["accuracy"])', 'metrics=["accuracy"], jit_compile=True)'),)),
)

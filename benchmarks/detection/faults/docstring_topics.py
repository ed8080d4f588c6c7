"""Faults in the text classifier on documentation."""

from __future__ import annotations

import kinds
from planting import Edit, Kind, Plant, Variant, after, swap

PROGRAM = "docstring_topics"
COMPILE = 'model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])'
EMBEDDING = "layers.Embedding(VOCABULARY, 24),"
HIDDEN = 'layers.Dense(24, activation="relu"),'
HEAD = 'layers.Dense(3, activation="softmax"),'
FIT = "model.fit(\n    x_train,\n    y_train,"
STOP = '        keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True),\n'
SPLIT = (
    "train_texts, val_texts, y_train, y_val = train_test_split("
    "texts, topics, test_size=0.2, random_state=0, stratify=topics)"
)
ENCODED = "x_train, x_val = encode(train_texts, words), encode(val_texts, words)"
VALIDATION = "validation_data=(x_val, y_val),"


def _plant(kind: Kind, *edits: Edit, at: tuple[str, ...] = ()) -> Plant:
    return Plant(PROGRAM, kind, edits, at)


def _optimizer(text: str) -> Edit:
    return swap('optimizer="adam"', f"optimizer={text}")


PLANTS = (
    _plant(kinds.RATE_ENORMOUS, _optimizer("keras.optimizers.Adam(1e10)")),
    _plant(kinds.RATE_HIGH, _optimizer("keras.optimizers.Adam(0.8)")),
    _plant(kinds.RATE_LOW, _optimizer("keras.optimizers.Adam(1e-8)")),
    _plant(kinds.TOKENS, swap("layers.Embedding(VOCABULARY, 24),", "layers.Embedding(500, 24),"), at=(FIT,)),
    _plant(kinds.LOGITS, swap(HEAD, "layers.Dense(3),"), at=(COMPILE,)),
    _plant(kinds.ONE_UNIT, swap(HEAD, 'layers.Dense(1, activation="sigmoid"),'), at=(COMPILE,)),
    _plant(
        kinds.ENCODING, swap('loss="sparse_categorical_crossentropy"', 'loss="categorical_crossentropy"'), at=(FIT,)
    ),
    _plant(kinds.MSE_CLASSES, swap('loss="sparse_categorical_crossentropy"', 'loss="mse"'), at=(HEAD,)),
    _plant(kinds.LABELS_BEYOND, swap(HEAD, 'layers.Dense(2, activation="softmax"),'), at=(FIT,)),
    _plant(kinds.SHUFFLED_APART, after(SPLIT, "np.random.shuffle(train_texts)"), at=(FIT,)),
    _plant(
        kinds.ZERO_INIT,
        swap(EMBEDDING, 'layers.Embedding(VOCABULARY, 24, embeddings_initializer="zeros"),'),
        swap(HIDDEN, 'layers.Dense(24, activation="relu", kernel_initializer="zeros"),'),
    ),
    _plant(
        kinds.FROZEN,
        after(
            'model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])',
            'model.trainable = False\nmodel.compile(optimizer="adam", loss="sparse_categorical_crossentropy")',
        ),
        at=(FIT,),
    ),
    _plant(
        kinds.DEAD,
        swap(HIDDEN, 'layers.Dense(24, activation="relu", bias_initializer=keras.initializers.Constant(-5.0)),'),
    ),
    _plant(
        kinds.OVERFIT,
        swap(
            "        layers.Dropout(0.4),\n        layers.GlobalAveragePooling1D(),",
            "        layers.GlobalAveragePooling1D(),",
        ),
        swap("        layers.Dropout(0.4),\n        layers.Dense(3,", "        layers.Dense(3,"),
        swap(STOP, ""),
        swap("epochs=30,", "epochs=50,"),
        at=(FIT, "model = keras.Sequential("),
    ),
    _plant(kinds.OVERLAP, swap(VALIDATION, "validation_data=(x_train, y_train),"), at=(FIT,)),
    _plant(
        kinds.SORTED,
        swap(VALIDATION, "validation_split=0.2,"),
        swap(
            ENCODED, "order = np.argsort(y_train)\nx_train, y_train = encode(train_texts, words)[order], y_train[order]"
        ),
        at=(FIT,),
    ),
    _plant(
        kinds.IMBALANCE,
        swap(
            "        texts += sorted(found)\n        topics += [index] * len(found)",
            "        found = sorted(found)[: 25 if index == 1 else None]\n"
            "        texts += found\n"
            "        topics += [index] * len(found)",
        ),
        at=(FIT,),
    ),
    _plant(kinds.BATCH_ALL, swap("batch_size=32,", "batch_size=4096,")),
    _plant(kinds.FEW_EPOCHS, swap("epochs=30,", "epochs=2,")),
    _plant(kinds.SOFTMAX_HIDDEN, swap(HIDDEN, 'layers.Dense(24, activation="softmax"),')),
    _plant(kinds.MONITOR, swap(VALIDATION, ""), at=(STOP.strip(), FIT)),
)

VARIANTS = (
    Variant(PROGRAM, "as written"),
    Variant(PROGRAM, "rmsprop", (_optimizer('"rmsprop"'),)),
    Variant(
        PROGRAM,
        "convolution",
        (
            swap(
                "layers.GlobalAveragePooling1D()",
                'layers.Conv1D(24, 3, activation="relu"),\n        layers.GlobalMaxPooling1D()',
            ),
        ),
    ),
    Variant(PROGRAM, "adamw", (_optimizer("keras.optimizers.AdamW(2e-3)"),)),
)

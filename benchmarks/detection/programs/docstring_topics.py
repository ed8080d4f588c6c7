"""Which part of the library does a sentence of documentation come from?"""

import importlib
import inspect
import re

import keras
import numpy as np
from keras import layers
from sklearn.model_selection import train_test_split

from scram_lsp import ScramCallback

keras.utils.set_random_seed(1)

TOPICS = {
    "network": ["socket", "http.client", "urllib.request", "smtplib", "email.message", "ssl", "ftplib", "imaplib"],
    "files": ["pathlib", "os", "shutil", "tempfile", "zipfile", "tarfile", "io"],
    "testing": ["unittest.case", "unittest.mock", "logging", "argparse", "pdb", "doctest", "traceback"],
}
VOCABULARY = 3000
LENGTH = 40


def sentences(module):
    """Read the paragraphs of a module's documentation."""
    members = [value for value in vars(module).values() if inspect.isclass(value) or inspect.isroutine(value)]
    for owner in [value for value in members if inspect.isclass(value)]:
        members += [value for value in vars(owner).values() if inspect.isroutine(value)]
    for member in [module, *members]:
        for paragraph in re.split(r"\n\s*\n", inspect.getdoc(member) or ""):
            words = re.findall(r"[a-z]+", paragraph.lower())
            if len(words) >= 5:
                yield " ".join(words)


def read_corpus():
    texts, topics = [], []
    for index, modules in enumerate(TOPICS.values()):
        found = {text for name in modules for text in sentences(importlib.import_module(name))}
        texts += sorted(found)
        topics += [index] * len(found)
    return texts, np.array(topics)


def encode(texts, words):
    ids = np.zeros((len(texts), LENGTH), dtype="int32")
    for row, text in enumerate(texts):
        numbers = [words.get(word, 1) for word in text.split()][:LENGTH]
        ids[row, : len(numbers)] = numbers
    return ids


texts, topics = read_corpus()
train_texts, val_texts, y_train, y_val = train_test_split(texts, topics, test_size=0.2, random_state=0, stratify=topics)
counts = {}
for text in train_texts:
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
common = sorted(counts, key=counts.get, reverse=True)[: VOCABULARY - 2]
words = {word: number for number, word in enumerate(common, start=2)}
x_train, x_val = encode(train_texts, words), encode(val_texts, words)

model = keras.Sequential(
    [
        keras.Input(shape=(LENGTH,), dtype="int32"),
        layers.Embedding(VOCABULARY, 24),
        layers.Dropout(0.4),
        layers.GlobalAveragePooling1D(),
        layers.Dense(24, activation="relu"),
        layers.Dropout(0.4),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    batch_size=32,
    epochs=30,
    validation_data=(x_val, y_val),
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True),
        ScramCallback(),
    ],
    verbose=0,
)

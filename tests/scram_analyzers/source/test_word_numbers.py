"""The words of texts that a program writes out, counted as Keras's `Tokenizer` counts them."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

TEXTS = ["Really good FUN!", "the best film, ever", "a film I recommend...", "boring\tand slow", "Don't: not-worth it"]
PROGRAM = """
import numpy as np
from tensorflow import keras
from keras.preprocessing.text import Tokenizer
from keras.preprocessing.sequence import pad_sequences

texts = {texts}
labels = np.array([1, 1, 1, 0, 0])
tokenizer = Tokenizer({options})
tokenizer.fit_on_texts(texts)
x = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=5)
model = keras.Sequential([keras.layers.Embedding({rows}, 4), keras.layers.LSTM(8), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, labels, epochs=50)
"""


def highest(options: dict[str, object]) -> int:
    """What Keras itself says of the texts."""
    text = pytest.importorskip("keras.src.legacy.preprocessing.text")
    tokenizer = text.Tokenizer(**options)
    tokenizer.fit_on_texts(TEXTS)
    return max(number for row in tokenizer.texts_to_sequences(TEXTS) for number in row)


@pytest.mark.parametrize("options", [{}, {"oov_token": "<OOV>"}, {"num_words": 9}, {"num_words": 500}])
def test_rows_for_all_words_but_the_last(options: dict[str, object]) -> None:
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    last = highest(options)
    assert "embedding-vocabulary-too-small" in said(PROGRAM.format(texts=TEXTS, options=given, rows=last))
    assert "embedding-vocabulary-too-small" not in said(PROGRAM.format(texts=TEXTS, options=given, rows=last + 1))


@pytest.mark.parametrize("options", ['filters="!"', "char_level=True", "lower=False", 'split="-"'])
def test_words_that_are_told_apart_in_another_way(options: str) -> None:
    assert "embedding-vocabulary-too-small" not in said(PROGRAM.format(texts=TEXTS, options=options, rows=3))


def test_texts_of_which_one_is_not_known() -> None:
    texts = "[" + ", ".join(map(repr, TEXTS)) + ', open("more.txt").read()]'
    assert "embedding-vocabulary-too-small" not in said(PROGRAM.format(texts=texts, options="", rows=3))

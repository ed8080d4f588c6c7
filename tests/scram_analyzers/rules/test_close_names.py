"""The name that was meant is searched for once, however many places misspell it."""

from __future__ import annotations

import difflib

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.close_names import closest
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """import keras

model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")])
for optimizer in ("sgd", "adam", "rmsprop"):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["sxparse_categorical_accuracy"])
    model.fit([[1, 2, 3, 4]], [0])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["sxparse_categorical_accuracy"])
model.fit([[1, 2, 3, 4]], [0])
"""


def test_one_word_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    search = difflib.get_close_matches

    def counted(word: str, known: tuple[str, ...], n: int, cutoff: float) -> list[str]:
        asked.append(word)
        return search(word, known, n, cutoff)

    closest.cache_clear()
    monkeypatch.setattr(difflib, "get_close_matches", counted)
    found = analyze_source(PROGRAM, "train.py", RuleSet.default()).findings
    assert len([each for each in found if each.name == "unknown-metric"]) == 2
    assert asked == ["sxparse_categorical_accuracy"]

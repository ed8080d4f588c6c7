"""Code that was pasted without all of its imports is still read."""

from __future__ import annotations

from scram_analyzers.source.interpreting.interpreter import interpret
from scram_analyzers.source.reading.chunks import ParseCache

PASTED = """\
from keras.models import Sequential
from keras.layers import Dense

model = Sequential()
model.add(Dense(8))
model.add(Dropout(0.5))
model.add(Dense(1))
model.compile("adam", "mse")
"""


def layers(text: str) -> list[str]:
    program = interpret(text, "train.py", ParseCache())
    return [layer.class_name for layer in program.layers]


def test_a_layer_that_was_never_imported_is_keras_own() -> None:
    assert layers(PASTED) == ["Dense", "Dropout", "Dense"]


def test_a_name_that_the_module_binds_elsewhere_is_not() -> None:
    assert layers("from project import Dropout as D\n" + PASTED + "\nclass Dropout:\n    pass\n") == ["Dense", "Dense"]

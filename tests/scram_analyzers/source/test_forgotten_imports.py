"""Code that was pasted without all of its imports is still read."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("module", ["layers", ".layers"])
def test_a_name_that_another_module_may_have_brought_is_not(module: str) -> None:
    assert layers(f"from {module} import *\n{PASTED}") == ["Dense", "Dense"]
    assert layers(f"from keras.optimizers import *\n{PASTED}") == ["Dense", "Dropout", "Dense"]

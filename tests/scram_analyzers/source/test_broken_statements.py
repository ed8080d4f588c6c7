"""What is unknown while a statement is being typed: nothing is said of the program that it is not yet."""

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.source.reading.broken_text import meant_by

_DATA = """
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
"""
_MODEL = """
model = keras.Sequential()
model.add(layers.Flatten(input_shape=(28, 28)))
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))
"""
_TRAINING = """
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=10, validation_split=0.2)
"""
_SCALED = 'x_train = x_train.astype("float32") / 255\n'
_STOPPED = """
stop = keras.callbacks.EarlyStopping(patience=3)
other = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10, "softmax")])
other.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
other.fit(x_train, y_train, epochs=10, validation_split=0.2, callbacks=[%s)
"""


def _codes(text: str) -> set[str]:
    return {each.code for each in analyze_source(text, "train.py", RuleSet.default()).findings}


@pytest.mark.parametrize(
    ("whole", "typed"),
    [
        ("/ 255", "/ "),
        ('"softmax"', '"soft'),
        ('"softmax"', ""),
        ('model.add(layers.Dense(10, activation="softmax"))', "model.add("),
        ('model.add(layers.Dense(10, activation="softmax"))', "model."),
    ],
)
def test_a_statement_that_is_being_typed_is_no_mistake(whole: str, typed: str) -> None:
    program = _DATA + _SCALED + _MODEL + _TRAINING
    assert whole in program
    assert _codes(program.replace(whole, typed)) & {"SCR201", "SCR408", "SCR411"} == set()


@pytest.mark.parametrize(("left_out", "code"), [(_SCALED, "SCR201"), (', activation="softmax"', "SCR401")])
def test_one_that_stands_otherwise_still_is(left_out: str, code: str) -> None:
    program = (_DATA + _SCALED + _MODEL + _TRAINING).replace(left_out, "")
    assert code in _codes(program + "\nscores = model.evaluate(\n")


def test_what_is_being_typed_may_use_a_callback() -> None:
    program = _DATA + _SCALED + _MODEL + _TRAINING
    assert "SCR112" not in _codes(program + _STOPPED % "stop")
    assert "SCR112" in _codes(program + _STOPPED % "]")


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("x, y = f(", {"x", "y"}),
        ("x[0] += (", {"x"}),
        ("a = b = c(", {"a", "b"}),
        ("a == b)", set()),
        ("(x, y), (x_te", {"x", "y", "x_te"}),
        ("model.fit(x, y, epochs=3,", set()),
        ("for i in r", {"i"}),
        ("def scale(x\n    y = 3", {"scale"}),
    ],
)
def test_names_that_a_broken_text_binds(text: str, bound: set[str]) -> None:
    assert meant_by(text).bound == bound


def test_what_is_being_typed_may_be_the_training() -> None:
    compiled = _DATA + _SCALED + _MODEL + 'model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")\n'
    judged = "\nprint(model.evaluate(x_test, y_test))\n"
    assert "SCR867" not in _codes(compiled + "history =" + judged)
    assert "SCR867" in _codes(compiled + judged)

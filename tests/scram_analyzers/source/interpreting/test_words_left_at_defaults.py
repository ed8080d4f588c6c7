"""Functions that choose by a word which a call leaves at its default."""

import pytest

from tests.scram_analyzers.source.programs import layer_names, program_of

SOURCE = """
import keras
from keras import layers

def build(kind="dense", units=8):
    model = keras.Sequential([keras.Input((20, 1))])
    if kind == "dense":
        model.add(layers.Flatten())
    else:
        model.add(layers.LSTM(units))
    model.add(layers.Dense(1))
    model.compile("adam", "mse")
    return model

model = build(CALLED)
"""


@pytest.mark.parametrize(
    ("called", "expected"),
    [("", "Flatten"), ("units=4", "Flatten"), ('"recurrent"', "LSTM"), ('kind="recurrent"', "LSTM")],
)
def test_the_branch_of_the_word_is_taken(called: str, expected: str) -> None:
    assert layer_names(program_of(SOURCE.replace("CALLED", called))) == [expected, "Dense"]


def test_a_function_that_is_handed_everything_may_take_any_branch() -> None:
    model = program_of(SOURCE.replace("CALLED", "**settings")).compiles[0].model
    assert model is not None
    assert not model.complete

"""Models that a module only makes: another one trains them."""

from __future__ import annotations

from tests.scram_analyzers.source.programs import program_of

BUILDER = """
import keras
from keras import layers

def build(width):
    inputs = keras.Input((width,))
    code = layers.Dense(8, name="code")(inputs)
    encoder = keras.Model(inputs, code)
    return keras.Model(inputs, layers.Dense(1, name="answer")(encoder(inputs)))
"""


def test_a_model_that_nobody_trains_is_a_draft_as_a_whole() -> None:
    program = program_of(BUILDER)
    assert program.models == ()
    (draft,) = program.drafts
    assert [layer.name for layer in draft.layers] == ["code", "answer"]


def test_a_model_that_is_compiled_is_none() -> None:
    program = program_of(BUILDER + 'model = build(4)\nmodel.compile("adam", "mse")\n')
    assert len(program.models) == 1
    assert program.drafts == ()


def test_a_model_that_looks_into_a_trained_one_is_none() -> None:
    looking = (
        'model = build(4)\nmodel.compile("adam", "mse")\nlook = keras.Model(model.inputs, model.layers[1].output)\n'
    )
    assert program_of(BUILDER + looking).drafts == ()


def test_a_model_that_was_added_to_itself_is_none() -> None:
    around = "import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.add(model)\n"
    assert program_of(around).drafts == ()

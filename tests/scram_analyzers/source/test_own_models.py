"""Classes of models as TensorFlow's own tutorials write them."""

from __future__ import annotations

import pytest

from scram_analyzers.source.heads import heads_of
from tests.scram_analyzers.source.programs import program_of

MODEL = """
import tensorflow as tf

class Letters(tf.keras.Model):
    def __init__(self, count):
        super().__init__({given})
        self.embedding = tf.keras.layers.Embedding(count, 64)
        self.gru = tf.keras.layers.GRU(128, return_sequences=True, return_state=True)
        self.dense = tf.keras.layers.Dense(count)

    def call(self, inputs, states=None, {switch}, training=False):
        x = self.embedding(inputs, training=training)
        x, states = self.gru(x, initial_state=states, training=training)
        x = self.dense(x, training=training)
        if return_state:
            return x, states
        return x

model = Letters(65)
model.compile("adam", "mse")
"""


@pytest.mark.parametrize("given", ["", "self", "name='letters'"])
def test_what_the_base_class_is_given_hides_no_layers(given: str) -> None:
    (model,) = program_of(MODEL.format(given=given, switch="return_state=False")).models
    assert [head.layer and head.layer.class_name for head in heads_of(model)] == ["Dense"]


def test_a_switch_that_may_be_anything_leaves_the_outputs_unknown() -> None:
    (model,) = program_of(MODEL.format(given="", switch="return_state=somewhere()")).models
    assert model.outputs == ()

"""Classes of models as TensorFlow's own tutorials write them."""

from __future__ import annotations

import textwrap

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


BUILT = {
    "subclass of Sequential that adds": """
        class Net(keras.Sequential):
            def __init__(self):
                super().__init__()
                self.add(layers.Dense(8, activation="relu"))
                self.add(layers.Dense(3))
        model = Net()
        """,
    "subclass of Sequential that is given a list": """
        class Net(keras.Sequential):
            def __init__(self):
                super().__init__([layers.Dense(8, activation="relu"), layers.Dense(3)])
        model = Net()
        """,
    "folded": """
        from functools import reduce
        inputs = keras.Input((4,))
        steps = [layers.Dense(8, activation="relu"), layers.Dense(3)]
        model = keras.Model(inputs, reduce(lambda tensor, layer: layer(tensor), steps, inputs))
        """,
    "cloned": """
        first = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(3)])
        model = keras.models.clone_model(first)
        """,
    "pruned": """
        import tensorflow_model_optimization as tfmot
        first = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(3)])
        model = tfmot.sparsity.keras.prune_low_magnitude(first)
        """,
}


@pytest.mark.parametrize("built", BUILT.values(), ids=BUILT.keys())
def test_a_model_is_known_however_it_is_put_together(built: str) -> None:
    lines = f"import keras\nfrom keras import layers\n{textwrap.dedent(built)}model.compile('adam', 'mse')\n"
    (model,) = program_of(lines).models
    assert [layer.class_name for layer in model.layers] == ["Dense", "Dense"]
    assert [head.layer and head.layer.class_name for head in heads_of(model)] == ["Dense"]
    assert model.complete


def test_a_wrapper_compiles_what_its_function_leaves_as_it_is() -> None:
    program = program_of(
        """
        import keras
        from scikeras.wrappers import KerasClassifier

        def build():
            return keras.Sequential([keras.layers.Dense(3)])

        KerasClassifier(build, loss="sparse_categorical_crossentropy", optimizer="adam").fit(x, y)
        """
    )
    (compiled,) = program.compiles
    assert [loss.name for loss in compiled.losses] == ["sparse_categorical_crossentropy"]
    assert program.fits[0].compile is compiled

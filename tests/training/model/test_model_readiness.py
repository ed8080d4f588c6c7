"""A model is made ready for a pass of ours without being traced for it."""

import numpy as np
import pytest

from scram_lsp import ScramCallback
from scram_lsp.training.model.model_readiness import is_ready

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
layers = keras.layers


class Counted(layers.Layer):
    calls = 0

    def call(self, x):
        type(self).calls += 1
        return x


def two_outputs():
    x = keras.Input((4,))
    one, two = layers.Dense(1, name="one")(x), layers.Dense(2, name="two")(x)
    model = keras.Model(x, {"one": one, "two": two})
    model.compile("adam", {"one": "mse", "two": "mae"}, metrics={"one": ["mae"]})
    return model


def test_a_model_whose_layers_are_built_is_not_traced_to_build_the_rest():
    model = keras.Sequential([keras.Input((4,)), Counted(), layers.Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    before = Counted.calls
    assert is_ready(model, (np.zeros((3, 4), "float32"), np.zeros((3, 2), "float32")), is_first_step=True)
    assert Counted.calls == before
    assert model.optimizer.built
    assert not model._compile_metrics.built  # Keras's own first step builds them


def test_the_losses_of_several_outputs_are_built_as_keras_does():
    x = np.random.default_rng(0).random((8, 4), "float32")
    y = {"one": x[:, :1], "two": x[:, :2]}
    logs = []
    for is_prepared in (False, True):
        keras.utils.set_random_seed(0)
        model = two_outputs()
        assert not is_prepared or is_ready(model, (x, y), is_first_step=True)
        logs.append(model.fit(x, y, verbose=0).history)
    assert logs[0] == logs[1]
    assert {"loss", "one_loss", "two_loss", "one_mae"} == set(logs[0])


class Pair(keras.Model):
    """Of two parts, which its step trains one after the other; `call` is for who has trained it."""

    def __init__(self):
        super().__init__()
        self.one = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
        self.two = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
        self.never_called = layers.Dense(3)

    def call(self, x):
        return self.never_called(self.two(self.one(x)))

    def train_step(self, data):
        return {"loss": keras.ops.mean(self.two(self.one(data[0])))}


def test_a_model_that_its_own_step_never_calls_is_not_built(project):
    model = Pair()
    model.compile("adam", "mse")
    project.fit(
        model, np.zeros((32, 4), "float32"), np.zeros((32, 3), "float32"), verbose=0, callbacks=[ScramCallback()]
    )
    assert not model.built
    assert not model.never_called.built

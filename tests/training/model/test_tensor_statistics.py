"""The same numbers from a graph of TensorFlow and, outside one, from numpy."""

import warnings

import numpy as np
import pytest

from scram_lsp.training.model.tensor_statistics import layer_statistics, weight_statistics

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
layers = keras.layers

TABLES = {
    "usual": np.random.default_rng(0).normal(size=(16, 5)),
    "dead": np.maximum(np.random.default_rng(1).normal(size=(16, 5)) * [1, 1, 1, -0.0, 0], 0),
    "bad": np.array([[1.0, np.nan], [np.inf, -2.0]]),
    "huge": np.array([[3e38, 2e38], [1.0, 3e38]]),
    "tiny": np.array([[1e-30, 2e-30], [0.0, 1e-32]]),
    "nothing": np.zeros((4, 3)),
    "image": np.random.default_rng(2).normal(size=(2, 3, 3, 4)),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", "tanh"])
def test_layers(table, activation):
    layer, values = layers.Dense(1, activation=activation), tf.constant(table, "float32")
    traced = tf.function(lambda tensor: layer_statistics(layer, tensor), autograph=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = layer_statistics(layer, values)
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, traced(values).numpy(), rtol=1e-5, atol=1e-7)


def test_outside_a_graph_no_operation_of_tensorflow_is_run(monkeypatch):
    """Each takes as long as numpy takes for all of them."""
    image = tf.constant(TABLES["image"], "float32")
    others = [image, tf.constant(TABLES["bad"], "float32")]
    first = layers.Conv2D(3, 1, data_format="channels_first", activation="relu")
    traced = [
        tf.function(lambda each: layer_statistics(first, each), autograph=False)(each) for each in (image, others)
    ]
    for name in ("reshape", "moveaxis", "stop_gradient", "stack"):
        monkeypatch.setattr(keras.ops, name, None)
    for outputs, expected in zip((image, others), traced, strict=True):
        np.testing.assert_allclose(layer_statistics(first, outputs), expected.numpy(), rtol=1e-5)
    assert weight_statistics(image, image * 2, None)[4] == -1


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_weights(table):
    value, before = tf.constant(table, "float32"), tf.constant(table * 0.9, "float32")
    traced = tf.function(weight_statistics, autograph=False)
    for gradient in (None, value * 2):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = weight_statistics(value, before, gradient)
        np.testing.assert_allclose(found, traced(value, before, gradient).numpy(), rtol=1e-5)

"""Weights that are not finite are found, wherever they lie."""

import numpy as np
import pytest

from scram_lsp.training.model.weights import nonfinite_weights

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_weights_are_read_where_they_lie(dtype, monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError("an operation for each weight of a deep model takes longer than its step")

    monkeypatch.setattr(tf.math, "is_finite", refuse)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="head", dtype=dtype)])
    assert nonfinite_weights(model, "tensorflow") == ()
    kernel, bias = (np.asarray(each, "float32") for each in model.get_weights())
    model.set_weights([kernel * np.inf, bias])
    assert nonfinite_weights(model, "tensorflow") == ("head/kernel",)


@pytest.mark.filterwarnings("error")
def test_large_values_are_no_infinite_ones():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="head")])
    model.set_weights([np.full((3, 2), 3e38, "float32"), np.zeros(2, "float32")])
    assert nonfinite_weights(model, "tensorflow") == ()

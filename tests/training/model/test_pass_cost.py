"""How a pass is run first, and what is expected of it."""

import pytest

from scram_lsp.training.budget import Budget
from scram_lsp.training.model.pass_cost import (
    can_run_untraced,
    first_pass_seconds,
    seconds_to_trace,
    traced_pass_seconds,
)

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
layers = keras.layers


def model_of(*parts, loss="mse", **arguments):
    model = keras.Sequential([keras.Input((30, 4)), *parts])
    model.compile("sgd", loss, **arguments)
    return model


class Own(layers.Layer):
    def call(self, x):
        return x


def test_only_code_of_keras_is_run_untraced():
    def own_loss(y_true, y_pred):
        return keras.losses.mean_squared_error(y_true, y_pred)

    assert can_run_untraced(model_of(layers.Dense(2)))
    assert can_run_untraced(model_of(layers.Dense(2), loss=keras.losses.MeanSquaredError()))
    assert not can_run_untraced(model_of(layers.Dense(2), loss=own_loss))
    assert not can_run_untraced(model_of(Own()))
    assert not can_run_untraced(model_of(keras.Sequential([layers.Lambda(lambda x: x)])))
    assert can_run_untraced(model_of(Own(), run_eagerly=True))


def affords(model):
    budget = Budget()
    budget.expect("layers", first_pass_seconds(model, "tensorflow"))
    return budget.affords("layers")


def test_a_deep_model_and_a_long_loop_are_not_probed_in_a_short_run():
    assert affords(model_of(*(layers.Dense(2) for _ in range(20))))
    assert not affords(model_of(*(layers.Dense(2) for _ in range(100))))
    assert affords(model_of(layers.LSTM(2)))
    assert not affords(model_of(layers.LSTM(2, return_sequences=True), layers.GRU(2, return_sequences=True), Own()))
    long = keras.Sequential([keras.Input((500, 4)), layers.LSTM(2)])
    long.compile("sgd", "mse")
    assert not affords(long)


def test_what_tracing_takes_is_told_by_what_passes_take_on_this_machine():
    model = model_of(*(layers.Dense(2) for _ in range(10)))
    usual, trace = first_pass_seconds(model, "tensorflow"), traced_pass_seconds(model, "tensorflow")
    assert seconds_to_trace(model, 0.0) == 0
    assert seconds_to_trace(model, usual) == pytest.approx(min(8 * usual, trace))
    assert seconds_to_trace(model, 10 * usual) == pytest.approx(5 * trace)  # others keep it busy
    loop = model_of(layers.LSTM(2))
    assert seconds_to_trace(loop, 2 * first_pass_seconds(loop, "tensorflow")) == traced_pass_seconds(loop, "tensorflow")

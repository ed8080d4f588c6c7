import random
import threading

import numpy as np
import pytest

from scram_lsp.training.model.random_states import note_data_of, random_states_kept

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")


class Doubling(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0


def model_of(layer):
    return keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])


def drawn_within(model):
    """Whether numbers that are drawn within come again after it, as Python and numpy see it; and what was noted."""
    with random_states_kept(model) as draws:
        within = random.random(), np.random.rand()
    after = random.random(), np.random.rand()
    return within == after, draws.were_made


def test_what_the_programs_own_code_draws_is_put_back():
    assert drawn_within(model_of(Doubling())) == (True, True)


@pytest.mark.parametrize("layer", [keras.layers.Dropout(0.5), keras.layers.Dense(2, activation="relu")])
def test_what_is_drawn_while_keras_own_code_runs_is_another_threads(layer):
    assert drawn_within(model_of(layer)) == (False, False)


def test_an_activation_may_be_the_programs_own():
    layer = keras.layers.Dense(2, activation=lambda inputs: inputs * np.random.rand())
    assert drawn_within(model_of(layer)) == (True, True)


def test_where_the_data_may_draw_what_is_drawn_is_theirs():
    model = model_of(Doubling())
    note_data_of(model, may_draw=True)
    assert drawn_within(model) == (False, True)
    note_data_of(model, may_draw=False)
    assert drawn_within(model) == (True, True)


def test_of_looks_that_overlap_the_first_puts_back_what_was_there():
    from tensorflow.python.eager import context

    keras.utils.set_random_seed(3)
    generator, looks_too, may_end = context.context()._rng, threading.Event(), threading.Event()

    def look():
        with random_states_kept(model_of(Doubling())):
            looks_too.set()
            may_end.wait(60)

    other = threading.Thread(target=look)
    with random_states_kept(model_of(Doubling())):
        other.start()
        assert looks_too.wait(60)
    may_end.set()
    other.join()
    assert context.context()._rng is generator

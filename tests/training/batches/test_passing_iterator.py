"""Batches that pass to the train function unseen, and are had later."""

import gc

import numpy as np
import pytest

from scram_lsp.training.batches.passing_iterator import PassingIterator

pytestmark = pytest.mark.tensorflow
tf = pytest.importorskip("tensorflow")


@pytest.fixture
def feed():
    from scram_lsp.training.batches.batch_feed import TensorFlowFeed

    feed = TensorFlowFeed()
    yield feed
    feed.close()


def batches_of(*values):
    """An iterator over batches of inputs and targets."""
    values = tf.constant(values, tf.float32)
    return iter(tf.data.Dataset.from_tensor_slices((values, -values)).batch(2))


def numbers(batches):
    return [[part.numpy().tolist() for part in batch] for batch in batches]


def test_they_pass_as_they_are_and_are_kept_in_their_order(feed):
    source = batches_of(1, 2, 3, 4, 5)
    (passing,), kept = feed.let_pass((source,))
    assert passing.element_spec == source.element_spec
    assert numbers([next(passing), next(passing)]) == [[[1, 2], [-1, -2]], [[3, 4], [-3, -4]]]
    assert numbers([next(source)]) == [[[5], [-5]]]  # none was asked for before its time
    assert numbers(kept.take()) == [[[1, 2], [-1, -2]], [[3, 4], [-3, -4]]]
    assert kept.take() == []


def test_the_end_of_the_data_is_the_end(feed):
    (passing,), kept = feed.let_pass((batches_of(1, 2),))
    next(passing)
    with pytest.raises(StopIteration):
        next(passing)
    assert len(kept.take()) == 1


def test_the_next_epoch_has_an_iterator_of_its_own(feed):
    (first,), _ = feed.let_pass((batches_of(1, 2),))
    next(first)
    (second,), kept = feed.let_pass((batches_of(3, 4),))
    assert second is first
    next(second)
    assert numbers(kept.take()) == [[[1, 2], [-1, -2]], [[3, 4], [-3, -4]]]


def test_between_epochs_the_source_is_left_to_its_owner(feed):
    source = batches_of(1, 2, 3, 4)
    _, kept = feed.let_pass((source,))
    feed.rest()
    assert kept.source is None
    (passing,), kept = feed.let_pass((source,))  # one that goes on, as with steps_per_epoch
    assert numbers([next(passing), next(passing)]) == [[[1, 2], [-1, -2]], [[3, 4], [-3, -4]]]
    assert len(kept.take()) == 2


def test_an_epochs_end_lets_go_of_its_iterator():
    """Who lets go of it last waits until TensorFlow no longer tunes it."""
    import keras

    from scram_lsp.training.batches.passing_iterator import PassingIterator
    from scram_lsp.training.callback import ScramCallback

    sources = []

    class Looker(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            passing = [each for each in gc.get_objects() if type(each) is PassingIterator]
            sources.extend(each.source for each in passing)

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.ones((64, 2), "float32")
    model.fit(x, x[:, :1], epochs=3, batch_size=8, verbose=0, callbacks=[ScramCallback(quiet=True), Looker()])
    assert sources
    assert set(sources) == {None}


def test_what_is_dropped_is_gone(feed):
    (passing,), kept = feed.let_pass((batches_of(1, 2, 3, 4),))
    next(passing)
    kept.drop()
    next(passing)
    assert numbers(kept.take()) == [[[3, 4], [-3, -4]]]


def test_a_step_runs_on_the_graph_that_it_has(feed):
    traced = []

    @tf.function
    def step(iterator):
        traced.append(1)
        return tf.reduce_sum(next(iterator)[0])

    source = batches_of(1, 2, 3, 4)
    assert step(source) == 3
    (passing,), _ = feed.let_pass((source,))
    assert step(passing) == 7
    assert len(traced) == 1


def test_nothing_is_held_at_the_end(feed):
    (passing,), kept = feed.let_pass((batches_of(1, 2, 3, 4),))
    next(passing)
    feed.close()
    assert kept.take() == []


def test_other_data_is_taken_instead(feed):
    ragged = tf.data.Dataset.from_tensors(tf.ragged.constant([[1.0], [2.0, 3.0]]))
    assert feed.let_pass((iter(ragged),)) is None
    assert feed.let_pass(([(1, 2)],)) is None


def test_the_end_may_come_while_a_graph_is_made(feed):
    (passing,), kept = feed.let_pass((batches_of(1, 2, 3, 4),))
    next(passing)
    graph = tf.Graph()
    with graph.as_default():
        feed.close()
    assert graph.get_operations() == []
    assert kept.take() == []


def test_where_it_can_not_be_made_batches_are_taken(feed, monkeypatch):
    def fail(self, spec):
        raise AttributeError("this TensorFlow has none")

    monkeypatch.setattr(PassingIterator, "__init__", fail)
    source = batches_of(1, 2)
    assert feed.let_pass((source,)) is None
    assert feed.let_pass((source,)) is None
    assert numbers([next(source)]) == [[[1, 2], [-1, -2]]]

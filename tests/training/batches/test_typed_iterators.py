"""The queue through which batches are handed on."""

import pytest

pytestmark = pytest.mark.tensorflow
tf = pytest.importorskip("tensorflow")


def test_no_source_is_read_to_make_the_queue(monkeypatch):
    from tensorflow.python.autograph.pyct import parser

    from scram_lsp.training.batches.typed_iterators import queue_and_iterator

    def refuse(*arguments, **keywords):
        raise AssertionError("AutoGraph takes longer than all else that the queue needs")

    monkeypatch.setattr(parser, "parse_entity", refuse)
    queue, iterator = queue_and_iterator(tf.TensorSpec([2]), 1)
    queue.enqueue([[1.0, 2.0]])
    assert next(iterator).numpy().tolist() == [1.0, 2.0]

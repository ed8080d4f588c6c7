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


def test_an_iterator_without_batches_has_the_type_asked_for():
    from scram_lsp.training.batches.typed_iterators import finite_iterator

    inputs = {
        "words": tf.RaggedTensorSpec([None, None], tf.int32),
        "few": tf.SparseTensorSpec([None, 5], tf.float32),
        "text": tf.TensorSpec([None], tf.string),
        "any": tf.TensorSpec(None, tf.bool),
    }
    spec = (inputs, tf.TensorSpec([None, 3], tf.float16))
    iterator = finite_iterator([], spec)
    assert iterator.element_spec == spec
    with pytest.raises(StopIteration):
        next(iterator)

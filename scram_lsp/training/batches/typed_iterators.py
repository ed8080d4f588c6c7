"""Iterators of TensorFlow's that a traced train function takes for the one it was traced with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def iterator_of(dataset: Any, spec: Any) -> Any:
    """An iterator over the dataset that TensorFlow takes for one of element type `spec`."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False  # there is nothing to gain
    variant = tf.data.experimental.to_variant(dataset.with_options(options))
    return iter(tf.data.experimental.from_variant(variant, spec))


def queue_and_iterator(spec: Any, capacity: int) -> tuple[Any, Any]:
    """A queue for `capacity` batches, and an endless iterator of element type `spec` that gives what is put into it."""
    queue, dataset = _queue_and_dataset(spec, capacity)
    return queue, iterator_of(dataset, spec)


def _queue_and_dataset(spec: Any, capacity: int) -> tuple[Any, Any]:
    import tensorflow as tf

    parts = tf.nest.flatten(spec, expand_composites=True)
    with tf.device("CPU:0"):
        queue = tf.queue.FIFOQueue(capacity, [part.dtype for part in parts])

        def dequeue(_: Any) -> Any:
            values = queue.dequeue()
            values = list(values) if isinstance(values, list | tuple) else [values]
            for value, part in zip(values, parts, strict=True):
                value.set_shape(part.shape)
            return tf.nest.pack_sequence_as(spec, values, expand_composites=True)

        # Converted by AutoGraph it would take several times as long: that reads its source.
        return queue, tf.data.Dataset.counter().map(tf.autograph.experimental.do_not_convert(dequeue))


def finite_iterator(batches: Sequence[Any], spec: Any) -> Any:
    """An iterator of element type `spec` over these batches and no more."""
    import tensorflow as tf

    if not batches:
        _, dataset = _queue_and_dataset(spec, 1)
        return iterator_of(dataset.take(0), spec)
    dataset = tf.data.Dataset.from_tensors(batches[0])
    for batch in batches[1:]:
        dataset = dataset.concatenate(tf.data.Dataset.from_tensors(batch))
    return iterator_of(dataset, spec)

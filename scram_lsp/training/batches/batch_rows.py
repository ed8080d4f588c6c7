"""A batch as Keras hands it to `train_step`, taken apart, and the first rows of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scram_lsp.training.model.model_pass import Batch


def unpack(batch: Any) -> Batch:
    """Inputs, targets and sample weights; of values spread over replicas the first replica's.

    What a generator of TensorFlow's gives for a missing part becomes None, as in Keras's own step.
    """
    import keras

    x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
    return tuple(keras.tree.map_structure(_plain, part) for part in (x, y, weights))


def first_rows(batch: Batch, rows: int) -> Batch:
    """The first `rows` rows of every array."""
    import keras

    return tuple(keras.tree.map_structure(lambda leaf: _head(leaf, rows), part) for part in batch)


def copied(batch: Any) -> Any:
    """The batch with copies of its arrays of numpy's and of torch's, which may be written to; other tensors are never.

    Of batches of Keras 2 too, which has no `keras.tree`.
    """
    if isinstance(batch, np.ndarray):
        return batch.copy()
    if hasattr(batch, "detach"):
        return batch.detach().clone()
    if isinstance(batch, dict):
        return {name: copied(part) for name, part in batch.items()}
    if type(batch) in (list, tuple):
        return type(batch)(map(copied, batch))
    return batch


def row_count(batch: Batch) -> int:
    """How many rows the first array has; 0 when that can't be told."""
    import keras

    for leaf in keras.tree.flatten(batch[0]):
        shape = getattr(leaf, "shape", None)
        if shape is not None and len(shape):
            return int(shape[0] or 0)
    return 0


def _plain(leaf: Any) -> Any:
    if type(leaf).__name__ == "PerReplica":
        return leaf.values[0]
    if hasattr(leaf, "has_value") and hasattr(leaf, "get_value"):  # tf.experimental.Optional
        return None
    return leaf


def _head(leaf: Any, rows: int) -> Any:
    shape = getattr(leaf, "shape", None)
    if shape is None or not len(shape):
        return leaf
    if hasattr(leaf, "dense_shape"):  # tf.SparseTensor has no slices
        import tensorflow as tf

        size = tf.tensor_scatter_nd_update(leaf.dense_shape, [[0]], [tf.minimum(leaf.dense_shape[0], rows)])
        return tf.sparse.slice(leaf, tf.zeros_like(size), size)
    return leaf[:rows]

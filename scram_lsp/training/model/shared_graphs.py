"""Small functions of tensors: one operation in a graph of TensorFlow, plain numpy where it has none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np


def traced_once(function: Callable[..., Any], *tensors: Any) -> Any:
    """What `function` gives for these tensors. In a graph of TensorFlow it is one operation.

    To trace thirty operations for each weight of a deep model took longer than to trace the model itself, and to run
    them one by one longer than numpy takes: outside a graph `function` gets arrays of numpy.
    `function` stands at the top of a module; it may ask a tensor for its rank, not for its static shape.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return function(*tensors)
    arrays = [readable(each) for each in tensors]
    if all(isinstance(each, np.ndarray) for each in arrays):
        with np.errstate(all="ignore"):  # what overflows is what we look for
            return function(*arrays)
    return _graph(function, tuple((len(each.shape), each.dtype) for each in tensors))(*tensors)


def readable(tensor: Any) -> Any:
    """A tensor of TensorFlow outside a graph as an array of numpy, which shares its memory; any other as it is.

    Even to change its shape takes TensorFlow a hundred times as long.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return tensor
    import tensorflow as tf

    return np.asarray(tensor) if tf.executing_eagerly() else tensor


@functools.cache
def _graph(function: Callable[..., Any], kinds: tuple[tuple[int, Any], ...]) -> Callable[..., Any]:
    import tensorflow as tf

    signature = [tf.TensorSpec([None] * rank, dtype) for rank, dtype in kinds]
    # Inlined, its operations would be optimized and placed again for every call.
    attributes = {"_noinline": True}
    graph: Callable[..., Any] = tf.function(
        function, input_signature=signature, autograph=False, experimental_attributes=attributes
    )
    return graph

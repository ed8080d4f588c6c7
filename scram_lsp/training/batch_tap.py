"""A look at the batches that a step is about to train on, by a wrap around the model's `train_function`.

Called once for each execution, before it. On a sampled execution the batches are taken from the iterator,
looked at, and handed to the original function by an iterator of the same type, so that TensorFlow runs the
graph it has already traced: nothing is compiled twice, and the weights come out the same to the last bit.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

Batches = list[Any]


class BatchTap:
    """Wraps `model.train_function`; after `arm` the next call shows its first batch to `look`.

    Outside a fit of ours it is never armed and passes every call through, so a wrap that outlived a fit that
    raised does no harm. What `look` raises is kept in `fault`, and training goes on. `seconds` is the cost of
    the last look.
    """

    def __init__(self, model: Any, look: Callable[[Any], None]) -> None:
        self._model = model
        self._original: Callable[[Any], Any] = model.train_function
        self._look = look
        self._is_armed = False
        self.seconds = 0.0
        self.fault: Exception | None = None

    @classmethod
    def install(cls, model: Any, look: Callable[[Any], None]) -> BatchTap:
        """Wrap the model's function; a wrap that a fit left behind by raising is taken away first."""
        if isinstance(model.train_function, BatchTap):
            model.train_function.remove()
        tap = cls(model, look)
        model.train_function = tap
        return tap

    def arm(self) -> None:
        """Look at the next execution."""
        self._is_armed = True

    def remove(self) -> None:
        """Give the model its own function back, unless someone else has replaced it since."""
        self._is_armed = False
        if self._model.train_function is self:
            self._model.train_function = self._original

    def __call__(self, iterator: Any) -> Any:
        """Run the original on the same batches."""
        if not self._is_armed:
            return self._original(iterator)
        self._is_armed = False
        # What the user's data raises here is raised as the original would have.
        batches = _take(iterator, self._model.steps_per_execution)
        begin = time.perf_counter()
        replayed: Any = batches
        try:
            self._look(batches[0])
            replayed = _replay(batches, iterator)
        except Exception as error:  # ours, not the user's: the recorder ends the watch
            self.fault = error
        self.seconds = time.perf_counter() - begin
        return self._original(replayed)


def _take(iterator: Iterator[Any], count: int) -> Batches:
    """Up to `count` batches; raises `StopIteration` when there is none at all, as the original does."""
    return [next(iterator), *itertools.islice(iterator, count - 1)]


def _replay(batches: Batches, source: Any) -> Any:
    """An iterator over `batches` that TensorFlow takes for `source`: it has the same type, shapes included.

    For a distributed iterator it is the list itself, which Keras takes as well, at the cost of one more trace.
    """
    import tensorflow as tf

    if not isinstance(source, tf.data.Iterator):
        return batches
    dataset = tf.data.Dataset.from_tensors(batches[0])
    for batch in batches[1:]:
        dataset = dataset.concatenate(tf.data.Dataset.from_tensors(batch))
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False  # there is nothing to gain
    variant = tf.data.experimental.to_variant(dataset.with_options(options))
    return iter(tf.data.experimental.from_variant(variant, source.element_spec))

"""An iterator of TensorFlow's that hands on another one's batches and keeps each, without a look from Python."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from scram_lsp.training.batches.typed_iterators import iterator_of


class PassingIterator:
    """`iterator` gives what the source gives that it was last told to `read_from`; its elements are of type `spec`.

    It asks the source for one batch at a time, within the step, where the step would have asked; to take a batch in
    Python and put it back costs a step two to three times as much. What was kept is held, however much it is, until it
    is taken or dropped: whoever lets batches pass bounds their number. TensorFlow holds it by a name, so what is not
    closed stays for as long as the process.
    """

    def __init__(self, spec: Any) -> None:
        import tensorflow as tf

        self.spec = spec
        self._parts = tf.nest.flatten(spec, expand_composites=True)
        self._types = [part.dtype for part in self._parts]
        name = f"scram_{secrets.token_hex(8)}"
        self._kept_name, self._source_name = f"{name}_kept", f"{name}_source"
        self.source: Any = None
        self._function: Any = None
        self.iterator = self._make()

    def _make(self) -> Any:
        import tensorflow as tf

        shapes = [part.shape for part in self._parts]

        def pass_on(index: Any) -> Any:
            (source,) = tf.raw_ops.StagePeek(index=0, dtypes=[tf.resource], shared_name=self._source_name)
            values = tf.raw_ops.IteratorGetNext(iterator=source, output_types=self._types, output_shapes=shapes)
            tf.raw_ops.Stage(values=values, shared_name=self._kept_name)
            return values

        with tf.device("CPU:0"):
            # Converted by AutoGraph it would take several times as long: that reads its source.
            self._function = tf.function(pass_on, autograph=False).get_concrete_function(tf.TensorSpec([], tf.int64))
            # `Dataset.map` would make an error of the end of the source: it promises as many elements as it is given.
            variant = tf.raw_ops.MapDataset(
                input_dataset=tf.data.experimental.to_variant(tf.data.Dataset.counter()),
                other_arguments=[],
                f=self._function,
                output_types=self._types,
                output_shapes=shapes,
                preserve_cardinality=False,
            )
        return iterator_of(tf.data.experimental.from_variant(variant, self.spec), self.spec)

    def read_from(self, source: Any) -> None:
        """Hand on the batches of another iterator of this element type: of each epoch's, as a rule."""
        import tensorflow as tf

        if source is self.source:
            return
        self._forget_source()
        with tf.device("CPU:0"):
            tf.raw_ops.Stage(values=[source._iterator_resource], shared_name=self._source_name)
        self.source = source

    def take(self) -> list[Any]:
        """The batches kept since they were last taken or dropped, in their order; they are kept no longer."""
        import tensorflow as tf

        with tf.device("CPU:0"):
            count = int(tf.raw_ops.StageSize(dtypes=self._types, shared_name=self._kept_name))
            flat = [tf.raw_ops.Unstage(dtypes=self._types, shared_name=self._kept_name) for _ in range(count)]
        return [tf.nest.pack_sequence_as(self.spec, values, expand_composites=True) for values in flat]

    def drop(self) -> None:
        """Keep none of them any longer."""
        _clear(self._kept_name, self._types)

    def rest(self) -> None:
        """Hold the source no longer, before whoever else does: the last one waits for TensorFlow to stop tuning it."""
        self._forget_source()

    def close(self) -> None:
        """Hold nothing any longer, the source neither; `iterator` would wait for one for ever."""
        self.drop()
        self._forget_source()

    def _forget_source(self) -> None:
        import tensorflow as tf

        self.source = None
        _clear(self._source_name, [tf.resource])


def _clear(name: str, types: Sequence[Any]) -> None:
    """Take everything out of the store of this name, now.

    The end of a fit that raised is heard of when its frames are collected, which may be in the middle of a graph's
    making: asked there, TensorFlow would add an operation to that graph, or wait for its lock for ever.
    """
    import tensorflow as tf
    from tensorflow.python.eager import context

    with context.eager_mode(), tf.device("CPU:0"):
        tf.raw_ops.StageClear(dtypes=types, shared_name=name)


def can_pass(source: Any) -> bool:
    """Whether the source is a plain iterator of TensorFlow's over dense tensors."""
    import tensorflow as tf

    if not isinstance(source, tf.data.Iterator) or getattr(source, "_iterator_resource", None) is None:
        return False
    return all(
        isinstance(part, tf.TensorSpec) and part.dtype not in (tf.resource, tf.variant)
        for part in tf.nest.flatten(source.element_spec)
    )

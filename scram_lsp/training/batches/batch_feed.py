"""How each backend's train function gets its batches, and how they are taken and handed on unchanged."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from typing import Any, Protocol

from scram_lsp.training.batches.passing_iterator import PassingIterator, can_pass
from scram_lsp.training.batches.typed_iterators import finite_iterator, queue_and_iterator

log = logging.getLogger(__name__)

Arguments = tuple[Any, ...]
Batches = list[Any]


class KeptBatches(Protocol):
    """The batches that passed to the train function unseen, since they were last taken or dropped."""

    def take(self) -> Batches:
        """All of them in their order; they are kept no longer."""

    def drop(self) -> None:
        """Keep none of them any longer."""


class Feed(Protocol):
    """Takes the batches of one execution out of the train function's arguments and puts them back.

    `take` raises what the user's data raises. `let_pass` is the cheaper way where it is enough to have the batches
    later.
    """

    def take(self, arguments: Arguments, count: int) -> Iterator[Any]:
        """Up to `count` batches, one by one; fewer at the end of the data."""

    def hand_on(self, batches: Batches, arguments: Arguments, count: int) -> Arguments:
        """Arguments that make the original train on `batches`."""

    def end_with(self, batches: Batches, arguments: Arguments) -> Arguments | None:
        """Arguments that have the original find no more after `batches`; None where it does no more than stop there."""

    def let_pass(self, arguments: Arguments) -> tuple[Arguments, KeptBatches] | None:
        """Arguments that make the original train on the batches it would have, and keep them; None where none do."""

    def rest(self) -> None:
        """An epoch is over: hold nothing of what its batches come from."""

    def close(self) -> None:
        """Hold nothing of the data any longer."""


class _WholeFeed:
    """A feed that lets nothing pass unseen: to take a batch costs next to nothing there."""

    def end_with(self, batches: Batches, arguments: Arguments) -> Arguments | None:
        """See `Feed`. The original asks for its batches before it does anything."""
        return None

    def let_pass(self, arguments: Arguments) -> tuple[Arguments, KeptBatches] | None:
        """See `Feed`."""
        return None

    def rest(self) -> None:
        """See `Feed`."""

    def close(self) -> None:
        """See `Feed`."""


class JaxFeed(_WholeFeed):
    """`train_function(state, iterator)`: an iterator over the batches is as good as the original."""

    def take(self, arguments: Arguments, count: int) -> Iterator[Any]:
        """See `Feed`."""
        return itertools.islice(arguments[1], count)

    def hand_on(self, batches: Batches, arguments: Arguments, count: int) -> Arguments:
        """See `Feed`."""
        return arguments[0], iter(batches)


class TorchFeed(_WholeFeed):
    """`train_function(batches)`: they are there already."""

    def take(self, arguments: Arguments, count: int) -> Iterator[Any]:
        """See `Feed`."""
        return iter(arguments[0])

    def hand_on(self, batches: Batches, arguments: Arguments, count: int) -> Arguments:
        """See `Feed`."""
        return arguments


class TensorFlowFeed:
    """`train_function(iterator)`: the batches go through a queue into an iterator of the same type.

    The type is part of what TensorFlow compiles for, so the graph that it has traced runs again; anything else
    (Keras would take a list) costs one more trace, and steps of different shapes several. The iterator is made
    once and used again: filling it takes about 0.1 ms a batch, making it several ms.
    """

    def __init__(self) -> None:
        self._source_spec: Any = None
        self._queue: Any = None
        self._iterator: Any = None
        self._passing: PassingIterator | None = None
        self._may_pass = True

    def take(self, arguments: Arguments, count: int) -> Iterator[Any]:
        """See `Feed`."""
        return itertools.islice(arguments[0], count)

    def hand_on(self, batches: Batches, arguments: Arguments, count: int) -> Arguments:
        """See `Feed`. A distributed iterator is replaced by the list, at the cost of one more trace."""
        import tensorflow as tf

        source = arguments[0]
        if not isinstance(source, tf.data.Iterator):
            return (batches,)
        if len(batches) < count:  # the end of the data: the original asks for one more than there is
            return (finite_iterator(batches, source.element_spec),)
        if self._iterator is None or source.element_spec != self._source_spec:
            self._source_spec = source.element_spec
            self._queue, self._iterator = queue_and_iterator(source.element_spec, count)
        for batch in batches:
            self._queue.enqueue(tf.nest.flatten(batch, expand_composites=True))
        return (self._iterator,)

    def end_with(self, batches: Batches, arguments: Arguments) -> Arguments | None:
        """See `Feed`. A graph does what needs no batch, as to count the step, although there is none."""
        import tensorflow as tf

        source = arguments[0]
        return (finite_iterator(batches, source.element_spec),) if isinstance(source, tf.data.Iterator) else None

    def let_pass(self, arguments: Arguments) -> tuple[Arguments, KeptBatches] | None:
        """See `Feed`."""
        source = arguments[0]
        if self._passing is not None and self._passing.source is source:
            return (self._passing.iterator,), self._passing
        if not self._may_pass or not can_pass(source):
            return None
        if self._passing is None or self._passing.spec != source.element_spec:
            self.close()
            self._passing = self._passing_iterator(source.element_spec)
            if self._passing is None:
                return None
        self._passing.read_from(source)
        return (self._passing.iterator,), self._passing

    def _passing_iterator(self, spec: Any) -> PassingIterator | None:
        """None where this TensorFlow can't make one: batches are then taken, as those of streams are."""
        try:
            return PassingIterator(spec)
        except Exception:
            log.info("batches can't pass unseen, which costs each step a little", exc_info=True)
            self._may_pass = False
            return None

    def rest(self) -> None:
        """See `Feed`."""
        if self._passing is not None:
            self._passing.rest()

    def close(self) -> None:
        """See `Feed`."""
        if self._passing is not None:
            self._passing.close()
            self._passing = None


def feed_for(backend: str) -> Feed | None:
    """The feed of a Keras backend, or None for one that we do not know."""
    feeds: dict[str, type[TensorFlowFeed] | type[JaxFeed] | type[TorchFeed]] = {
        "tensorflow": TensorFlowFeed,
        "jax": JaxFeed,
        "torch": TorchFeed,
    }
    kind = feeds.get(backend)
    return kind() if kind is not None else None

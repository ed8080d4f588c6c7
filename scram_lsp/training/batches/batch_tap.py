"""A look at the batches that a step is about to train on, by a wrap around the model's `train_function`.

Called once for each execution, before it. On an armed execution the batches are taken from the data, looked at,
and handed to the original function in the form it expects, so that nothing is compiled twice and the weights
come out the same to the last bit.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from scram_lsp.training.batches.batch_feed import Batches, Feed, KeptBatches
from scram_lsp.training.keras_flavour import flavour_of
from scram_lsp.training.own_frames import leaving_no_trace

FunctionName = Literal["train_function", "test_function"]

log = logging.getLogger(__name__)

UNSEEN = object()
"""Stands for a batch that passes unseen."""


@dataclass(frozen=True)
class Execution:
    """One call of the train function that is about to be made.

    `batches` are as Keras hands them to `train_step`, one for each step. `state` is JAX's (trainable,
    non-trainable, optimizer and metric variables, lists of arrays), where a model's variables hold no values
    during an epoch; None elsewhere. Where `kept` is given, batches pass unseen: each stands as `UNSEEN`, and can be
    had there after the step. `spec` is what TensorFlow compiles the step for, with None for sizes that may change (as
    the last batch is smaller); elsewhere it is None. `targets` are those of a step of the program's own, in whose batch
    there are none: what it does with them is not known.
    """

    batches: Batches
    state: Any = None
    kept: KeptBatches | None = None
    spec: Any = None
    targets: Any = None

    @property
    def form(self) -> Any:
        """What has the shapes and types that Keras would build the model with."""
        return self.batches[0] if self.spec is None else self.spec


class BatchTap:
    """Wraps `model.train_function` (or `test_function`); after `arm` the next call shows its execution to `look`.

    Outside a fit of ours it is never armed and passes every call through, so a wrap that outlived a fit that
    raised does no harm. What `look` raises is kept in `fault`, and training goes on. What the original raises, the end
    of the data too, is told to `raised`, which must not keep it. Of the last armed call `seconds` is its cost to
    training, `handing_seconds` the part of it that hands the batches on, and `data_seconds` how long they took to come.
    """

    def __init__(
        self,
        model: Any,
        feed: Feed,
        look: Callable[[Execution], None],
        function: FunctionName,
        raised: Callable[[Exception], None] | None,
    ) -> None:
        self._model = model
        self._function = function
        self._original: Callable[..., Any] = getattr(model, function)
        self._feed = feed
        self._count = steps_per_execution(model) if flavour_of(model).is_current else None
        self._look = look
        self._raised = raised
        self._thread = threading.get_ident()
        self._is_armed = False
        self._is_seeing = True
        self.seconds = 0.0
        self.handing_seconds = 0.0
        self.data_seconds: float | None = None
        self.fault: Exception | None = None

    @classmethod
    def install(
        cls,
        model: Any,
        feed: Feed,
        look: Callable[[Execution], None],
        function: FunctionName = "train_function",
        raised: Callable[[Exception], None] | None = None,
    ) -> BatchTap:
        """Wrap the model's function; a wrap that a fit left behind by raising is taken away first."""
        existing = getattr(model, function)
        if isinstance(existing, BatchTap):
            existing._give_back()
        tap = cls(model, feed, look, function, raised)
        setattr(model, function, tap)
        return tap

    def arm(self, *, seeing: bool = True) -> None:
        """Look at the next execution; without `seeing` its batches may pass unseen, where that is cheaper."""
        self._is_armed, self._is_seeing = True, seeing

    def take_data_seconds(self) -> float | None:
        """How long the batches took to come, when the last call was an armed one."""
        seconds, self.data_seconds = self.data_seconds, None
        return seconds

    def remove(self) -> None:
        """Give the model its own function back, unless someone else has replaced it since.

        Another thread than the one that installed it only has it look no more, for the model may be in use there.
        """
        self._is_armed, self._look, self._raised = False, _look_away, None
        if threading.get_ident() == self._thread:
            self._give_back()

    def _give_back(self) -> None:
        if getattr(self._model, self._function) is self:
            setattr(self._model, self._function, self._original)

    def __getattr__(self, name: str) -> Any:
        """A callback of the user's own may ask the function for more than to be called."""
        if "_original" not in vars(self):  # it is being copied
            raise AttributeError(name)
        return getattr(self._original, name)

    @leaving_no_trace
    def __call__(self, *arguments: Any) -> Any:
        """Run the original on the same batches."""
        try:
            return self._run(arguments)
        except Exception as error:
            if self._raised is not None:
                self._raised(error)
            raise

    def _run(self, arguments: tuple[Any, ...]) -> Any:
        if not self._is_armed:
            return self._original(*arguments)
        self._is_armed = False
        count = steps_per_execution(self._model) if self._count is None else self._count
        begin = time.perf_counter()
        passed = None if self._is_seeing else self._let_pass(arguments, count)
        if passed is not None:
            self.data_seconds, self.seconds, self.handing_seconds = None, time.perf_counter() - begin, 0.0
            return self._original(*passed)
        batches: Batches = []
        try:
            for batch in self._feed.take(arguments, count):
                batches.append(batch)
        except Exception:  # the user's data raises, as it would have within the original
            self._end_with(batches, arguments)
            raise
        if not batches:
            return self._end(arguments)
        taken = time.perf_counter()
        replayed = arguments
        try:
            spec = getattr(arguments[0], "element_spec", None)
            self._look(Execution(batches, arguments[0] if len(arguments) > 1 else None, spec=spec))
        except Exception as error:  # ours, not the user's: the recorder ends the watch
            self.fault = error
        looked = time.perf_counter()
        try:
            replayed = self._feed.hand_on(batches, arguments, count)
        except Exception as error:  # the batches are taken: Keras's own way for a list of them must do
            self.fault = error
            replayed = (*arguments[:-1], iter(batches) if len(arguments) > 1 else batches)
        done = time.perf_counter()
        self.data_seconds, self.seconds, self.handing_seconds = taken - begin, done - taken, done - looked
        return self._original(*replayed)

    def _end(self, arguments: tuple[Any, ...]) -> Any:
        """There are no batches left, which the original is to find out by itself."""
        ended = self._ended([], arguments)
        if ended is None:
            raise StopIteration
        return self._original(*ended)

    def _end_with(self, batches: Batches, arguments: tuple[Any, ...]) -> None:
        """The data raises after these batches: have the original do what it would have done all the same."""
        ended = self._ended(batches, arguments)
        if ended is not None:
            with contextlib.suppress(Exception):
                self._original(*ended)

    def _ended(self, batches: Batches, arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
        try:
            return self._feed.end_with(batches, arguments)
        except Exception:
            log.debug("no iterator can be made that ends as the data does", exc_info=True)
            return None

    def _let_pass(self, arguments: tuple[Any, ...], count: int) -> tuple[Any, ...] | None:
        """Arguments that let the batches pass unseen; None where they must be taken."""
        try:
            passed = self._feed.let_pass(arguments)
            if passed is None:
                return None
            self._look(Execution([UNSEEN] * count, kept=passed[1], spec=getattr(arguments[0], "element_spec", None)))
        except Exception as error:  # ours, not the user's: the recorder ends the watch
            self.fault = error
            return arguments
        return passed[0]


def can_be_tapped(model: Any, function: FunctionName) -> bool:
    """Whether the model has this function, made by Keras: that takes one batch for each step.

    One of the user's own may take several, or none, and would wait for ever for more than were taken for it.
    """
    own = getattr(model, function, None)
    if isinstance(own, BatchTap):
        own = own._original
    made = getattr(own, "python_function", own)  # TensorFlow's wrap around it, in Keras 2
    return callable(own) and str(getattr(made, "__module__", "")).startswith(("keras.", "tf_keras."))


def _look_away(_: Execution) -> None:
    """Look at nothing."""


def steps_per_execution(model: Any) -> int:
    """How many steps one call of the train function makes."""
    count: Any = getattr(model, "steps_per_execution", None)
    if count is None:  # Keras 2 holds it in a variable
        count = getattr(model, "_steps_per_execution", None)
    if hasattr(count, "numpy"):
        count = count.numpy()
    return int(count) if count is not None else 1

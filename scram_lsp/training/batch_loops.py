"""Loops over `train_on_batch` that nobody told us of: each call is a step of Keras's own, as one of `fit` is."""

from __future__ import annotations

import atexit
import functools
import inspect
import linecache
import logging
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scram_lsp.training.own_frames import leaving_no_trace
from scram_lsp.training.places.call_points import is_library

if TYPE_CHECKING:
    from scram_lsp.training.batch_loop import BatchLoop
    from scram_lsp.training.callback import ScramCallback

log = logging.getLogger(__name__)

STEPS_ALONE = 10
"""After so many steps in a row of another model the first has been trained, and takes no turns with it."""

_ENVIRONMENTS = ("gym", "gymnasium")
_REWARD = "reward"
"""Who learns from rewards learns from its own answers, as a rule."""


class BatchLoops:
    """Hears of the steps that programs take themselves, and watches the model that is trained so.

    One model at a time. Of models that take turns (a GAN's, an actor and its critic) the first one is watched, and what
    its loss says is let go; so it is for one that is asked for its answers at every step. Nothing here raises, and of
    other threads than the first nothing is heard.
    """

    def __init__(self, new_callback: Callable[[], ScramCallback]) -> None:
        self._new_callback = new_callback
        self._thread = threading.get_ident()
        self._is_off = False
        self._loop: BatchLoop | None = None
        self._left: weakref.WeakSet[Any] = weakref.WeakSet()
        self._other: tuple[weakref.ref[Any], int] | None = None
        self._asked = 0

    def leave(self) -> None:
        """The program speaks for itself from here on, or is watched no longer."""
        self._is_off = True
        self.end()

    def end(self) -> None:
        """Another training begins, or none any more. One of another thread is no matter."""
        if threading.get_ident() != self._thread:
            return
        loop, self._loop = self._loop, None
        if loop is not None:
            atexit.unregister(self._process_ends)
            self._left.add(loop.model)
            loop.end()

    def begin_step(self, model: Any, batch: tuple[Any, Any], goes_on: bool) -> BatchLoop | None:
        """A step of the model on this batch is about to be taken; gives who is to hear of its end.

        `goes_on`: what Keras returns is a mean over all steps since its metrics were reset.
        """
        if not self._is_heard:
            return None
        try:
            loop = self._loop_of(model)
            if loop is not None:
                loop.begin_step(batch, self._asked > 0, goes_on)
            self._asked = 0
        except Exception as error:  # whoever trains must not see it
            self._fail(error)
            return None
        return loop

    def end_step(self, loop: BatchLoop, result: Any) -> None:
        """It was taken, and gave this."""
        try:
            loop.end_step(result)
        except Exception as error:  # whoever trains must not see it
            self._fail(error)

    def fail_step(self, loop: BatchLoop, error: BaseException) -> None:
        """It has raised."""
        if loop is self._loop:
            self._loop = None
            atexit.unregister(self._process_ends)
            self._left.add(loop.model)
            loop.callback.fail_loop(error)

    def begin_evaluation(self, model: Any, given: Mapping[str, Any]) -> BatchLoop | None:
        """The model is about to be evaluated; gives who is to hear of the results."""
        loop = self._loop
        if not self._is_heard or loop is None or loop.model is not model:
            return None
        try:
            loop.begin_evaluation(given)
        except Exception as error:  # whoever evaluates must not see it
            self._fail(error)
            return None
        return loop

    def end_evaluation(self, loop: BatchLoop, result: Any) -> None:
        """It was, with this result."""
        try:
            loop.end_evaluation(result)
        except Exception as error:  # whoever evaluates must not see it
            self._fail(error)

    def hear_question(self) -> None:
        """A model is asked for its answers."""
        self._asked += 1

    @property
    def _is_heard(self) -> bool:
        return not self._is_off and threading.get_ident() == self._thread

    def _loop_of(self, model: Any) -> BatchLoop | None:
        loop = self._loop
        if loop is not None and loop.model is model:
            if self._other is not None:
                loop.take_moving_target()
            return loop
        if model in self._left:
            if loop is not None:
                loop.take_moving_target()
            return None
        if loop is not None:
            if loop.has_moving_target or not self._is_alone_now(model):
                return None
            self.end()
        return self._begun(model)

    def _is_alone_now(self, model: Any) -> bool:
        """Whether another model than that of the loop has taken many steps in a row."""
        count = self._other[1] + 1 if self._other is not None and self._other[0]() is model else 1
        self._other = (weakref.ref(model), count)
        return count > STEPS_ALONE

    def _begun(self, model: Any) -> BatchLoop | None:
        """A new loop; None where Keras will refuse the step, or builds the model in it."""
        if not getattr(model, "compiled", getattr(model, "_is_compiled", False)) or not model.built:
            return None
        from scram_lsp.training.batch_loop import BatchLoop  # few programs that are watched have such a loop

        self._other = None
        model.make_train_function()
        self._loop = loop = BatchLoop(model, self._new_callback())
        if _learns_from_rewards():
            loop.take_moving_target()
        atexit.register(self._process_ends)
        return loop

    def _process_ends(self) -> None:
        """A loop that an error ended has failed; the callback hears of that itself."""
        if getattr(sys, "last_value", None) is None:
            self.end()

    def _fail(self, error: Exception) -> None:
        log.debug("could not watch a loop", exc_info=error)
        self._is_off = True


def hearing_steps(original: Callable[..., Any], loops: BatchLoops) -> Callable[..., Any]:
    """`train_on_batch` that tells of each of its calls."""
    resets = "reset_metrics" in inspect.unwrap(original).__code__.co_names

    @functools.wraps(original)
    @leaving_no_trace
    def train_on_batch(self: Any, *args: Any, **kwargs: Any) -> Any:
        goes_on = not resets or kwargs.get("reset_metrics") is False
        given = dict(zip(("x", "y"), args, strict=False)) | kwargs
        loop = loops.begin_step(self, (given.get("x"), given.get("y")), goes_on)
        if loop is None:
            return original(self, *args, **kwargs)
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            loops.fail_step(loop, error)
            raise
        loops.end_step(loop, result)
        return result

    return train_on_batch


def hearing_results(original: Callable[..., Any], loops: BatchLoops) -> Callable[..., Any]:
    """`evaluate` or `test_on_batch` that tells of each of its calls."""

    @functools.wraps(original)
    @leaving_no_trace
    def evaluate(self: Any, *args: Any, **kwargs: Any) -> Any:
        loop = loops.begin_evaluation(self, dict(zip(("x", "y"), args, strict=False)) | kwargs)
        result = original(self, *args, **kwargs)
        if loop is not None:
            loops.end_evaluation(loop, result)
        return result

    return evaluate


def _learns_from_rewards() -> bool:
    """Whether the program says that it does."""
    if any(name in sys.modules for name in _ENVIRONMENTS):
        return True
    frame = sys._getframe(1)
    while frame is not None and is_library(frame):
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return any(_REWARD in line.lower() for line in linecache.getlines(frame.f_code.co_filename))

"""Loops over a `GradientTape` that nobody told us of: what a tape is asked for the gradients of is the loss.

The loss is read where the program has its value anyway: of a loop that is not compiled it is the tensor itself, of one
in a `tf.function` it is among what that function returns. Nothing is added to a graph, and a loss is read only when the
next one is there, so that no device is waited for.
"""

from __future__ import annotations

import atexit
import functools
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from scram_lsp.training.function_results import FunctionResults, Given, parameters_of, runs_code
from scram_lsp.training.loop_variables import loop_variables
from scram_lsp.training.own_frames import leaving_no_trace
from scram_lsp.training.places.call_points import is_library
from scram_lsp.training.places.creations import Creations
from scram_lsp.training.step_inputs import given_to, inputs_and_targets

if TYPE_CHECKING:
    from scram_lsp.training.callback import ScramCallback

log = logging.getLogger(__name__)

STEPS_BEFORE = 3
"""So many steps make a loop; a tape that is asked for gradients once or twice trains nothing."""

_OF_KERAS = frozenset(("fit", "train_on_batch", "test_on_batch", "evaluate"))
"""Within these another part of ours looks on, or nothing is trained."""

_Place = tuple[CodeType, int]
"""The code that asks a tape for gradients, and at which of its instructions."""


@dataclass(eq=False)
class _Loop:
    """One place that trains one model, known by its `first` variable.

    `inputs` and `targets` are the names that bring those of the model, where they are known; `waiting` are the losses
    not yet told, each with what these were in its step.
    """

    place: _Place
    first: int
    model: Any
    graph: Any = None
    inputs: str | None = None
    targets: str | None = None
    waiting: list[tuple[Any, Any, Any]] = field(default_factory=list)
    callback: ScramCallback | None = None

    @property
    def names(self) -> tuple[str | None, str | None]:
        """See above."""
        return self.inputs, self.targets


class TapeLoops:
    """Hears what tapes are asked for, and watches the loop that trains one model.

    Loops that take turns (a GAN's, an actor's and its critic's) are left alone: such losses say nothing of success.
    Nothing here raises, and of other threads than the first nothing is heard.
    """

    def __init__(self, creations: Creations, new_callback: Callable[[], ScramCallback]) -> None:
        self._creations = creations
        self._new_callback = new_callback
        self._results = FunctionResults()
        self._thread = threading.get_ident()
        self._ignored: set[_Place] = set()
        self._seen: set[tuple[_Place, int]] = set()
        self._loop: _Loop | None = None
        self._is_off = False

    def leave(self) -> None:
        """The program speaks for itself from here on, or is watched no longer."""
        self._is_off = True
        self._results.close()
        self._end()

    def hear(self, target: Any, sources: Any) -> None:
        """A tape was asked for the gradients of `target` by `sources`, by whom `hearing_gradients` was called."""
        if self._is_off or threading.get_ident() != self._thread:
            return
        try:
            self._hear(target, sources, sys._getframe(3))
        except Exception as error:  # whoever trains must not see it
            self._fail(error)

    def _hear(self, target: Any, sources: Any, frame: FrameType) -> None:
        asker = _program_above(frame)
        if asker is None or (place := (asker.f_code, asker.f_lasti)) in self._ignored:
            return
        first = id(sources[0]) if isinstance(sources, list | tuple) and sources else 0
        loop = self._loop
        if loop is None or loop.place != place or loop.first != first:
            model = _trained(sources, self._creations) if _may_train(target, frame) else None
            if model is None:
                self._ignored.add(place)
                return
            brought = _names_bringing(model, asker, is_eager=hasattr(target, "numpy"))
            loop = self._turn_to(_Loop(place, first, model, getattr(target, "graph", None), *brought))
        if loop is not None and hasattr(target, "numpy"):
            self._take(loop, target, *(asker.f_locals.get(name) if name else None for name in loop.names))
        elif loop is not None:
            if not runs_code(frame, asker.f_code):
                loop.inputs = loop.targets = None
            self._results.hear(target, frame, functools.partial(self._hear_result, loop))

    def _turn_to(self, loop: _Loop) -> _Loop | None:
        """Another loop begins; None where one comes back that was left, or shares its step with another."""
        before = self._loop
        shares = before is not None and before.graph is not None and before.graph is loop.graph
        if shares or (loop.place, loop.first) in self._seen:
            self.leave()
            return None
        self._end()
        self._seen.add((loop.place, loop.first))
        self._loop = loop
        return loop

    def _hear_result(self, loop: _Loop, loss: Any, given: Given) -> None:
        """A compiled step has given its loss."""
        if self._is_off or threading.get_ident() != self._thread:
            return
        try:
            if loop is self._loop:
                brought = (given_to(name, loop.place[0], given) if name else None for name in loop.names)
                self._take(loop, loss, *brought)
            else:  # it was left, and goes on beside the other
                self.leave()
        except Exception as error:  # whoever trains must not see it
            self._fail(error)

    def _take(self, loop: _Loop, loss: Any, inputs: Any, targets: Any) -> None:
        loop.waiting.append((loss, inputs, targets))
        if loop.callback is None and len(loop.waiting) <= STEPS_BEFORE:
            return
        if loop.callback is None:
            from scram_lsp.training.run_recorder import OwnLoop  # few programs that are watched have such a loop

            loop.callback = self._new_callback()
            loop.callback.begin_loop(loop.model, OwnLoop(is_overheard=True))
            atexit.register(self._process_ends)
        while len(loop.waiting) > 1:
            _tell(loop.callback, *loop.waiting.pop(0))

    def _process_ends(self) -> None:
        """A loop that an error ended has failed; the callback hears of that itself."""
        if getattr(sys, "last_value", None) is None:
            self._end()

    def _end(self) -> None:
        loop, self._loop = self._loop, None
        if loop is None or loop.callback is None:
            return
        atexit.unregister(self._process_ends)
        for waiting in loop.waiting:
            _tell(loop.callback, *waiting)
        loop.callback.on_train_end()

    def _fail(self, error: Exception) -> None:
        log.debug("could not watch a loop", exc_info=error)
        self._is_off = True


def _tell(callback: ScramCallback, loss: Any, inputs: Any, targets: Any) -> None:
    callback.take_step(loss, (inputs, None) if inputs is not None else None, targets)


def _names_bringing(model: Any, asker: FrameType, *, is_eager: bool) -> tuple[str | None, str | None]:
    """What brings the inputs and targets of a step: the loop around it, unless it is a graph's, or its parameters."""
    within = inputs_and_targets(model, loop_variables(asker), asker.f_locals) if is_eager else (None, None)
    return within if within[0] else inputs_and_targets(model, parameters_of(asker.f_code), asker.f_locals)


def hearing_gradients(original: Callable[..., Any], hear: Callable[[Any, Any], None]) -> Callable[..., Any]:
    """`GradientTape.gradient` that tells what it was asked for."""

    @functools.wraps(original)
    @leaving_no_trace
    def gradient(*args: Any, **kwargs: Any) -> Any:
        gradients = original(*args, **kwargs)
        given = dict(zip(("self", "target", "sources"), args, strict=False)) | kwargs
        hear(given.get("target"), given.get("sources"))
        return gradients

    return gradient


def _program_above(frame: FrameType | None) -> FrameType | None:
    """The first frame of the program's own; in a `tf.function` there are some of AutoGraph's before it."""
    while frame is not None and is_library(frame):
        frame = frame.f_back
    return frame


def _may_train(target: Any, frame: FrameType) -> bool:
    """Whether the program itself, and not Keras for it, asks for the gradients of one number."""
    shape = getattr(target, "shape", None)
    if getattr(shape, "rank", None) != 0 or sys.modules["tensorflow"].distribute.has_strategy():
        return False
    caller: FrameType | None = frame
    while caller is not None:
        if caller.f_code.co_name in _OF_KERAS and is_library(caller):
            return False
        caller = caller.f_back
    return True


def _trained(sources: Any, creations: Creations) -> Any | None:
    """The smallest model that all sources are weights of; None for none, or one whose loss may be scaled."""
    wanted = {id(source) for source in sources} if isinstance(sources, list | tuple) else set()
    if not wanted:
        return None
    holders = [model for model in _models(creations) if wanted <= set(map(id, model.trainable_variables))]
    model = min(holders, key=lambda each: len(each.trainable_variables), default=None)
    if model is None or any(getattr(layer, "compute_dtype", "") == "float16" for layer in model.layers):
        return None
    return model


def _models(creations: Creations) -> Iterable[Any]:
    for name in ("keras", "tf_keras"):
        kind = getattr(sys.modules.get(name), "Model", None)
        if isinstance(kind, type):
            yield from creations.alive(kind)

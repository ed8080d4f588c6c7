"""The few places in Keras that are wrapped while a process is watched, and how they are given back.

No wrap is on the stack while the user's code or Keras's checks run, so tracebacks stay the user's own.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import scram_lsp
from scram_lsp.training.batch_loops import BatchLoops, hearing_results, hearing_steps
from scram_lsp.training.later_questions import ASKING, LaterQuestions
from scram_lsp.training.places.creations import Creations, NotingInit, noting_new
from scram_lsp.training.tape_loops import TapeLoops, hearing_gradients

log = logging.getLogger(__name__)

_OUR_FOLDER = os.path.dirname(os.path.abspath(scram_lsp.__file__))


@dataclass(frozen=True, slots=True)
class Hook:
    """An attribute to wrap: of the class `owner` in `module`, or of the module itself when that is empty."""

    module: str
    owner: str
    attribute: str
    wrap: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """Who is told what goes on beside `fit`: loops of the program's own, and what it asks its models."""

    tapes: TapeLoops
    batches: BatchLoops
    questions: LaterQuestions


class KerasHooks:
    """Wraps each hook as soon as Keras has defined it. `undo` gives everything back."""

    def __init__(self, creations: Creations, new_callback: Callable[[], Any], heard: Heard) -> None:
        hooks = _hooks(creations, functools.partial(_with_ours, new_callback=new_callback, heard=heard))
        self._waiting = [*hooks, _hook_of_tapes(heard.tapes), *_hooks_of_steps(heard.batches)]
        self._undo: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def apply(self) -> None:
        """Wrap what is there by now. Another thread that is at it already is not waited for."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            for hook in self._waiting[:]:
                module = sys.modules.get(hook.module)
                owner = _owner(module, hook) if module is not None else None
                if owner is not None:
                    self._waiting.remove(hook)
                    self._wrap(owner, hook)
        except Exception as error:  # whoever imports must not see it
            log.debug("could not hook into Keras", exc_info=error)
        finally:
            self._lock.release()

    def undo(self) -> None:
        """Give everything back that nobody else has wrapped since, and wrap nothing more."""
        with self._lock:
            self._waiting.clear()
        while self._undo:
            self._undo.pop()()

    def _wrap(self, owner: Any, hook: Hook) -> None:
        original = vars(owner).get(hook.attribute)
        if original is None:
            log.info("this Keras has no %s.%s.%s", hook.module, hook.owner, hook.attribute)
            return
        plain = original.__func__ if isinstance(original, staticmethod) else original
        wrapped = hook.wrap(plain)
        setattr(owner, hook.attribute, wrapped)
        ours = vars(owner)[hook.attribute]

        def undo() -> None:
            if vars(owner).get(hook.attribute) is ours:
                setattr(owner, hook.attribute, original)

        self._undo.append(undo)


def _owner(module: ModuleType, hook: Hook) -> Any:
    """The class or module to wrap, once it is there."""
    if not hook.owner:
        return module if hook.attribute in vars(module) else None
    owner = vars(module).get(hook.owner)
    return owner if isinstance(owner, type) and owner.__module__ == hook.module else None


def _hooks(creations: Creations, callbacks: Callable[[Any], Any]) -> Iterator[Hook]:
    new = functools.partial(noting_new, note=creations.note)
    init = functools.partial(NotingInit, note=creations.note)
    yield Hook("keras.src.ops.operation", "Operation", "__new__", new)
    yield Hook("keras.src.optimizers.base_optimizer", "BaseOptimizer", "__init__", init)
    yield Hook("keras.src.losses.loss", "Loss", "__init__", init)
    yield Hook("keras.src.callbacks.callback_list", "CallbackList", "_add_default_callbacks", callbacks)
    for keras in ("keras", "tf_keras"):  # Keras 2, as it comes with TensorFlow up to 2.15 and by itself
        yield Hook(f"{keras}.src.engine.base_layer", "Layer", "__init__", init)
        yield Hook(f"{keras}.src.optimizers.optimizer", "_BaseOptimizer", "__init__", init)
        yield Hook(f"{keras}.src.losses", "Loss", "__init__", init)
        yield Hook(f"{keras}.src.callbacks", "CallbackList", "_add_default_callbacks", callbacks)
    for keras in ("keras", "tf_keras"):
        yield Hook(f"{keras}.src.utils.traceback_utils", "", "_EXCLUDED_PATHS", lambda paths: (*paths, _OUR_FOLDER))


def _hook_of_tapes(loops: TapeLoops) -> Hook:
    hearing = functools.partial(hearing_gradients, hear=loops.hear)
    return Hook("tensorflow.python.eager.backprop", "GradientTape", "gradient", hearing)


def _hooks_of_steps(loops: BatchLoops) -> Iterator[Hook]:
    trainers = [
        (f"keras.src.backend.{kind.lower()}.trainer", f"{kind}Trainer") for kind in ("TensorFlow", "JAX", "Torch")
    ]
    steps, results = functools.partial(hearing_steps, loops=loops), functools.partial(hearing_results, loops=loops)
    for module, owner in (*trainers, ("keras.src.engine.training", "Model"), ("tf_keras.src.engine.training", "Model")):
        yield Hook(module, owner, "train_on_batch", steps)
        yield Hook(module, owner, "test_on_batch", results)
        yield Hook(module, owner, "evaluate", results)


def _with_ours(original: Callable[..., None], new_callback: Callable[[], Any], heard: Heard) -> Callable[..., None]:
    """Keras adds its default callbacks to those of a `fit`; ours comes before them, unless the user gave one."""

    @functools.wraps(original)
    def add_default_callbacks(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            _add_ours(self, new_callback, heard)
        except Exception as error:  # fit must go on without us
            log.debug("could not watch a fit", exc_info=error)
        original(self, *args, **kwargs)

    return add_default_callbacks


def _add_ours(callbacks: Any, new_callback: Callable[[], Any], heard: Heard) -> None:
    from scram_lsp.training.callback import ScramCallback

    maker = sys._getframe(3)  # below this function, the wrap and CallbackList.__init__
    if maker.f_code.co_name == "predict":
        heard.batches.hear_question()
    if maker.f_code.co_name in ASKING:
        heard.questions.hear(maker)
    if maker.f_code.co_name != "fit":
        return
    heard.batches.end()
    if any(isinstance(each, ScramCallback) for each in callbacks.callbacks):
        return
    callbacks.callbacks.append(new_callback())
    if hasattr(callbacks, "_async_train"):  # Keras has decided already; our hooks need their order
        callbacks._async_train = False

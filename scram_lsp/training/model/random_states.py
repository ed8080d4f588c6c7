"""Random generators that are not Keras variables, kept as they are while a function of ours runs."""

from __future__ import annotations

import contextlib
import random
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scram_lsp.training.model.pass_cost import is_all_of_keras

_SEED = 0x5C2A3

_keeping = threading.RLock()
"""Held while a thread keeps them: one that came in between would keep, and put back, what the first has put in."""

_fed_by_program: weakref.WeakSet[Any] = weakref.WeakSet()
"""Models whose data may draw from Python's or numpy's global generator, in another thread than ours as a rule."""


@dataclass
class Draws:
    """Whether there were any from Python's or numpy's global generator."""

    were_made: bool = False


def note_data_of(model: Any, *, may_draw: bool) -> None:
    """Whether the model's data come from code that may draw at any moment, as a generator of the program's."""
    (_fed_by_program.add if may_draw else _fed_by_program.discard)(model)


@contextlib.contextmanager
def random_states_kept(model: Any) -> Iterator[Draws]:
    """Python's, numpy's and the backend's global generators are afterwards as they were.

    What another thread draws meanwhile would be drawn again. So Python's and numpy's are left alone where none of the
    code that runs within is the program's own, for Keras's draws from neither, and where the data may draw: far more
    of them do than models do.
    """
    import keras

    draws, backend = Draws(), keras.backend.backend()
    if backend != "torch" and is_all_of_keras(model):
        yield draws
        return
    if not _keeping.acquire(blocking=False):  # who waited here could wait for ever: the program's own code runs within
        yield draws
        return
    try:
        with _global_states_kept(model, backend, draws):
            yield draws
    finally:
        _keeping.release()


@contextlib.contextmanager
def _global_states_kept(model: Any, backend: str, draws: Draws) -> Iterator[None]:
    before = _states()
    keep = {"tensorflow": _tensorflow_kept, "torch": _torch_kept}.get(backend, contextlib.nullcontext)
    try:
        with keep():
            yield
    finally:
        draws.were_made = not _are_same(before, _states())
        if draws.were_made and model not in _fed_by_program:
            python, *numpy = before
            random.setstate(python)
            np.random.set_state(tuple(numpy))


def _states() -> tuple[Any, ...]:
    return random.getstate(), *np.random.get_state()


def _are_same(states: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return all(np.array_equal(one, another) for one, another in zip(states[1:], others[1:], strict=True)) and (
        states[0] == others[0]
    )


@contextlib.contextmanager
def _tensorflow_kept() -> Iterator[None]:
    """What seeds random operations run eagerly after `tf.random.set_seed`: within they get other seeds.

    Of the same seeds they would be the same to TensorFlow, and those of the program go on where ours have ended.
    """
    from tensorflow.python.eager import context

    current = context.context()
    seed, generator = getattr(current, "_seed", None), getattr(current, "_rng", None)
    if generator is None:
        yield
        return
    current._seed, current._rng = _SEED, random.Random(_SEED)
    try:
        yield
    finally:
        current._seed, current._rng = seed, generator


@contextlib.contextmanager
def _torch_kept() -> Iterator[None]:
    import torch

    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        yield

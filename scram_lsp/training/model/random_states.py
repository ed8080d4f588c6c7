"""Random generators that are not Keras variables, kept as they are while a function of ours runs."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

_SEED = 0x5C2A3


@dataclass
class Draws:
    """Whether there were any from Python's or numpy's global generator."""

    were_made: bool = False


@contextlib.contextmanager
def random_states_kept() -> Iterator[Draws]:
    """Python's, numpy's and the backend's global generators are afterwards as they were."""
    import keras

    draws, python, legacy = Draws(), random.getstate(), np.random.get_state()
    backend = keras.backend.backend()
    keep = {"tensorflow": _tensorflow_kept, "torch": _torch_kept}.get(backend, contextlib.nullcontext)
    try:
        with keep():
            yield draws
    finally:
        draws.were_made = python != random.getstate() or not _are_same(legacy, np.random.get_state())
        random.setstate(python)
        np.random.set_state(legacy)


def _are_same(state: Any, other: Any) -> bool:
    return all(np.array_equal(one, another) for one, another in zip(state, other, strict=True))


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
